"""The asset checks of the flows: everything lodged is in the stores, nothing lies aside, every client is pulled.

Not here: those that ask the stores (checks.py), those of stock (stock_checks.py).
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import dagster as dg

from npf_pipelines.assets.specs import STORE_ORDERS, STORE_SHIPMENTS
from npf_pipelines.automation.check_results import lake_rows, listed_result
from npf_pipelines.domain.clock import is_future
from npf_pipelines.domain.days import start_of_day
from npf_pipelines.runs.partitions import CLIENTS
from npf_pipelines.runs.services import Services
from npf_pipelines.state.health import Health, read_health

LODGED_FOR = timedelta(hours=1)
"""How long a lodged shipment may take to its store before it counts as missing there."""

_PUSHED = """
SELECT shipment_id FROM tracking_push
WHERE outcome IN ('confirmed', 'already_there', 'differs_in_store', 'refused', 'set_aside', 'withdrawn')
"""
_FIRST_DAY = "SELECT least($start::DATE, (SELECT min(day) FROM shipment_records))"
_ASIDE = """
SELECT client, 'order' AS what, order_number AS number, day, reason FROM filtered_orders WHERE decision = 'set_aside'
UNION ALL
SELECT client, 'shipment', shipment_id, day, reason FROM tracking_push
WHERE outcome IN ('refused', 'set_aside', 'differs_in_store')
UNION ALL
SELECT client, 'order', order_number, day, reason FROM platform_orders WHERE outcome IN ('held', 'refused')
ORDER BY client, what, day, number
"""


def flow_checks(services: Services) -> list[dg.AssetChecksDefinition]:
    """The checks, each over all clients, and over all time: no flow's own window hides what it left out."""

    @dg.asset_check(
        asset=STORE_SHIPMENTS.key,
        name="all_lodged_pushed",
        description="Every shipment ever lodged is in its store, or has a reason why it can't be.",
    )
    def all_lodged_pushed() -> dg.AssetCheckResult:
        return listed_result(_not_pushed(services, datetime.now(UTC)), "missing", dg.AssetCheckSeverity.ERROR)

    @dg.asset_check(
        asset=STORE_ORDERS.key,
        name="set_aside",
        description="No order or shipment awaits manual review; none is held or refused.",
    )
    def set_aside() -> dg.AssetCheckResult:
        return listed_result(lake_rows(services, _ASIDE), "aside", dg.AssetCheckSeverity.WARN)

    @dg.asset_check(
        asset=STORE_ORDERS.key,
        name="staleness",
        description="Every client that isn't paused has a master setup and was pulled within its alerts.no_pull_hours.",
    )
    def staleness(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        registered = context.instance.get_dynamic_partitions(CLIENTS.name or "")
        found = _stale(services, datetime.now(UTC), registered)
        return listed_result(found, "stale", dg.AssetCheckSeverity.ERROR)

    @dg.asset_check(
        asset=STORE_ORDERS.key,
        name="broken_files",
        description="Every file of the tables can be read. The other checks leave out what this one lists.",
    )
    def broken_files() -> dg.AssetCheckResult:
        found = [
            {"client": error.client, "table": error.table, "day": str(error.day or ""), "what": str(error)}
            for error in services.lake.broken_files()
        ]
        return listed_result(found, "broken", dg.AssetCheckSeverity.ERROR)

    return [all_lodged_pushed, set_aside, staleness, broken_files]


def _not_pushed(services: Services, now: datetime) -> list[dict[str, str]]:
    found = []
    for client, setup in sorted(services.setups().clients.items()):
        lake = services.lake.connect(client)
        (first,) = lake.execute(_FIRST_DAY, {"start": setup.orders.start_date}).fetchone() or (None,)
        start = start_of_day(first or setup.orders.start_date, setup.zone)
        lodged = services.platform.lodgements(client, start)
        pushed = {shipment_id for (shipment_id,) in lake.execute(_PUSHED).fetchall()}
        for shipment_id in lodged.keys() - pushed:
            one = lodged[shipment_id]
            if is_future(one.lodged_at, now) or one.lodged_at < now - LODGED_FOR:
                what = {"shipment": shipment_id, "order": one.order_number, "lodged": _when(one.lodged_at, now)}
                found.append({"client": client} | what)
    return sorted(found, key=lambda row: (row["client"], row["lodged"], row["shipment"]))


def _when(lodged_at: datetime, now: datetime) -> str:
    ahead = ", in the future: it is pushed on that day" if is_future(lodged_at, now) else ""
    return f"{lodged_at:%Y-%m-%d %H:%M} UTC{ahead}"


def _stale(services: Services, now: datetime, registered: Collection[str]) -> list[dict[str, str]]:
    healths = read_health(services.engine, "orders")
    found = []
    setups = services.setups().clients
    for client in sorted({*setups, *registered}):
        setup = setups.get(client)
        stands = (healths.get((client, "orders")) or Health(client, "orders")).known_at(now)
        last = stands.last_success_at
        if setup and (setup.paused or (last and now - last <= setup.alerts.pull_limit)):
            continue
        since = f"{last:%Y-%m-%d %H:%M} UTC" if last else "never"
        why = stands.reason or "no run has pulled it" if setup else "it has no valid master setup"
        found.append({"client": client, "last_pulled": since, "why": why})
    return found

"""The asset checks of the flows: everything lodged is in the stores, nothing lies aside, every client is pulled.

Not here: those that ask the stores (checks.py), those of stock (stock_checks.py).
"""

from datetime import UTC, datetime, timedelta

import dagster as dg

from npf_pipelines.assets.specs import STORE_ORDERS, STORE_SHIPMENTS
from npf_pipelines.automation.listing import lake_rows, listed_result
from npf_pipelines.house import House
from npf_pipelines.partitions import LOOK_BACK
from npf_pipelines.platform.health import Health, read_health

LODGED_FOR = timedelta(hours=1)
"""How long a lodged shipment may take to its store before it counts as missing there."""

_PUSHED = """
SELECT client, shipment_id FROM tracking_push
WHERE outcome IN ('confirmed', 'already_there', 'differs_in_store', 'refused', 'set_aside', 'withdrawn')
"""
_ASIDE = """
SELECT client, 'order' AS what, order_number AS number, day, reason FROM filtered_orders WHERE decision = 'set_aside'
UNION ALL
SELECT client, 'shipment', shipment_id, day, reason FROM tracking_push
WHERE outcome IN ('refused', 'set_aside', 'differs_in_store')
ORDER BY client, what, day, number
"""


def flow_checks(house: House) -> list[dg.AssetChecksDefinition]:
    """The three checks, each over all clients."""

    @dg.asset_check(
        asset=STORE_SHIPMENTS.key,
        name="all_lodged_pushed",
        description="Every shipment lodged in the last 30 days is in its store, or told why it can't be.",
    )
    def all_lodged_pushed() -> dg.AssetCheckResult:
        return listed_result(_not_pushed(house, datetime.now(UTC)), "missing", dg.AssetCheckSeverity.ERROR)

    @dg.asset_check(
        asset=STORE_ORDERS.key,
        name="set_aside",
        description="No order and no shipment lies aside for a person.",
    )
    def set_aside() -> dg.AssetCheckResult:
        return listed_result(lake_rows(house, _ASIDE), "aside", dg.AssetCheckSeverity.WARN)

    @dg.asset_check(
        asset=STORE_ORDERS.key,
        name="staleness",
        description="Every client that isn't paused was pulled within its alerts.no_pull_hours.",
    )
    def staleness() -> dg.AssetCheckResult:
        return listed_result(_stale(house, datetime.now(UTC)), "stale", dg.AssetCheckSeverity.ERROR)

    return [all_lodged_pushed, set_aside, staleness]


def _not_pushed(house: House, now: datetime) -> list[dict[str, str]]:
    found = []
    pushed = {(row["client"], row["shipment_id"]) for row in lake_rows(house, _PUSHED)}
    for client in sorted(house.setups().clients):
        for one in house.platform.lodged_between(client, now - LOOK_BACK, now - LODGED_FOR):
            if (client, one.shipment_id) not in pushed:
                lodged = f"{one.lodged_at:%Y-%m-%d %H:%M} UTC"
                found.append(
                    {"client": client, "shipment": one.shipment_id, "order": one.order_number, "lodged": lodged}
                )
    return found


def _stale(house: House, now: datetime) -> list[dict[str, str]]:
    healths = read_health(house.engine, "orders")
    found = []
    for client, setup in sorted(house.setups().clients.items()):
        stands = healths.get((client, "orders")) or Health(client, "orders")
        if setup.paused or (stands.last_success_at and now - stands.last_success_at <= setup.alerts.pull_limit):
            continue
        since = f"{stands.last_success_at:%Y-%m-%d %H:%M} UTC" if stands.last_success_at else "never"
        found.append({"client": client, "last_pulled": since, "why": stands.reason or "no run has pulled it"})
    return found

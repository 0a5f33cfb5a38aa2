"""The asset checks of orders and shipments, each over all clients and all time.

They cover all time because a run's own range of days hides the days that the run has left out.
Not here: the checks that ask the stores (checks.py), the checks of stock (stock_checks.py).
"""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

import dagster as dg

from npf_pipelines.assets.specs import STORE_ORDERS, STORE_SHIPMENTS
from npf_pipelines.automation.check_results import lake_rows, listed_result
from npf_pipelines.domain.clock import is_future
from npf_pipelines.domain.days import start_of_day
from npf_pipelines.domain.health import Health
from npf_pipelines.domain.outcome import Outcome, sql_list
from npf_pipelines.domain.outcomes import SELF_RELEASING, SETTLED, Decision, OrderOutcome, PushOutcome, StatusOutcome
from npf_pipelines.lake.tables import RAW_ORDERS
from npf_pipelines.rules.flow_health import known_at
from npf_pipelines.rules.quiet_hours import may_wait
from npf_pipelines.runs.client_mode import in_trial
from npf_pipelines.runs.own_numbers import own_numbers
from npf_pipelines.runs.paused import why_paused
from npf_pipelines.runs.services import Services
from npf_pipelines.state.health import read_health
from npf_pipelines.state.pauses import read_pauses

LODGED_FOR = timedelta(hours=1)
"""How long a lodged shipment may take to its store before it counts as missing there."""


def _for_a_person(outcomes: Iterable[Outcome]) -> str:
    return sql_list(outcome for outcome in outcomes if outcome.needs_person)


PUSHED = f"""
SELECT shipment_id FROM tracking_push
WHERE outcome IN {sql_list(outcome for outcome in PushOutcome if not (outcome.waits or outcome.is_planned))}
"""  # noqa: S608 - made of constants
PLANNED = f"""
SELECT shipment_id FROM tracking_push WHERE outcome IN {sql_list(o for o in PushOutcome if o.is_planned)}
"""  # noqa: S608 - made of constants
_FIRST_DAY = "SELECT least($start::DATE, (SELECT min(day) FROM shipment_records))"
ASIDE = f"""
SELECT client, 'order' AS what, order_number AS number, day, reason FROM filtered_orders
WHERE decision IN {_for_a_person(Decision)} AND rule NOT IN {sql_list(SELF_RELEASING)}
UNION ALL
SELECT client, 'shipment', shipment_id, day, reason FROM tracking_push WHERE outcome IN {_for_a_person(PushOutcome)}
UNION ALL
SELECT client, 'order status', order_number, day, status_reason FROM tracking_push
WHERE status_outcome IN {_for_a_person(StatusOutcome)} AND outcome IN {sql_list(SETTLED)}
UNION ALL
SELECT client, 'order', order_number, day, reason FROM platform_orders
WHERE outcome IN {_for_a_person(outcome for outcome in OrderOutcome if outcome is not OrderOutcome.DIFFERS)}
ORDER BY client, what, day, number
"""  # noqa: S608 - made of constants
"""An order that differs has a check of its own."""
_SUMS = "SELECT client, order_number, day, sums FROM filtered_orders WHERE sums IS NOT NULL ORDER BY ALL"


@dg.asset_check(
    asset=STORE_SHIPMENTS.key,
    name="all_lodged_pushed",
    description="Every shipment ever lodged is in its store, planned in trial or quiet hours, or has a reason why it "
    "can't be.",
)
def all_lodged_pushed(services: dg.ResourceParam[Services]) -> dg.AssetCheckResult:
    """Compare the platform's lodged shipments with the rows of tracking_push."""
    return listed_result(_not_pushed(services, datetime.now(UTC)), "missing", dg.AssetCheckSeverity.ERROR)


@dg.asset_check(
    asset=STORE_ORDERS.key,
    name="set_aside",
    description="No order or shipment awaits manual review; none is held or refused.",
)
def set_aside(services: dg.ResourceParam[Services]) -> dg.AssetCheckResult:
    """List the rows that need a person."""
    return listed_result(lake_rows(services, ASIDE), "aside", dg.AssetCheckSeverity.WARN)


@dg.asset_check(
    asset=STORE_ORDERS.key,
    name="sums_add_up",
    description="The sums of every order that comes to the warehouse add up to a cent, by the store's own figures.",
)
def sums_add_up(services: dg.ResourceParam[Services]) -> dg.AssetCheckResult:
    """List the orders whose sums don't: they are imported as the store has them."""
    return listed_result(lake_rows(services, _SUMS), "sums", dg.AssetCheckSeverity.WARN)


@dg.asset_check(
    asset=STORE_ORDERS.key,
    name="staleness",
    description="Every client that isn't paused has a master setup and was pulled within its alerts.no_pull_hours.",
)
def staleness(context: dg.AssetCheckExecutionContext, services: dg.ResourceParam[Services]) -> dg.AssetCheckResult:
    """Compare the last successful pull of each client with its limit."""
    registered = services.cell.registered(context.instance)
    found = _stale(services, datetime.now(UTC), registered)
    return listed_result(found, "stale", dg.AssetCheckSeverity.ERROR)


@dg.asset_check(
    asset=STORE_ORDERS.key,
    name="broken_files",
    description="Every file of the tables can be read. The other checks skip the files that this check lists.",
)
def broken_files(services: dg.ResourceParam[Services]) -> dg.AssetCheckResult:
    """Open every file."""
    found = [
        {"client": error.client, "table": error.table, "day": error.when, "what": str(error)}
        for error in services.lake.broken_files()
    ]
    return listed_result(found, "broken", dg.AssetCheckSeverity.ERROR)


def _not_pushed(services: Services, now: datetime) -> list[dict[str, str]]:
    found = []
    for client, setup in sorted(services.setups().clients.items()):
        lake = services.lake.connect(client)
        (first,) = lake.execute(_FIRST_DAY, {"start": setup.orders.start_date}).fetchone() or (None,)
        start = start_of_day(first or setup.orders.start_date, setup.zone)
        lodged = services.platform.lodgements(client, start, own=own_numbers(services, setup))
        may_be_planned = in_trial(setup, services) or may_wait(now, setup.store.quiet_hours, setup.zone)
        done = f"{PUSHED} UNION {PLANNED}" if may_be_planned else PUSHED
        pushed = {shipment_id for (shipment_id,) in lake.execute(done).rows}
        for shipment_id in lodged.keys() - pushed:
            shipment = lodged[shipment_id]
            if is_future(shipment.lodged_at, now) or shipment.lodged_at < now - LODGED_FOR:
                when = _when(shipment.lodged_at, now)
                row = {"client": client, "shipment": shipment_id, "order": shipment.order_number, "lodged": when}
                found.append(row)
    return sorted(found, key=lambda row: (row["client"], row["lodged"], row["shipment"]))


def _when(lodged_at: datetime, now: datetime) -> str:
    ahead = ", in the future: it is pushed on that day" if is_future(lodged_at, now) else ""
    return f"{lodged_at:%Y-%m-%d %H:%M} UTC{ahead}"


def _stale(services: Services, now: datetime, registered: Collection[str]) -> list[dict[str, str]]:
    healths = read_health(services.state, "orders")
    found = []
    setups, pauses = services.setups().clients, read_pauses(services.state)
    for client in sorted({*setups, *registered}):
        setup = setups.get(client)
        health = known_at(healths.get((client, "orders")) or Health(client, "orders"), now)
        last = health.last_success_at
        if setup and (why_paused(setup, pauses) or (last and now - last <= setup.alerts.pull_limit)):
            continue
        since = f"{last:%Y-%m-%d %H:%M} UTC" if last else _days_pulled(services, client)
        why = health.reason or "no run has pulled its today" if setup else "it has no valid master setup"
        found.append({"client": client, "last_pulled": since, "why": why})
    return found


def _days_pulled(services: Services, client: str) -> str:
    """The pulled days of a client whose today was never pulled."""
    days = services.lake.days(RAW_ORDERS, client=client)
    return f"past days only, the last one {days[-1]}" if days else "never"


FLOW_CHECKS = [all_lodged_pushed, set_aside, sums_add_up, staleness, broken_files]

"""The asset checks that ask the stores, and the list of all checks. Each result lists what is wrong.

All checks belong to the external assets, which are never materialized: the UI runs an asset's checks along with the
asset, even for one partition, and drops their result as soon as any partition of the asset is materialized.
Not here: the checks of the flows (flow_checks.py), of stock (stock_checks.py) and of each store as a whole
(store_checks.py), corrections (the assets, run again).
"""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import dagster as dg

from npf_pipelines.assets.specs import NPF_PLATFORM, STORE_ORDERS
from npf_pipelines.assets.store_facts import readable_statuses
from npf_pipelines.automation.check_results import lake_rows, listed_result, logged_reason
from npf_pipelines.automation.flow_checks import FLOW_CHECKS
from npf_pipelines.automation.stock_checks import STOCK_CHECKS
from npf_pipelines.automation.store_checks import store_fits
from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.clock import TOLERANCE
from npf_pipelines.domain.days import day_of, start_of_day
from npf_pipelines.domain.order_statuses import status_letter
from npf_pipelines.domain.outcomes import OrderOutcome
from npf_pipelines.domain.store_orders import OrderStub, UnreadableOrder
from npf_pipelines.rules.audit import Gap, gaps
from npf_pipelines.rules.client_mode import mode_misfit
from npf_pipelines.rules.setup_check import misfits
from npf_pipelines.runs.client_mode import in_trial, was_live
from npf_pipelines.runs.isolation import run_isolated
from npf_pipelines.runs.partitions import LOOK_BACK
from npf_pipelines.runs.paused import why_paused
from npf_pipelines.runs.services import Services
from npf_pipelines.state.pauses import read_pauses

_LOG = logging.getLogger(__name__)
_STORES_AT_ONCE = 100
_PULLED_UNTIL = """
SELECT greatest(
  (SELECT max(pulled_at) FROM raw_orders WHERE client = $client AND pulled_at <= $latest),
  (SELECT max(changes_read_until) FROM store_facts WHERE client = $client AND changes_read_until <= $latest)
)
"""
_LEFT = "SELECT order_id FROM platform_orders WHERE client = $1 AND list_contains($2, outcome)"


@dg.asset_check(
    asset=STORE_ORDERS.key,
    name="gap_audit",
    description="Every order of the last 30 days, and every older one in an imported status, has a decision, "
    "and every accepted one is on the platform, held, or planned in trial.",
)
def gap_audit(services: dg.ResourceParam[Services]) -> dg.AssetCheckResult:
    """Compare the lists of all stores with the tables and the platform."""
    gaps_found, unread = asyncio.run(_audit(services))
    found = [{"client": gap.client, "order": gap.order, "what": gap.what} for gap in gaps_found]
    return listed_result(found, "missing", dg.AssetCheckSeverity.ERROR, unread)


@dg.asset_check(
    asset=NPF_PLATFORM.key,
    name="order_exceptions",
    description="No order differs between store and platform in a way that the platform can't follow by itself.",
)
def order_exceptions(services: dg.ResourceParam[Services]) -> dg.AssetCheckResult:
    """List the rows of the view order_exceptions."""
    records = lake_rows(services, "FROM order_exceptions ORDER BY since, client, order_number")
    return listed_result(records, "exceptions", dg.AssetCheckSeverity.WARN)


@dg.asset_check(
    asset=STORE_ORDERS.key,
    name="setups_fit",
    description="Every master setup fits its client's store, and names no status that gives stock back.",
)
def setups_fit(services: dg.ResourceParam[Services]) -> dg.AssetCheckResult:
    """Compare each master setup with its store's statuses."""
    # Nothing runs for a client whose setup can't be read; a setup that doesn't fit still runs as it says.
    severity = dg.AssetCheckSeverity.ERROR if services.setups().errors else dg.AssetCheckSeverity.WARN
    return listed_result(asyncio.run(_misfits(services)), "misfits", severity)


async def _misfits(services: Services) -> list[dict[str, str]]:
    setups = services.setups()

    async def check(client: str) -> list[str]:
        setup = setups.clients[client]
        async with services.store(setup) as store:
            statuses, were_read = await readable_statuses(store)
            found = misfits(setup, statuses, were_read=were_read) + [str(row) for row in store.unreadable]
        is_asked = setup.mode != "live"
        mode = mode_misfit(setup.mode, was_live=is_asked and await asyncio.to_thread(was_live, setup, services))
        return [*([mode] if mode else []), *found]

    outcomes = await run_isolated(setups.clients, check, at_once=_STORES_AT_ONCE)
    found = [{"client": "", "what": error} for error in setups.errors]
    for client, outcome in outcomes.items():
        sentences = [logged_reason(_LOG, client, outcome)] if isinstance(outcome, Exception) else outcome
        found += [{"client": client, "what": sentence} for sentence in sentences]
    return sorted(found, key=lambda record: (record["client"], record["what"]))


async def _audit(services: Services) -> tuple[list[Gap], dict[str, str]]:
    """The gaps, and the clients whose store could not be asked, with the reason."""
    now = datetime.now(UTC)
    setups, pauses = services.setups().clients, read_pauses(services.state)
    lake = services.lake.connect()

    async def audit(client: str) -> list[Gap]:
        setup = setups[client]
        (until,) = lake.execute(_PULLED_UNTIL, {"client": client, "latest": now + TOLERANCE}).fetchone() or (None,)
        due_until = _due_until(setup, now, until, is_paused=bool(why_paused(setup, pauses)))
        stubs = await _listed(services, setup, now, due_until)
        query = "SELECT order_id, arg_max(decision, decided_at) FROM filtered_orders WHERE client = $1 GROUP BY ALL"
        decisions = dict(lake.execute(query, [client]).fetchall())
        ids = [stub.order_id for stub in stubs if stub.order_id]
        is_planned = await asyncio.to_thread(in_trial, setup, services)
        may_be = [OrderOutcome.HELD, *([OrderOutcome.PLANNED] if is_planned else [])]
        left = {order_id for (order_id,) in lake.execute(_LEFT, [client, may_be]).fetchall()}
        return gaps(client, ids, decisions, services.platform.states_of(client, ids), left) + [
            Gap(client, "", f"in the store's list of orders, without a readable number: {stub.reason}")
            for stub in stubs
            if isinstance(stub, UnreadableOrder) and stub.order_id is None
        ]

    found: list[Gap] = []
    unread: dict[str, str] = {}
    for client, outcome in (await run_isolated(setups, audit, at_once=_STORES_AT_ONCE)).items():
        if isinstance(outcome, Exception):
            unread[client] = logged_reason(_LOG, client, outcome)
        else:
            found += outcome
    return sorted(found, key=lambda gap: (gap.client, gap.order)), unread


async def _listed(
    services: Services, setup: MasterSetup, now: datetime, until: datetime
) -> list[OrderStub | UnreadableOrder]:
    """The orders that should have a decision: the orders of the last 30 days, and older ones in an imported status.

    The nightly run pulls only the last 30 days again; an older order that it can't find must show here.
    """
    started = start_of_day(setup.orders.start_date, setup.zone)
    weeks = max(started, start_of_day(day_of(now - LOOK_BACK, setup.zone), setup.zone))
    async with services.store(setup) as store:
        stubs = [stub async for stub in store.order_stubs(weeks, until)]
        if started < weeks:
            statuses, _ = await readable_statuses(store)
            letters = {status_letter(name, statuses) for name in setup.orders.statuses}
            before = weeks - timedelta(seconds=1)
            stubs += [stub async for stub in store.order_stubs(started, before, statuses=letters)]
    return stubs


def _due_until(setup: MasterSetup, now: datetime, pulled_until: datetime | None, *, is_paused: bool) -> datetime:
    """The moment up to which orders should have been pulled: the last pull, or the client's limit if that is later."""
    if pulled_until is None:
        return now
    return pulled_until if is_paused else max(pulled_until, now - setup.alerts.pull_limit)


CHECKS = [gap_audit, order_exceptions, setups_fit, store_fits, *FLOW_CHECKS, *STOCK_CHECKS]

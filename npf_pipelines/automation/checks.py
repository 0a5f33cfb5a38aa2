"""The asset checks: what must be true of the tables, asked anew, with the list of what isn't.

They all belong to the assets outside, which nobody materializes: the UI runs an asset's checks along with it, for
however few partitions, and forgets what they found as soon as any partition of it is made again.
Not here: those of the flows (flow_checks.py) and of stock (stock_checks.py), and what would put it right (the assets
do, run again).
"""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import dagster as dg

from npf_pipelines.assets.specs import NPF_PLATFORM, STORE_ORDERS
from npf_pipelines.assets.store_facts import readable_statuses
from npf_pipelines.automation.check_results import lake_rows
from npf_pipelines.automation.flow_checks import flow_checks
from npf_pipelines.automation.stock_checks import stock_checks
from npf_pipelines.config.master_setup import MasterSetup, SetupError
from npf_pipelines.cscart.errors import StoreError
from npf_pipelines.domain.clock import TOLERANCE
from npf_pipelines.domain.days import day_of, start_of_day
from npf_pipelines.domain.order_statuses import UnknownStatus, status_letter
from npf_pipelines.domain.store_orders import OrderStub, UnreadableOrder
from npf_pipelines.rules.audit import Gap, gaps
from npf_pipelines.rules.setup_check import misfits
from npf_pipelines.runs.isolation import run_isolated
from npf_pipelines.runs.machine_failures import machine_failure
from npf_pipelines.runs.metadata import records_value
from npf_pipelines.runs.partitions import LOOK_BACK
from npf_pipelines.runs.services import Services

_LOG = logging.getLogger(__name__)
_AT_ONCE = 100
"""Stores asked at the same time."""
_PULLED_UNTIL = """
SELECT greatest(
  (SELECT max(pulled_at) FROM raw_orders WHERE client = $client AND pulled_at <= $latest),
  (SELECT max(changes_read_until) FROM store_facts WHERE client = $client AND changes_read_until <= $latest)
)
"""
_HELD = "SELECT order_id FROM platform_orders WHERE client = $1 AND outcome = 'held'"


def all_checks(services: Services) -> list[dg.AssetChecksDefinition]:
    """The checks of all families."""

    @dg.asset_check(
        asset=STORE_ORDERS.key,
        name="gap_audit",
        description="Every order of the last 30 days, and every older one in an imported status, has a decision, "
        "and every accepted one is on the platform or held.",
    )
    def gap_audit() -> dg.AssetCheckResult:
        found, unread = asyncio.run(_audit(services))
        return dg.AssetCheckResult(
            passed=not found and not unread,
            metadata={
                "missing": records_value(
                    [{"client": gap.client, "order": gap.order, "what": gap.what} for gap in found]
                ),
                "not_audited": records_value([{"client": client, "why": why} for client, why in unread.items()]),
            },
        )

    @dg.asset_check(
        asset=NPF_PLATFORM.key,
        name="order_exceptions",
        description="No order differs between store and platform that the platform can't follow by itself any more.",
    )
    def order_exceptions() -> dg.AssetCheckResult:
        records = lake_rows(services, "FROM order_exceptions ORDER BY since, client, order_number")
        return dg.AssetCheckResult(
            passed=not records,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"exceptions": records_value(records)},
        )

    @dg.asset_check(
        asset=STORE_ORDERS.key,
        name="setups_fit",
        description="Every master setup fits its client's store, and names no status that gives stock back.",
    )
    def setups_fit() -> dg.AssetCheckResult:
        records = asyncio.run(_misfits(services))
        return dg.AssetCheckResult(
            passed=not records, severity=dg.AssetCheckSeverity.WARN, metadata={"misfits": records_value(records)}
        )

    return [gap_audit, order_exceptions, setups_fit, *flow_checks(services), *stock_checks(services)]


async def _misfits(services: Services) -> list[dict[str, str]]:
    setups = services.setups()

    async def check(client: str) -> list[str]:
        setup = setups.clients[client]
        async with services.store(setup) as store:
            statuses, were_read = await readable_statuses(store)
            return misfits(setup, statuses, were_read=were_read) + [str(row) for row in store.unreadable]

    outcomes = await run_isolated(setups.clients, check, at_once=_AT_ONCE)
    found = [{"client": "", "what": error} for error in setups.errors]
    for client, outcome in outcomes.items():
        sentences = [_why_unasked(client, outcome)] if isinstance(outcome, Exception) else outcome
        found += [{"client": client, "what": sentence} for sentence in sentences]
    return sorted(found, key=lambda record: (record["client"], record["what"]))


def _why_unasked(client: str, failure: Exception) -> str:
    if isinstance(failure, StoreError | SetupError | UnknownStatus):
        return str(failure)
    if said := machine_failure(failure):
        return said
    _LOG.error("%s: the check broke", client, exc_info=failure)
    return f"{type(failure).__name__}, a fault of the program: see the log"


async def _audit(services: Services) -> tuple[list[Gap], dict[str, str]]:
    """What is missing, and the clients whose store couldn't be asked."""
    now = datetime.now(UTC)
    setups = services.setups().clients
    lake = services.lake.connect()

    async def audit(client: str) -> list[Gap]:
        setup = setups[client]
        (until,) = lake.execute(_PULLED_UNTIL, {"client": client, "latest": now + TOLERANCE}).fetchone() or (None,)
        stubs = await _listed(services, setup, now, _due_until(setup, now, until))
        query = "SELECT order_id, arg_max(decision, decided_at) FROM filtered_orders WHERE client = $1 GROUP BY ALL"
        decisions = dict(lake.execute(query, [client]).fetchall())
        ids = [stub.order_id for stub in stubs if stub.order_id]
        held = {order_id for (order_id,) in lake.execute(_HELD, [client]).fetchall()}
        return gaps(client, ids, decisions, services.platform.states_of(client, ids), held) + [
            Gap(client, "", f"in the store's list of orders, without a readable number: {stub.reason}")
            for stub in stubs
            if isinstance(stub, UnreadableOrder) and stub.order_id is None
        ]

    found: list[Gap] = []
    unread: dict[str, str] = {}
    for client, outcome in (await run_isolated(setups, audit, at_once=_AT_ONCE)).items():
        if isinstance(outcome, Exception):
            unread[client] = _why_unasked(client, outcome)
        else:
            found += outcome
    return sorted(found, key=lambda gap: (gap.client, gap.order)), unread


async def _listed(
    services: Services, setup: MasterSetup, now: datetime, until: datetime
) -> list[OrderStub | UnreadableOrder]:
    """The orders that should have a decision: those of the last weeks, and older ones that wait for the warehouse.

    The night goes back over the last weeks only: what it leaves out is looked for further back.
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


def _due_until(setup: MasterSetup, now: datetime, pulled_until: datetime | None) -> datetime:
    """Up to when placed orders should have been pulled: the last pull, or the client's limit where that is later."""
    if pulled_until is None:
        return now
    return pulled_until if setup.paused else max(pulled_until, now - setup.alerts.pull_limit)

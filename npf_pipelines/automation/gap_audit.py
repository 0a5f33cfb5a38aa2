"""The asset check that finds orders missing from the tables or the platform: it compares the list of every store.

The work for a client reads its own files alone, so that a client costs the same among twenty and among two hundred.
Not here: what counts as a gap (rules/audit.py), the other checks (checks.py).
"""

import asyncio
import contextlib
import logging
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from time import monotonic

import dagster as dg

from npf_pipelines.assets.specs import STORE_ORDERS
from npf_pipelines.assets.store_facts import readable_statuses
from npf_pipelines.automation.check_results import listed_result, logged_reason
from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.clock import TOLERANCE
from npf_pipelines.domain.days import day_of, start_of_day
from npf_pipelines.domain.order_statuses import status_letter
from npf_pipelines.domain.outcomes import OrderOutcome
from npf_pipelines.domain.store_orders import OrderStub, UnreadableOrder
from npf_pipelines.errors import NpfError
from npf_pipelines.rules.audit import Gap, gaps
from npf_pipelines.rules.turns import going_on_from
from npf_pipelines.runs.client_mode import in_trial
from npf_pipelines.runs.isolation import run_isolated
from npf_pipelines.runs.own_numbers import own_numbers
from npf_pipelines.runs.partitions import LOOK_BACK
from npf_pipelines.runs.paused import why_paused
from npf_pipelines.runs.services import Services
from npf_pipelines.state.pauses import Pauses, read_pauses

_LOG = logging.getLogger(__name__)
_STORES_AT_ONCE = 100
_TIME = timedelta(minutes=45)
"""How long the check asks further stores. The clients that it doesn't reach are the first of the next evaluation."""
_PULLED_UNTIL = """
SELECT greatest(
  (SELECT max(pulled_at) FROM raw_orders WHERE pulled_at <= $latest),
  (SELECT max(changes_read_until) FROM store_facts WHERE changes_read_until <= $latest)
)
"""
_DECISIONS = "SELECT order_id, arg_max(decision, decided_at) FROM filtered_orders GROUP BY ALL"
_LEFT = "SELECT order_id FROM platform_orders WHERE list_contains($1, outcome)"


class _NotReached(NpfError):
    """The client's turn has not come."""


@dg.asset_check(
    asset=STORE_ORDERS.key,
    name="gap_audit",
    description="Every order of the last 30 days, and every older one in an imported status, has a decision, "
    "and every accepted one is on the platform, held, or planned in trial.",
)
def gap_audit(services: dg.ResourceParam[Services]) -> dg.AssetCheckResult:
    """Compare the lists of all stores with the tables and the platform."""
    gaps_found, unread = asyncio.run(find_gaps(services))
    found = [{"client": gap.client, "order": gap.order, "what": gap.what} for gap in gaps_found]
    return listed_result(found, "missing", dg.AssetCheckSeverity.ERROR, unread)


async def find_gaps(services: Services) -> tuple[list[Gap], dict[str, str]]:
    """The gaps, and the clients whose store could not be asked, with the reason."""
    audit = _Audit(services, datetime.now(UTC))
    began_with = ""
    with contextlib.suppress(OSError):  # Each client is found unreadable, with the reason.
        began_with = services.lake.next_audited()
    clients = going_on_from(sorted(audit.setups), began_with)
    outcomes = await run_isolated(clients, audit.of, at_once=_STORES_AT_ONCE)
    found: list[Gap] = []
    unread: dict[str, str] = {}
    for client, outcome in outcomes.items():
        if isinstance(outcome, Exception):
            unread[client] = logged_reason(_LOG, client, outcome)
        else:
            found += outcome
    not_reached = next((client for client in clients if isinstance(outcomes[client], _NotReached)), "")
    if not_reached != began_with:
        services.lake.keep_next_audited(not_reached)
    return sorted(found, key=lambda gap: (gap.client, gap.order)), unread


class _Audit:
    """The audit of the clients, each by itself."""

    def __init__(self, services: Services, now: datetime) -> None:
        self._services, self._now = services, now
        self.setups, self._pauses = services.setups().clients, read_pauses(services.state)
        # `run_isolated` counts no client that waits for its store, and those are asked all the same.
        self._places = asyncio.Semaphore(_STORES_AT_ONCE)
        self._until = monotonic() + _TIME.total_seconds()

    async def of(self, client: str) -> list[Gap]:
        """The client's gaps.

        Raises:
            StoreError: its store can't be asked.
            _NotReached: the time was over before its turn.
        """
        async with self._places:
            if monotonic() > self._until:
                minutes = _TIME.total_seconds() / 60
                raise _NotReached(f"not reached within {minutes:.0f} minutes: the next audit begins with it")
            setup = self.setups[client]
            due_until = await asyncio.to_thread(_due_until, self._services, setup, self._now, self._pauses)
            stubs = await _listed(self._services, setup, self._now, due_until)
            return await asyncio.to_thread(_gaps, self._services, setup, stubs)


def _gaps(services: Services, setup: MasterSetup, stubs: Collection[OrderStub | UnreadableOrder]) -> list[Gap]:
    client, ids = setup.id, [stub.order_id for stub in stubs if stub.order_id]
    may_be = [OrderOutcome.HELD, *([OrderOutcome.PLANNED] if in_trial(setup, services) else [])]
    with services.lake.connect(client) as lake:
        decisions = dict(lake.execute(_DECISIONS).rows)
        left = {order_id for (order_id,) in lake.execute(_LEFT, [may_be]).rows}
    on_platform = services.platform.states_of(client, ids, own_numbers(services, setup))
    return gaps(client, ids, decisions, on_platform, left) + [
        Gap(client, "", f"in the store's list of orders, without a readable number: {stub.reason}")
        for stub in stubs
        if isinstance(stub, UnreadableOrder) and stub.order_id is None
    ]


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


def _due_until(services: Services, setup: MasterSetup, now: datetime, pauses: Pauses) -> datetime:
    """The moment up to which orders should have been pulled: the last pull, or the client's limit if that is later."""
    with services.lake.connect(setup.id) as lake:
        (found,) = lake.execute(_PULLED_UNTIL, {"latest": now + TOLERANCE}).fetchone() or (None,)
    if found is None:
        return now
    pulled_until: datetime = found
    return pulled_until if why_paused(setup, pauses) else max(pulled_until, now - setup.alerts.pull_limit)

"""The clients for which a sweep or a sensor may request a run, and the requests: one run for the clients of a shard.

A client already covered by a queued or running run is not requested again.
Not here: which clients are due (sweeps.py), where something has changed (new_orders.py, platform_changes.py).
"""

import functools
import hashlib
import json
import textwrap
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from npf_pipelines.automation.flows import ORDERS, REPORTS, SHIPMENTS, Flow
from npf_pipelines.automation.jobs import ENDED_AFTER_HOURS
from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.config.setup_fingerprint import matches
from npf_pipelines.domain.clock import is_future
from npf_pipelines.domain.days import day_of
from npf_pipelines.domain.failure_kind import FailureKind
from npf_pipelines.domain.health import Health
from npf_pipelines.rules.flow_health import is_waiting, known_at
from npf_pipelines.rules.shards import by_shard
from npf_pipelines.runs.partitions import LOOK_BACK, first_day
from npf_pipelines.runs.paused import why_paused
from npf_pipelines.runs.run_scope import clients_of, scope_config, scope_tags
from npf_pipelines.runs.services import Services
from npf_pipelines.state.health import read_health
from npf_pipelines.state.pauses import read_pauses

RETRY = "npf/retry"
"""The tag of runs that try clients again whose stores gave no answer; its value is the cell's name, or "true".

dagster.yaml limits how many run at a time, deploy/cluster/dagster.yaml how many of each cell."""
SHARD = "npf/shard"
"""The tag of a run over one of several shards of clients: flow and shard. deploy/cluster/dagster.yaml limits how many
runs of a shard are in progress at a time."""
_NAMED = 20
"""Clients that a tick's text names."""
_LONGEST_REASON = 160
"""Characters of a reason in it."""
_LONGEST_START = timedelta(minutes=2)
"""How long after its request a run that is over, and has not reached a client, counts as lost.

If no run can start at all, a new one is requested at this interval."""


@dataclass(frozen=True)
class Eligibility:
    """The eligibility of the registered clients for a run of one flow at a moment.

    Attributes:
        now: the moment.
        registered: all clients that are partitions, in their order.
        ready: the setups of the eligible clients.
        busy: the eligible clients that a queued or running run still covers.
        left_alone: why each other client is not eligible.
        earliest: the first day that any client has (partitions.first_day); None without clients.
        flow: the name of the flow.
        shards: the number of shards over which its runs are spread.
        cell: the name of the cell; empty without cells.
    """

    now: datetime
    registered: Sequence[str]
    ready: Mapping[str, MasterSetup]
    busy: Collection[str]
    left_alone: Mapping[str, str]
    earliest: date | None
    flow: str
    _health: Mapping[tuple[str, str], Health]
    shards: int = 1
    cell: str = ""

    def health(self, client: str) -> Health:
        """The health of the client's flow."""
        return self._health.get((client, self.flow)) or Health(client, self.flow)

    def is_lost(self, client: str, requested_at: datetime) -> bool:
        """Whether a run that was requested at a moment died before it reached the client, which has no run now.

        A request at a time in the future counts as lost.
        """
        if is_future(requested_at, self.now):
            return True
        return self.now - requested_at > _LONGEST_START and not self.is_taken_up(client, requested_at)

    def is_taken_up(self, client: str, requested_at: datetime) -> bool:
        """Whether a run has reached the client since a moment at which one was requested."""
        tried_at = self.health(client).tried_at
        return tried_at is not None and tried_at >= requested_at

    def may_hang(self, client: str) -> bool:
        """Whether its last runs failed for a transient reason: mostly a store that gave no answer."""
        return self.flow != REPORTS.name and self.health(client).kind is FailureKind.TRANSIENT

    @functools.cached_property
    def free(self) -> Mapping[str, MasterSetup]:
        """The clients that are ready and not busy."""
        return {client: setup for client, setup in self.ready.items() if client not in self.busy}

    def todays(self) -> list[date]:
        """The days that are today for at least one client that is ready."""
        return sorted({day_of(self.now, setup.zone) for setup in self.ready.values()})

    def skip_reason(self, otherwise: str) -> dg.SkipReason:
        """Why no run is requested, `otherwise` first."""
        busy = [f"{len(self.busy)} have a run that isn't over"] if self.busy else []
        by_reason: defaultdict[str, list[str]] = defaultdict(list)
        for client, why in self.left_alone.items():
            by_reason[why].append(client)
        others = in_few([f"{', '.join(clients)}: {why}" for why, clients in by_reason.items()])
        return dg.SkipReason("; ".join([otherwise, *busy, *others]))


def in_few(sentences: Sequence[str]) -> list[str]:
    """The first sentences of a tick's text, and the number of the others."""
    more = [f"and {len(sentences) - _NAMED} more"] if len(sentences) > _NAMED else []
    return [*sentences[:_NAMED], *more]


def eligibility_of(
    instance: dg.DagsterInstance, services: Services, flow: Flow, now: datetime, *, skip_failing: bool = True
) -> Eligibility:
    """The eligibility of all clients for a run of the flow.

    Args:
        instance: of clients and runs.
        services: of setups and health.
        flow: the flow.
        now: the moment.
        skip_failing: whether a client that failed is skipped until its pause is over or something has changed.

    Raises:
        SetupError: the folder of the master setups can't be read.
        sqlalchemy.exc.SQLAlchemyError: the database of the health can't be reached.
    """
    setups, pauses = services.setups(), read_pauses(services.state)
    registered = services.cell.registered(instance)
    # A tick may be evaluated long after its own moment.
    clock = max(now, datetime.now(UTC))
    healths = {key: known_at(health, clock) for key, health in read_health(services.state, flow.name).items()}
    ready: dict[str, MasterSetup] = {}
    left_alone: dict[str, str] = {}
    for client in registered:
        setup, health = setups.clients.get(client), healths.get((client, flow.name))
        if setup is None:
            left_alone[client] = "no valid master setup"
        elif paused := why_paused(setup, pauses):
            left_alone[client] = paused
        elif skip_failing and health and _is_waiting(health, setup, now):
            until = f"until {health.next_try_at:%H:%M} UTC" if health.next_try_at else "until something is changed"
            why = textwrap.shorten(health.reason, _LONGEST_REASON, placeholder=" …")
            left_alone[client] = f"failing, left alone {until}: {why}"
        else:
            ready[client] = setup
    busy = {
        client
        for record in flow.unfinished(instance, services.cell)
        for client in clients_of(record.dagster_run.run_config, record.dagster_run.tags, registered)
        if client in ready and not _is_done_with(record, healths.get((client, flow.name)))
    }
    first = first_day(setups, services.first_day_with_tables())
    shards = services.settings.shards
    return Eligibility(now, registered, ready, busy, left_alone, first, flow.name, healths, shards, services.cell.name)


def _is_waiting(health: Health, setup: MasterSetup, now: datetime) -> bool:
    changed = health.is_permanent and not matches(setup, health.setup_print)
    return is_waiting(health, now, is_setup_changed=changed)


def _is_done_with(record: dg.RunRecord, health: Health | None) -> bool:
    """Whether a run in progress is done with the client: one store that hangs must not keep other clients busy."""
    if record.start_time is None or health is None or health.tried_at is None:
        return False
    return health.tried_at.timestamp() >= record.start_time


def requests(eligibility: Eligibility, clients: Collection[str], days: tuple[date, date] | None) -> list[dg.RunRequest]:
    """One request for the clients of each shard, and one for its clients whose stores gave no answer the last time.

    A run waits for minutes for a store that hangs, and few runs are in progress at a time: dagster.yaml limits how many
    of them may be retries.

    Args:
        eligibility: of all clients.
        clients: the clients to request runs for.
        days: first and last day, for a flow with days.

    Returns:
        Empty without clients, or without a day on which any client has partitions.
    """
    if days and eligibility.earliest:
        days = (max(days[0], eligibility.earliest), days[1])
    if days and days[0] > days[1]:
        return []
    requested: list[dg.RunRequest] = []
    for shard, members in by_shard(clients, eligibility.shards).items():
        # Its value names cell and flow, too: Dagster counts the runs of each value.
        named = f"{eligibility.cell} {eligibility.flow} {shard} of {eligibility.shards}".strip()
        tags = {SHARD: named} if eligibility.shards > 1 else {}
        retried = {client for client in members if eligibility.may_hang(client)}
        requested += _request(eligibility, set(members) - retried, days, tags)
        requested += _request(eligibility, retried, days, {**tags, RETRY: eligibility.cell or "true"})
    return requested


def usual_requests(eligibility: Eligibility, clients: Collection[str]) -> list[dg.RunRequest]:
    """Requests over the days that a run of the flow takes by day: of orders today, of shipments since yesterday.

    Args:
        eligibility: of all clients.
        clients: the eligible clients to request runs for.
    """
    if not clients:
        return []
    if eligibility.flow == SHIPMENTS.name:
        return _shipment_requests(eligibility, clients)
    todays = eligibility.todays()
    return requests(eligibility, clients, (todays[0], todays[-1]) if eligibility.flow == ORDERS.name else None)


def _shipment_requests(eligibility: Eligibility, clients: Collection[str]) -> list[dg.RunRequest]:
    """Requests for yesterday and today, and for clients that have missed more, for all days since their last success.

    A run that succeeds leaves every shipment of its days in the store or set aside. A client that never succeeded gets
    the days of a night's run; its run finds older ones by itself. Clients that return after a long time get runs of
    their own, so that the runs of the others don't become longer.
    """
    todays = eligibility.todays()
    yesterday, last = todays[0] - timedelta(days=1), todays[-1]

    def missed_since(client: str) -> date:
        success = eligibility.health(client).last_success_at
        return min(day_of(success, eligibility.ready[client].zone), yesterday) if success else last - LOOK_BACK

    requested: list[dg.RunRequest] = []
    since = {client: missed_since(client) for client in clients}
    for oldest, newest in ((yesterday, date.max), (last - LOOK_BACK, yesterday), (date.min, last - LOOK_BACK)):
        group = {client: day for client, day in since.items() if oldest <= day < newest}
        if group:
            requested += requests(eligibility, group, (min(group.values()), last))
    return requested


def _request(
    eligibility: Eligibility,
    clients: Collection[str],
    days: tuple[date, date] | None,
    tags: Mapping[str, str],
) -> list[dg.RunRequest]:
    if not clients:
        return []
    config = scope_config(eligibility.flow, clients, days)
    # Dagster fails a schedule's tick of several requests if one has no key. A key is used for one run, for ever.
    content = hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()
    key = f"{eligibility.now.isoformat()} {content[:16]}"
    all_tags = {**scope_tags(eligibility.flow, clients, days), **ENDED_AFTER_HOURS, **tags}
    return [dg.RunRequest(run_key=key, run_config=config, tags=all_tags)]


def clients_in(run_requests: Iterable[dg.RunRequest]) -> set[str]:
    """The clients that the requests cover."""
    return {client for request in run_requests for client in clients_of(request.run_config, request.tags, ())}

"""Whom a sweep or a sensor may ask a run for, and the requests: one run for all, and none for who has one.

Not here: who is due (sweeps.py), where something changed (new_orders.py, platform_news.py).
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from npf_pipelines.automation.flows import Flow
from npf_pipelines.automation.jobs import ENDED_AFTER_HOURS
from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.clock import is_future
from npf_pipelines.domain.days import day_of
from npf_pipelines.runs.partitions import CLIENTS, first_day
from npf_pipelines.runs.run_scope import clients_of, scope_config, scope_tags
from npf_pipelines.runs.services import Services
from npf_pipelines.state.health import Health, read_health

_LONGEST_START = timedelta(minutes=5)
"""After which a run that was asked for is looked for. Where runs can't begin at all, one is asked for as often."""


@dataclass(frozen=True)
class Eligibility:
    """How the registered clients stand towards one flow at a moment.

    Attributes:
        now: the moment.
        registered: all clients that are partitions, in their order.
        ready: the setups of those that may be asked for.
        busy: those of them whose turn in a run is still to come or not over.
        left_alone: why each of the others is not asked for.
        earliest: the first day that any client has (partitions.first_day); None without clients.
        flow: the name of the flow.
    """

    now: datetime
    registered: Sequence[str]
    ready: Mapping[str, MasterSetup]
    busy: Collection[str]
    left_alone: Mapping[str, str]
    earliest: date | None
    flow: str
    _health: Mapping[tuple[str, str], Health]

    def health(self, client: str) -> Health:
        """How the client's flow stands."""
        return self._health.get((client, self.flow)) or Health(client, self.flow)

    def is_lost(self, client: str, asked_at: datetime) -> bool:
        """Whether a run that was asked for at a moment died before it came to the client, which has none now.

        One that was asked for in the future is unknown, and counts as lost.
        """
        if is_future(asked_at, self.now):
            return True
        tried_at = self.health(client).tried_at
        return self.now - asked_at > _LONGEST_START and (tried_at is None or tried_at < asked_at)

    @property
    def free(self) -> Mapping[str, MasterSetup]:
        """Those that are ready and not busy."""
        return {client: setup for client, setup in self.ready.items() if client not in self.busy}

    def todays(self) -> list[date]:
        """The days that are today for one of the clients that are ready."""
        return sorted({day_of(self.now, setup.zone) for setup in self.ready.values()})

    def skip_reason(self, otherwise: str) -> dg.SkipReason:
        """What is told when nothing is asked for."""
        busy = [f"{len(self.busy)} have a run that isn't over"] if self.busy else []
        alone = [f"{client}: {why}" for client, why in self.left_alone.items()]
        return dg.SkipReason("; ".join([otherwise, *busy, *alone]))


def eligibility_of(
    instance: dg.DagsterInstance, services: Services, flow: Flow, now: datetime, *, heed_pauses: bool = True
) -> Eligibility:
    """How the clients stand towards a flow.

    Args:
        instance: where clients and runs are kept.
        services: setups and health.
        flow: the flow.
        now: the moment.
        heed_pauses: leave those alone whose last tries failed, until their pause is over or something has changed.

    Raises:
        SetupError: the folder of the master setups can't be read.
        sqlalchemy.exc.SQLAlchemyError: the platform's database can't be reached.
    """
    setups = services.setups()
    registered = instance.get_dynamic_partitions(CLIENTS.name or "")
    # A tick may be evaluated long after its own moment.
    clock = max(now, datetime.now(UTC))
    healths = {key: one.known_at(clock) for key, one in read_health(services.engine, flow.name).items()}
    ready: dict[str, MasterSetup] = {}
    left_alone: dict[str, str] = {}
    for client in registered:
        setup, eligibility = setups.clients.get(client), healths.get((client, flow.name))
        if setup is None:
            left_alone[client] = "no valid master setup"
        elif setup.paused:
            left_alone[client] = "paused"
        elif heed_pauses and eligibility and eligibility.rests(setup, now):
            until = (
                f"until {eligibility.next_try_at:%H:%M} UTC"
                if eligibility.next_try_at
                else "until something is changed"
            )
            left_alone[client] = f"failing, left alone {until}"
        else:
            ready[client] = setup
    busy = {
        client
        for record in flow.unfinished(instance)
        for client in clients_of(record.dagster_run.run_config, record.dagster_run.tags, registered)
        if client in ready and not _has_had_its_turn(record, healths.get((client, flow.name)))
    }
    first = first_day(setups, services.first_day_with_tables())
    return Eligibility(now, registered, ready, busy, left_alone, first, flow.name, healths)


def _has_had_its_turn(record: dg.RunRecord, health: Health | None) -> bool:
    """Whether a run is through with the client: one store that hangs keeps no other client busy."""
    if record.start_time is None or health is None or health.tried_at is None:
        return False
    return health.tried_at.timestamp() >= record.start_time


def requests(eligibility: Eligibility, wanted: Collection[str], days: tuple[date, date] | None) -> list[dg.RunRequest]:
    """One run that takes all the wanted clients; none where there are none, or no day of theirs.

    Args:
        eligibility: how the clients stand.
        wanted: some of the free ones.
        days: first and last day, for a flow with days.
    """
    if days and eligibility.earliest:
        days = (max(days[0], eligibility.earliest), days[1])
    if not wanted or (days and days[0] > days[1]):
        return []
    config = scope_config(eligibility.flow, wanted, days)
    # Dagster fails a schedule's tick with several requests if one has no key. A key is good for one run, for ever.
    content = hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()
    key = f"{eligibility.now.isoformat()} {content[:16]}"
    tags = {**scope_tags(eligibility.flow, wanted, days), **ENDED_AFTER_HOURS}
    return [dg.RunRequest(run_key=key, run_config=config, tags=tags)]


def clients_in(asked: Iterable[dg.RunRequest]) -> set[str]:
    """The clients that the requests take."""
    return {client for one in asked for client in clients_of(one.run_config, one.tags, ())}


def shipment_requests(eligibility: Eligibility, wanted: Collection[str], usual: timedelta) -> list[dg.RunRequest]:
    """Runs over yesterday and today, and for those that have missed more, over all days since it last went well.

    On the days before that, everything was in the store or set aside: otherwise it would not have gone well. Clients
    that come back after very long don't make the runs of the others longer.

    Args:
        eligibility: how the clients stand.
        wanted: some of the free ones.
        usual: how far back a client is caught up with that never went well; its run finds by itself what is older.
    """
    todays = eligibility.todays()
    if not todays:
        return []
    yesterday, last = todays[0] - timedelta(days=1), todays[-1]

    def missed_since(client: str) -> date:
        success = eligibility.health(client).last_success_at
        return min(day_of(success, eligibility.ready[client].zone), yesterday) if success else last - usual

    asked: list[dg.RunRequest] = []
    since = {client: missed_since(client) for client in wanted}
    for oldest, newest in ((yesterday, date.max), (last - usual, yesterday), (date.min, last - usual)):
        taken_now = {client: day for client, day in since.items() if oldest <= day < newest}
        if taken_now:
            asked += requests(eligibility, taken_now, (min(taken_now.values()), last))
    return asked

"""The loop that all flows share: a run's partitions by client, and each client on its own.

A client that fails leaves its remaining partitions failed and does not affect any other client. The failures are
collected and raised as one when all clients are done.
Not here: what a flow does for a client (assets/), one client's part of the run (client_run.py).
"""

import asyncio
import contextlib
import functools
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime

import dagster as dg
import pyarrow as arrow

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.days import day_of
from npf_pipelines.domain.failure_kind import FailureKind
from npf_pipelines.domain.flow_counts import FlowCounts
from npf_pipelines.domain.health import Health
from npf_pipelines.domain.progress import progress_watched
from npf_pipelines.domain.tracebacks import log_fault
from npf_pipelines.domain.writes import Writes
from npf_pipelines.errors import NpfError
from npf_pipelines.reports.folder import ReportFolder
from npf_pipelines.rules.flow_health import in_order_of_health
from npf_pipelines.runs.client_mode import in_trial
from npf_pipelines.runs.client_run import ClientRun
from npf_pipelines.runs.client_tables import ClientTables
from npf_pipelines.runs.dagster_internals import (
    Materialized,
    RunFacts,
    RunFailed,
    materialized_partitions,
    run_facts,
)
from npf_pipelines.runs.failure_notes import failure_notes
from npf_pipelines.runs.failures import ClientFailure, failure_kind, failure_reason, is_program_fault
from npf_pipelines.runs.flow_health import FlowHealth
from npf_pipelines.runs.isolation import run_isolated
from npf_pipelines.runs.open_items import Recounts, count_open_items
from npf_pipelines.runs.own_thread import in_own_thread
from npf_pipelines.runs.partial_status import PartialStatus
from npf_pipelines.runs.partition_status import PartitionStatus
from npf_pipelines.runs.partition_writer import PartitionWriter
from npf_pipelines.runs.partitions import LOOK_BACK, day_key
from npf_pipelines.runs.paused import why_paused
from npf_pipelines.runs.run_counts import keep_counts
from npf_pipelines.runs.run_record import begin_record, end_record
from npf_pipelines.runs.run_scope import FlowConfig, RunScope
from npf_pipelines.runs.services import Services
from npf_pipelines.state.health import read_health
from npf_pipelines.state.lease import RUN_FLOW, LeaseTaken, leased
from npf_pipelines.state.pauses import Paused, Pauses, read_pauses

BUSY = "clients_of_another_run"
"""The metadata of a run's failure that names the clients that another run is at work on."""
_CLIENTS_AT_ONCE = 8
"""More would only wait for each other where the stores answer quickly. Clients whose stores don't are not counted for
long (isolation.py)."""
_IN_TRIAL = {
    Writes.NONE: "in trial: the tables show what would be done, nothing is written to store or platform",
    Writes.TEST_ORDERS: "in trial: only test orders and the amounts of test items are written to store and platform",
}
"""A client's line in the log of each run."""


class NotWatched(NpfError):
    """A run holds no lease by which others see that it lives."""


Work = Callable[[ClientRun], Awaitable[None]]
"""The work of a flow for one client."""


def run_clients(
    context: dg.AssetExecutionContext, services: Services, work: Work, config: RunScope
) -> Iterator[dg.MaterializeResult[None]]:
    """Do the work for every client of the run, several at once.

    It yields nothing: an output would mark every partition of the run as materialized. Each client's part of the run
    reports its own partitions.

    Raises:
        dagster.Failure: at least one client failed, after all are done; or the run config names no range of days; or
            a file or a database that all clients need can't be used.
    """
    has_days = isinstance(context.assets_def.partitions_def, dg.MultiPartitionsDefinition)
    if wrong := config.why_wrong(has_days=has_days):
        raise RunFailed(wrong, allow_retries=False)
    try:
        failures, busy = asyncio.run(_run_all(context, services, work, config))
    except Exception as error:  # noqa: BLE001 - raised as what the UI may show
        if is_program_fault(error):  # Dagster would show the exception's own text, which may quote a row.
            log_fault(context.log, error, "the run failed")
        raise RunFailed(failure_reason(error)) from None
    if failures:
        lines = "\n".join(f"{client}: {reason}" for client, reason in sorted(failures.items()))
        raise RunFailed(
            f"failed for {len(failures)} of the run's clients:\n{lines}",
            metadata={BUSY: dg.MetadataValue.json(sorted(busy))} if busy else None,
        )
    yield from ()


async def _run_all(
    context: dg.AssetExecutionContext, services: Services, work: Work, config: RunScope
) -> tuple[Mapping[str, str], Collection[str]]:
    """The reason of each client that failed, and the clients that another run is at work on."""
    await asyncio.to_thread(services.open_databases)
    if not (isinstance(config, FlowConfig) and config.dry_run):
        with contextlib.suppress(OSError):  # Each client fails with the reason.
            await asyncio.to_thread(services.mark)
    facts = run_facts(context)
    await asyncio.to_thread(_check_lease, services, facts.run_id)
    days_of = config.days_by_client([] if config.clients else context.partition_keys)
    await asyncio.to_thread(begin_record, context, facts.flow, days_of)
    clients = _Clients(context, facts, services, work=work, config=config, days_of=days_of)
    await clients.prepare()
    outcomes = await run_isolated(clients.in_order, clients.in_thread, at_once=_CLIENTS_AT_ONCE)
    for client, outcome in outcomes.items():
        if isinstance(outcome, Exception):
            outcomes[client] = await asyncio.to_thread(clients.keep_unreported, client, outcome)
    await asyncio.to_thread(count_open_items, context.log, services, facts.flow, facts.run_id, clients.in_hand)
    failed = {client: str(outcome) for client, outcome in outcomes.items() if outcome}
    await asyncio.to_thread(end_record, context, facts.flow, clients.statuses, failed)
    return failed, clients.busy


def _check_lease(services: Services, run_id: str) -> None:
    """Refuse a run without a lease of its own (services_resource.py), which `lost_runs` would end while it is at work.

    Raises:
        NotWatched: the run has none.
    """
    if run_id not in set[str]().union(*leased(services.state, RUN_FLOW)):
        raise NotWatched("the state's database did not answer when the run began: run again")


class _Clients:
    """A run's work on its clients, each by itself."""

    def __init__(
        self,
        context: dg.AssetExecutionContext,
        facts: RunFacts,
        services: Services,
        *,
        work: Work,
        config: RunScope,
        days_of: Mapping[str, list[date]],
    ) -> None:
        self._context, self._facts, self._services, self._work = context, facts, services, work
        self._days_of = days_of
        self._is_dry = isinstance(config, FlowConfig) and config.dry_run
        self._certifies = isinstance(config, FlowConfig) and config.certify
        self._writes_elsewhere = isinstance(config, FlowConfig)
        self._names_clients = bool(config.clients)
        self._setups = services.setups()
        self._names_orders = config.names_orders
        # A run of single orders, or a certification, says nothing about the flow's health.
        is_whole = facts.is_whole and not config.names_orders and not self._certifies
        self._health = FlowHealth(context.log, services.state, facts.flow, is_whole=is_whole)
        self._began = datetime.now(UTC)
        # The nightly run counts everything again, changed or not.
        self._is_nightly = any(days and days[-1] - days[0] >= LOOK_BACK for days in days_of.values())
        self._materialized_before: Materialized | None = None
        self._elsewhere: Mapping[str, str] = {}
        self.in_order: Sequence[str] = ()
        self.busy: set[str] = set()
        """The clients whose lease another run holds."""
        self.statuses: dict[str, PartitionStatus] = {}
        self.in_hand: dict[tuple[str, date | None, str], arrow.Table] = {}
        """The counted columns of the partitions that the run has written (open_items.py)."""

    async def prepare(self) -> None:
        """Order the clients by their health, and ask Dagster which partitions are materialized already."""
        health = await asyncio.to_thread(read_health, self._services.state, self._facts.flow)
        instance, cell = self._context.instance, self._services.cell
        self._elsewhere = await asyncio.to_thread(cell.elsewhere, instance, self._days_of)
        self.in_order = in_order_of_health(self._days_of, {client: known for (client, _), known in health.items()})
        if self._names_clients and not self._is_dry and not self._names_orders:
            self._materialized_before = await asyncio.to_thread(
                _materialized_before, self._context.instance, self._context.selected_asset_keys, self._days_of
            )

    async def in_thread(self, client: str) -> str:
        """Run the client's part in a thread of its own; the reason of its failure, empty if it succeeded."""
        return await in_own_thread(functools.partial(self._run_one, client))

    async def _run_one(self, client: str) -> str:
        days, setup, began = self._days_of[client], self._setups.clients.get(client), datetime.now(UTC)
        if setup and (why := self._why_paused(setup)):
            self._context.log.info("%s: skipped, %s", client, why)
            return ""
        if self._names_clients and days and not (days := _days_begun(days, setup, began)):
            self._context.log.info("%s: skipped, none of the days has begun there", client)
            return ""
        status = self.statuses[client] = (
            PartialStatus(self._context, client)
            if self._names_orders
            else PartitionStatus(self._context, client, days, self._materialized_before)
        )
        failure: Exception | None = None
        counts = FlowCounts()
        try:
            await self._work_on(client, days, status, counts)
        except Exception as error:  # noqa: BLE001 - reported
            failure = error
            if is_program_fault(error):
                log_fault(self._context.log, error, f"{client}: the client's part of the run failed")
        reason = _reason(client, failure)
        if isinstance(failure, LeaseTaken):
            self.busy.add(client)
        after: Health | None = None
        if not isinstance(failure, LeaseTaken | Paused) and not self._is_dry:
            kind = failure_kind(failure) if failure else None
            after = self._health.after(client, setup, days, began=began, kind=kind, reason=reason)
        if failure:
            status.close(reason, self._notes(client, failure, after))
        if after:
            self._health.keep(after)
        if not self._is_dry:
            log, state = self._context.log, self._services.state
            keep_counts(log, state, client=client, flow=self._facts.flow, counts=counts, after=after)
        return reason

    def _notes(self, client: str, failure: Exception, after: Health | None) -> Mapping[str, dg.MetadataValue]:
        settings, name = self._services.settings, self._setups.files.get(client)
        report = ReportFolder(settings.reports, settings.reports_url).url(client)
        return failure_notes(failure, after, settings.clients / name if name else None, report)

    def _why_paused(self, setup: MasterSetup) -> str:
        """Why the client is left alone, if it is. A dry run writes nothing, so only the master setup keeps it away."""
        return why_paused(setup, Pauses() if self._is_dry else read_pauses(self._services.state))

    async def _work_on(self, client: str, days: list[date], status: PartitionStatus, counts: FlowCounts) -> None:
        if client in self._elsewhere:
            raise ClientFailure(self._elsewhere[client])
        setup = self._setups[client]
        recounts = Recounts(self._services.state, self._facts.flow, self._facts.run_id, client, dry_run=self._is_dry)
        tables = ClientTables(self._services.lake.remembering(), client, dry_run=self._is_dry)
        is_trial = self._writes_elsewhere and in_trial(setup, self._services)
        client_run = ClientRun(
            self._services,
            setup,
            days,
            tables=tables,
            partitions=PartitionWriter(
                self._services, setup, status, recounts, tables.lake, dry_run=self._is_dry, in_trial=is_trial
            ),
            recounts=recounts,
            selected=self._facts.assets,
            log=self._context.log.info,
            counts=counts,
            dry_run=self._is_dry,
            in_trial=is_trial,
            certifies=self._certifies,
            is_automated=self._facts.is_automated,
        )
        if is_trial and not self._is_dry:
            client_run.log(_IN_TRIAL[client_run.writes])
        try:
            with progress_watched(self._services.longest_stall):
                await self._work(client_run)
            if self._is_nightly:
                recounts.queue(days)
            recounts.note_unchanged(tables.lake)
        finally:
            self.in_hand |= recounts.in_hand

    def keep_unreported(self, client: str, failure: Exception) -> str:
        """Keep the reason of a failure that could not be reported; a second failure is only logged."""
        reason = _reason(client, failure)
        log_fault(self._context.log, failure, f"{client}: the outcome of this client could not be kept")
        if not self._is_dry:
            setup, days, kind = self._setups.clients.get(client), self._days_of[client], FailureKind.TRANSIENT
            try:
                if after := self._health.after(client, setup, days, began=self._began, kind=kind, reason=reason):
                    self._health.keep(after)
            except Exception as error:  # noqa: BLE001 - logged
                log_fault(self._context.log, error, f"{client}: the reason of its failure could not be kept")
        return reason


def _reason(client: str, failure: Exception | None) -> str:
    return failure_reason(failure).removeprefix(f"{client}: ") if failure else ""


def _materialized_before(
    instance: dg.DagsterInstance, assets: Collection[dg.AssetKey], days_of: Mapping[str, Sequence[date]]
) -> Materialized:
    """The run's partitions that are materialized already, without settled days.

    The nightly run that reaches a settled day last reports it again, changed or not. Otherwise Dagster would have to
    keep each run by day that changed one of them (automation/old_runs.py).
    """
    settled = max((day for days in days_of.values() for day in days), default=date.max) - LOOK_BACK
    keys: list[str] = []
    for client, days in days_of.items():
        keys += [str(day_key(client, day)) for day in days if day > settled] if days else [client]
    return materialized_partitions(instance, assets, keys)


def _days_begun(days: list[date], setup: MasterSetup | None, now: datetime) -> list[date]:
    return [day for day in days if setup is None or day <= day_of(now, setup.zone)]

"""The walk that all families share: a run's partitions by client, each client on its own, its partitions reported.

A client that fails leaves its remaining partitions red and costs no other client anything: the failures are
collected and raised as one at the end. Not here: what a flow does for a client (orders.py, shipments.py, stock.py).
"""

import asyncio
import contextlib
import functools
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg
import pandas as pd
from pydantic import Field
from sqlalchemy.exc import SQLAlchemyError

from npf_pipelines.config.master_setup import MasterSetup, SetupError
from npf_pipelines.config.store_address import comparable_address
from npf_pipelines.cscart.errors import StoreError, Unauthorized
from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.days import day_of
from npf_pipelines.domain.failure_kind import FailureKind
from npf_pipelines.domain.order_statuses import UnknownStatus
from npf_pipelines.domain.progress import progress_watched
from npf_pipelines.lake.broken_files import BrokenFile
from npf_pipelines.lake.lake import NotWritten
from npf_pipelines.lake.tables import Table
from npf_pipelines.runs.attention import attention_metadata
from npf_pipelines.runs.flow_health import FlowHealth
from npf_pipelines.runs.isolation import run_isolated
from npf_pipelines.runs.lineage import column_lineage
from npf_pipelines.runs.machine_failures import machine_failure
from npf_pipelines.runs.materialized_partitions import Materialized, materialized_partitions
from npf_pipelines.runs.metadata import partition_metadata, planned_metadata
from npf_pipelines.runs.open_items import count_open_items
from npf_pipelines.runs.partition_events import PartitionEvents
from npf_pipelines.runs.partitions import LOOK_BACK, day_key
from npf_pipelines.runs.run_scope import RunScope
from npf_pipelines.runs.services import Services
from npf_pipelines.state.client_stores import other_client_of, remember_store
from npf_pipelines.state.lease import RUN_FLOW, Lease, LeaseLost, LeaseTaken, held_lease
from npf_pipelines.state.open_items import Written, queue_recounts

_CLIENTS_AT_ONCE = 16
_ASKED_BY = frozenset({"dagster/schedule_name", "dagster/sensor_name"})
"""The tags that Dagster gives to a run that a schedule or a sensor asked for (documented)."""
_Notes = Callable[[], Mapping[str, dg.MetadataValue]]
_Parts = Generator[Callable[[], Any], Any, None]

_UNDERSTOOD = (StoreError, SetupError, UnknownStatus, NotWritten, BrokenFile, LeaseTaken, LeaseLost, SQLAlchemyError)
"""Failures whose own text says what happened and what to do; any other is a fault of ours, with its trace."""


class ClientFailure(Exception):
    """A client's share of the run failed; the text says what and what to do.

    Attributes:
        is_partial: the store answers, and only some of the things failed.
        has_broken_files: files of the lake can't be read: a person has to mend them.
    """

    def __init__(self, text: str, *, is_partial: bool = False, has_broken_files: bool = False) -> None:
        super().__init__(text)
        self.is_partial = is_partial
        self.has_broken_files = has_broken_files


_EXPECTED = (ClientFailure, *_UNDERSTOOD)


class ClientRun:
    """One client's share of a run: its setup, its days, and the way to write and report a partition."""

    def __init__(
        self,
        context: dg.AssetExecutionContext,
        services: Services,
        setup: MasterSetup,
        days: list[date],
        *,
        events: PartitionEvents,
        dry_run: bool = False,
    ) -> None:
        self._context = context
        self._events = events
        self.services = services
        self.setup = setup
        self.days = days
        self.dry_run = dry_run
        self.now = datetime.now(UTC)
        self._noted: set[date | None] = set()

    @property
    def client(self) -> str:
        """The client's id."""
        return self.setup.id

    def wants(self, table: Table) -> bool:
        """Whether the run is to make this table's partitions."""
        return dg.AssetKey(table.name) in self._context.selected_asset_keys

    def add_days(self, days: Collection[date]) -> None:
        """Work on further days, too: they become part of the walk like those of the run."""
        self.days = sorted({*self.days, *days})
        self._events.add_days(days)

    @property
    def is_automated(self) -> bool:
        """Whether a schedule or a sensor launched the run."""
        return not _ASKED_BY.isdisjoint(self._context.run.tags)

    def log(self, text: str) -> None:
        """Tell whoever watches the run."""
        self._context.log.info("%s: %s", self.client, text)

    def materialize(
        self,
        table: Table,
        rows: list[dict[str, Any]],
        day: date | None = None,
        notes: _Notes = dict,
    ) -> None:
        """Write a partition and report it as made, unless it is there already; a dry run only shows what it would be.

        Args:
            table: the partition's table.
            rows: all that it shall hold.
            day: the partition's, for a table with days.
            notes: further metadata, asked for only if the partition is told of.
        """
        work = self._finishing(table, rows, day, notes)
        part = next(work, None)
        while part:
            part = _next_part(work, part())

    async def materialize_large(self, table: Table, rows: list[dict[str, Any]], notes: _Notes = dict) -> None:
        """As `finish`, for very many rows: they are compared, written and counted beside the event loop."""
        work = self._finishing(table, rows, None, notes)
        part = next(work, None)
        while part:
            part = _next_part(work, await asyncio.to_thread(part))

    def _finishing(self, table: Table, rows: list[dict[str, Any]], day: date | None, notes: _Notes) -> _Parts:
        """The slow parts of `finish`, as callables; the caller runs each, and events are logged between them."""
        lake, client = self.services.lake, self.client
        framed = functools.partial(lake.frame, table, rows, client=client, day=day)
        if self.dry_run:
            frame = yield framed
            metadata = yield lambda: planned_metadata(table, frame) | self._metadata(table, frame, notes)
            self._events.seen(table.name, metadata, day, "Dry run: nothing was written.")
            return
        is_there = self._events.tells_changes and (
            yield functools.partial(lake.is_unchanged, table, rows, client=client, day=day)
        )
        if is_there and self._events.is_shown(table.name, day):
            self._events.left(table.name, day)
            return
        self.mark_started(day)
        if is_there:  # Its rows have stood so since they were written.
            frame = yield framed
        else:
            self.queue_recount([day])
            frame = yield functools.partial(lake.write, table, rows, client=client, day=day)
        metadata = yield lambda: self._metadata(table, frame, notes)
        self.report(table.name, metadata | column_lineage(table), day)

    def write_incomplete(self, table: Table, rows: list[dict[str, Any]], day: date | None = None) -> None:
        """Write a partition that is not made yet: the walk will fail, and its rows are shown beside the reason."""
        if self.dry_run:
            self.materialize(table, rows, day)
            return
        frame = self._write(table, rows, day)
        self._events.left_open(table.name, self._metadata(table, frame), day)

    async def write_incomplete_large(self, table: Table, rows: list[dict[str, Any]]) -> None:
        """As `leave_open`, for very many rows: they are written and counted beside the event loop."""
        if self.dry_run:
            await self.materialize_large(table, rows)
            return
        self.mark_started()
        self.queue_recount([None])
        frame = await asyncio.to_thread(self.services.lake.write, table, rows, client=self.client)
        self._events.left_open(table.name, await asyncio.to_thread(self._metadata, table, frame), None)

    def write_intent(self, table: Table, rows: list[dict[str, Any]], day: date | None) -> None:
        """Write what a partition says while it is being made."""
        if not self.dry_run:
            self._write(table, rows, day)

    def mark_started(self, day: date | None = None) -> None:
        """The day's partitions are about to be made: whoever comes after a run that died here sees that they aren't."""
        if not self.dry_run:
            self._events.planned(day)

    def _write(self, table: Table, rows: list[dict[str, Any]], day: date | None) -> pd.DataFrame:
        self.mark_started(day)
        self.queue_recount([day])
        return self.services.lake.write(table, rows, client=self.client, day=day)

    def queue_recount(self, days: Iterable[date | None]) -> None:
        """What is open on the days is to be counted at the end of the run."""
        new = set(days) - self._noted
        if new and not self.dry_run:
            written = [Written(self.client, day, self._context.run.run_id) for day in new]
            queue_recounts(self.services.engine, self._context.assets_def.node_def.name, written)
            self._noted |= new

    def _metadata(self, table: Table, frame: pd.DataFrame, notes: _Notes = dict) -> dict[str, dg.MetadataValue]:
        needs = attention_metadata(table, frame, self.setup.store.url, self._order_ids)
        return dict(notes()) | needs | partition_metadata(table, frame)

    def _order_ids(self, order_numbers: Collection[str]) -> Mapping[str, str]:
        """The store's order ids of orders on the platform, by order number."""
        states = self.services.platform.order_states(self.client, order_numbers)
        return {number: state.store_order_id for number, state in states.items()}

    def report(self, asset: str, metadata: Mapping[str, Any], day: date | None = None) -> None:
        """Report a partition as made."""
        self._events.made(asset, metadata, day)

    def write_cache(self, table: Table, rows: list[dict[str, Any]]) -> None:
        """Write what is only remembered, and no partition that anybody watches."""
        if not self.dry_run:
            self.services.lake.write_cache(table, rows, client=self.client)

    @contextlib.asynccontextmanager
    async def store(self) -> AsyncIterator[Store]:
        """The client's store, open; the rows of its lists that couldn't be read are logged at the end.

        Raises:
            SetupError: the API key is not in the environment, or another client has worked with the store.
        """
        address = comparable_address(self.setup.store.url)
        other = await asyncio.to_thread(other_client_of, self.services.engine, self.client, address)
        if other:
            raise SetupError(
                f"{self.client}: store.url: the client {other} has worked with this store, and {self.client} would "
                f"import its orders a second time. If {other} was renamed, run: npf client rename {other} "
                f"{self.client}. If {other} has left the store to {self.client}: npf client release-store {other}"
            )
        async with self.services.store(self.setup) as store:
            if not self.dry_run:  # Before the work: a walk that fails later may have imported orders.
                await asyncio.to_thread(remember_store, self.services.engine, self.client, address)
            try:
                yield store
            finally:
                for row in store.unreadable:
                    self.log(str(row))

    def lease(self, flow: str) -> contextlib.AbstractAsyncContextManager[Lease]:
        """The client's lease for a flow, held. A dry run holds none, so that no write could pass its check."""
        if self.dry_run:
            return contextlib.nullcontext(Lease(self.services.engine, self.client, flow))
        return held_lease(self.services.engine, self.client, flow)


def _next_part(parts: _Parts, result: Any) -> Callable[[], Any] | None:
    try:
        return parts.send(result)
    except StopIteration:
        return None


class FlowConfig(RunScope):
    """How a run walks."""

    dry_run: bool = Field(
        default=False, description="Show what would be written to store, platform and tables; write nothing."
    )


def run_clients(
    context: dg.AssetExecutionContext,
    services: Services,
    each: Callable[[ClientRun], Awaitable[None]],
    config: RunScope,
) -> Iterator[dg.MaterializeResult[None]]:
    """Walk every client of the run's partitions through `each`, several at once.

    It yields nothing: an output would mark every partition of the run as made. Each walk reports its own.

    Raises:
        dagster.Failure: at least one client failed, after all have been walked; or the config names no range of days;
            or a file or a database that all clients need can't be used.
    """
    has_days = isinstance(context.assets_def.partitions_def, dg.MultiPartitionsDefinition)
    if wrong := config.why_wrong(has_days=has_days):
        raise dg.Failure(wrong, allow_retries=False)
    try:
        failures = asyncio.run(_run_all(context, services, each, config))
    except Exception as error:
        if not (said := machine_failure(error)):
            raise
        raise dg.Failure(said) from None
    if failures:
        said = "\n".join(f"{client}: {text}" for client, text in sorted(failures.items()))
        raise dg.Failure(f"failed for {len(failures)} of the run's clients:\n{said}")
    yield from ()


async def _run_all(
    context: dg.AssetExecutionContext,
    services: Services,
    each: Callable[[ClientRun], Awaitable[None]],
    config: RunScope,
) -> Mapping[str, str]:
    shares = config.shares([] if config.clients else context.partition_keys)
    run = _ClientRuns(context, services, each, config, shares)
    await run.prepare()
    async with held_lease(services.engine, context.run.run_id, RUN_FLOW):
        outcomes = await run_isolated(shares, run.work_on, at_once=_CLIENTS_AT_ONCE)
        for client, outcome in outcomes.items():
            if isinstance(outcome, Exception):
                outcomes[client] = await asyncio.to_thread(run.note_unreported, client, outcome)
        await asyncio.to_thread(count_open_items, context.log, services, run.flow, context.run.run_id)
    return {client: str(outcome) for client, outcome in outcomes.items() if outcome}


class _ClientRuns:
    """A run's work on its clients, each by itself."""

    def __init__(
        self,
        context: dg.AssetExecutionContext,
        services: Services,
        each: Callable[[ClientRun], Awaitable[None]],
        config: RunScope,
        shares: Mapping[str, list[date]],
    ) -> None:
        self.flow = context.assets_def.node_def.name
        self._context, self._services, self._each, self._shares = context, services, each, shares
        self._is_dry = isinstance(config, FlowConfig) and config.dry_run
        self._names_clients = bool(config.clients)
        self._setups = services.setups()
        self._health = FlowHealth(context, services.engine)
        self._began = datetime.now(UTC)
        # What the runs by day have counted is counted again by the night, changed or not.
        self._is_night = any(days and days[-1] - days[0] >= LOOK_BACK for days in shares.values())
        self._green: Materialized | None = None

    async def prepare(self) -> None:
        """Ask Dagster which partitions are made already."""
        if self._names_clients and not self._is_dry:
            self._green = await asyncio.to_thread(_green, self._context, self._shares)

    async def work_on(self, client: str) -> str:
        """Why the client's share failed; empty where it went well."""
        days, setup, began = self._shares[client], self._setups.clients.get(client), datetime.now(UTC)
        if setup and setup.paused:
            self._context.log.info("%s: paused in its master setup: left alone", client)
            return ""
        if self._names_clients and days and not (days := _begun(days, setup, began)):
            self._context.log.info("%s: none of the days has begun there", client)
            return ""
        events = PartitionEvents(self._context, client, days, self._green)
        failure: Exception | None = None
        try:
            await self._one_client(client, days, events)
        except Exception as error:
            failure = error
            if not isinstance(error, _EXPECTED) and not machine_failure(error):
                self._context.log.exception("%s: the run of this client broke", client)
        reason = _reason(client, failure)
        events.end(reason)
        if not isinstance(failure, LeaseTaken) and not self._is_dry:
            kind = _kind(failure)
            await asyncio.to_thread(self._health.note, client, setup, days, began=began, trouble=kind, reason=reason)
        return reason

    async def _one_client(self, client: str, days: list[date], events: PartitionEvents) -> None:
        client_run = ClientRun(
            self._context, self._services, self._setups[client], days, events=events, dry_run=self._is_dry
        )
        with progress_watched(self._services.longest_stall):
            await self._each(client_run)
        if self._is_night:
            client_run.queue_recount(days)

    def note_unreported(self, client: str, failure: Exception) -> str:
        """Keep the reason of a failure that could not be reported by itself; a second failure is only logged."""
        reason = _reason(client, failure)
        self._context.log.error("%s: the outcome of this client could not be kept", client, exc_info=failure)
        if not self._is_dry:
            setup, days = self._setups.clients.get(client), self._shares[client]
            try:
                self._health.note(client, setup, days, began=self._began, trouble=FailureKind.TRANSIENT, reason=reason)
            except Exception:
                self._context.log.exception("%s: the reason of its failure could not be kept", client)
        return reason


def _reason(client: str, failure: Exception | None) -> str:
    """Why a client's share failed, in words. The text of a fault of the program may quote a row: it stays out."""
    if failure is None:
        return ""
    if said := machine_failure(failure):
        return said
    if isinstance(failure, _EXPECTED):
        return str(failure).removeprefix(f"{client}: ")
    return f"{type(failure).__name__}, a fault of the program: see the log"


def _green(context: dg.AssetExecutionContext, shares: Mapping[str, Sequence[date]]) -> Materialized:
    """Which of the run's partitions are green; settled days are told anew, by the night that goes back to them last.

    Otherwise each of the runs by day that changed one of them would have to be kept for its sake.
    """
    settled = max((day for days in shares.values() for day in days), default=date.max) - LOOK_BACK
    keys: list[str] = []
    for client, days in shares.items():
        keys += [str(day_key(client, day)) for day in days if day > settled] if days else [client]
    assets = [key.to_user_string() for key in context.selected_asset_keys]
    return materialized_partitions(context.instance, assets, keys)


def _begun(days: list[date], setup: MasterSetup | None, now: datetime) -> list[date]:
    return [day for day in days if setup is None or day <= day_of(now, setup.zone)]


def _kind(trouble: Exception | None) -> FailureKind | None:
    if trouble is None:
        return None
    if isinstance(trouble, SetupError | Unauthorized):
        return FailureKind.PERMANENT
    if isinstance(trouble, UnknownStatus | BrokenFile) or (isinstance(trouble, StoreError) and not trouble.transient):
        return FailureKind.FIXABLE_IN_STORE
    if isinstance(trouble, ClientFailure) and trouble.has_broken_files:
        return FailureKind.FIXABLE_IN_STORE
    return FailureKind.PARTIAL if isinstance(trouble, ClientFailure) and trouble.is_partial else FailureKind.TRANSIENT

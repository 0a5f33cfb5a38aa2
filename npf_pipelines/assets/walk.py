"""The walk that all families share: a run's partitions by client, each client on its own, its partitions reported.

A client that fails leaves its remaining partitions red and costs no other client anything: the failures are
collected and raised as one at the end. Not here: what a family does for a client (orders.py, shipments.py, stock.py).
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg
import pandas as pd
from pydantic import Field
from sqlalchemy.exc import SQLAlchemyError

from npf_pipelines.assets.attention import attention_metadata
from npf_pipelines.assets.flow_health import FlowHealth
from npf_pipelines.assets.green import Green, green_partitions
from npf_pipelines.assets.lineage import column_lineage
from npf_pipelines.assets.metadata import partition_metadata, planned_metadata
from npf_pipelines.assets.open_rows import note_open_rows
from npf_pipelines.assets.partition_events import PartitionEvents
from npf_pipelines.cscart.errors import StoreError, Unauthorized
from npf_pipelines.cscart.statuses import UnknownStatus
from npf_pipelines.house import House
from npf_pipelines.lake import NotWritten
from npf_pipelines.master_setup import MasterSetup, SetupError
from npf_pipelines.partitions import LOOK_BACK, day_key
from npf_pipelines.platform.lease import RUN_FLOW, Lease, LeaseLost, LeaseTaken, held_lease
from npf_pipelines.platform.open_rows import Written, note_written
from npf_pipelines.progress import progress_watched
from npf_pipelines.rules.days import day_of
from npf_pipelines.rules.retries import Trouble
from npf_pipelines.shares import ShareConfig
from npf_pipelines.tables import Table

_CLIENTS_AT_ONCE = 16
_Notes = Callable[[], Mapping[str, dg.MetadataValue]]

_UNDERSTOOD = (StoreError, SetupError, UnknownStatus, NotWritten, LeaseTaken, LeaseLost, SQLAlchemyError)
"""Failures whose own text says what happened and what to do; any other is a fault of ours, with its trace."""


class ClientFailure(Exception):
    """A client's share of the run failed; the text says what and what to do.

    Attributes:
        is_partial: the store answers, and only some of the things failed.
    """

    def __init__(self, text: str, *, is_partial: bool = False) -> None:
        super().__init__(text)
        self.is_partial = is_partial


class ClientWalk:
    """One client's share of a run: its setup, its days, and the way to write and report a partition."""

    def __init__(
        self,
        context: dg.AssetExecutionContext,
        house: House,
        setup: MasterSetup,
        days: list[date],
        *,
        events: PartitionEvents,
        dry_run: bool = False,
    ) -> None:
        self._context = context
        self._events = events
        self.house = house
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

    def say(self, text: str) -> None:
        """Tell whoever watches the run."""
        self._context.log.info("%s: %s", self.client, text)

    def finish(
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
        if self.dry_run:
            frame = self.house.lake.frame(table, rows, client=self.client, day=day)
            metadata = planned_metadata(table, frame) | self._metadata(table, frame, notes)
            self._events.seen(table.name, metadata, day, "Dry run: nothing was written.")
            return
        is_there = self._events.tells_changes and self.house.lake.holds(table, rows, client=self.client, day=day)
        if is_there and self._events.is_shown(table.name, day):
            self._events.left(table.name, day)
            return
        if is_there:  # Its rows have stood so since they were written.
            self.begin(day)
            frame = self.house.lake.frame(table, rows, client=self.client, day=day)
        else:
            frame = self._write(table, rows, day)
        self.report(table.name, self._metadata(table, frame, notes) | column_lineage(table), day)

    def leave_open(self, table: Table, rows: list[dict[str, Any]], day: date | None = None) -> None:
        """Write a partition that is not made yet: the walk will fail, and its rows are shown beside the reason."""
        if self.dry_run:
            self.finish(table, rows, day)
            return
        frame = self._write(table, rows, day)
        self._events.left_open(table.name, self._metadata(table, frame), day)

    def announce(self, table: Table, rows: list[dict[str, Any]], day: date | None) -> None:
        """Write what a partition says while it is being made."""
        if not self.dry_run:
            self._write(table, rows, day)

    def begin(self, day: date | None = None) -> None:
        """The day's partitions are about to be made: whoever comes after a run that died here sees that they aren't."""
        if not self.dry_run:
            self._events.planned(day)

    def _write(self, table: Table, rows: list[dict[str, Any]], day: date | None) -> pd.DataFrame:
        self.begin(day)
        self.note([day])
        return self.house.lake.write(table, rows, client=self.client, day=day)

    def note(self, days: Iterable[date | None]) -> None:
        """What is open on the days is to be counted at the end of the run."""
        new = set(days) - self._noted
        if new and not self.dry_run:
            written = [Written(self.client, day, self._context.run.run_id) for day in new]
            note_written(self.house.engine, self._context.assets_def.node_def.name, written)
            self._noted |= new

    def _metadata(self, table: Table, frame: pd.DataFrame, notes: _Notes = dict) -> dict[str, dg.MetadataValue]:
        needs = attention_metadata(table, frame, self.setup.store.url, self.setup.orders.prefix)
        return dict(notes()) | needs | partition_metadata(table, frame)

    def report(self, asset: str, metadata: Mapping[str, Any], day: date | None = None) -> None:
        """Report a partition as made."""
        self._events.made(asset, metadata, day)

    def keep(self, table: Table, rows: list[dict[str, Any]]) -> None:
        """Write what is only remembered, and no partition that anybody watches."""
        if not self.dry_run:
            self.house.lake.keep(table, rows, client=self.client)

    def lease(self, flow: str) -> contextlib.AbstractAsyncContextManager[Lease]:
        """The client's lease for a flow, held. A dry run holds none, so that no write could pass its check."""
        if self.dry_run:
            return contextlib.nullcontext(Lease(self.house.engine, self.client, flow))
        return held_lease(self.house.engine, self.client, flow)


class WalkConfig(ShareConfig):
    """How a run walks."""

    dry_run: bool = Field(
        default=False, description="Show what would be written to store, platform and tables; write nothing."
    )


def walk_clients(
    context: dg.AssetExecutionContext,
    house: House,
    each: Callable[[ClientWalk], Awaitable[None]],
    config: ShareConfig,
) -> Iterator[dg.MaterializeResult[None]]:
    """Walk every client of the run's partitions through `each`, several at once.

    It yields nothing: an output would mark every partition of the run as made. Each walk reports its own.

    Raises:
        dagster.Failure: at least one client failed, after all have been walked.
    """
    failures = asyncio.run(_walk_all(context, house, each, config))
    if failures:
        said = "\n".join(f"{client}: {text.removeprefix(f'{client}: ')}" for client, text in sorted(failures.items()))
        raise dg.Failure(f"failed for {len(failures)} of the run's clients:\n{said}")
    yield from ()


async def _walk_all(
    context: dg.AssetExecutionContext,
    house: House,
    each: Callable[[ClientWalk], Awaitable[None]],
    config: ShareConfig,
) -> Mapping[str, str]:
    is_dry = isinstance(config, WalkConfig) and config.dry_run
    setups = house.setups()
    flow = context.assets_def.node_def.name
    health = FlowHealth(context, house.engine)
    places = asyncio.Semaphore(_CLIENTS_AT_ONCE)
    failures: dict[str, str] = {}

    async def walk_one(client: str, days: list[date]) -> None:
        async with places:
            setup = setups.clients.get(client)
            if setup and setup.paused:
                context.log.info("%s: paused in its master setup: left alone", client)
                return
            began = datetime.now(UTC)
            trouble: Exception | None = None
            if config.clients and days and not (days := _begun(days, setup, began)):
                context.log.info("%s: none of the days has begun there", client)
                return
            events = PartitionEvents(context, client, days, green)
            try:
                walk = ClientWalk(context, house, setups[client], days, events=events, dry_run=is_dry)
                with progress_watched(house.longest_stall):
                    await each(walk)
                if is_night:
                    walk.note(days)
            except (ClientFailure, *_UNDERSTOOD) as failure:
                failures[client], trouble = str(failure), failure
            except Exception as fault:  # A fault of ours in one client's walk costs no other client.
                context.log.exception("%s: the walk broke", client)
                # Its text may quote a row, and goes out with the alerts.
                failures[client], trouble = f"{type(fault).__name__}, a fault of the program: see the log", fault
            reason = failures.get(client, "").removeprefix(f"{client}: ")
            events.end(reason)
            if not isinstance(trouble, LeaseTaken) and not is_dry:
                kind = _kind(trouble)
                await asyncio.to_thread(health.note, client, setup, days, began=began, trouble=kind, reason=reason)

    shares = config.shares([] if config.clients else context.partition_keys)
    green = await asyncio.to_thread(_green, context, shares) if config.clients and not is_dry else None
    # What the runs by day have counted is counted anew by the night, changed or not.
    is_night = any(days and days[-1] - days[0] >= LOOK_BACK for days in shares.values())
    async with held_lease(house.engine, context.run.run_id, RUN_FLOW):
        async with asyncio.TaskGroup() as tasks:
            for client, days in shares.items():
                tasks.create_task(walk_one(client, days))
        await asyncio.to_thread(note_open_rows, context.log, house, flow, context.run.run_id)
    return failures


def _green(context: dg.AssetExecutionContext, shares: Mapping[str, Sequence[date]]) -> Green:
    """Which of the run's partitions are green; settled days are told anew, by the night that goes back to them last.

    Otherwise each of the runs by day that changed one of them would have to be kept for its sake.
    """
    settled = max((day for days in shares.values() for day in days), default=date.max) - LOOK_BACK
    keys: list[str] = []
    for client, days in shares.items():
        keys += [str(day_key(client, day)) for day in days if day > settled] if days else [client]
    assets = [key.to_user_string() for key in context.selected_asset_keys]
    return green_partitions(context.instance, assets, keys)


def _begun(days: list[date], setup: MasterSetup | None, now: datetime) -> list[date]:
    return [day for day in days if setup is None or day <= day_of(now, setup.zone)]


def _kind(trouble: Exception | None) -> Trouble | None:
    if trouble is None:
        return None
    if isinstance(trouble, SetupError | Unauthorized):
        return Trouble.LASTING
    if isinstance(trouble, UnknownStatus) or (isinstance(trouble, StoreError) and not trouble.transient):
        return Trouble.MENDABLE
    return Trouble.PARTIAL if isinstance(trouble, ClientFailure) and trouble.is_partial else Trouble.PASSING

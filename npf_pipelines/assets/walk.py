"""The walk that all families share: a run's partitions by client, each client on its own, its partitions reported.

A client that fails leaves its remaining partitions red and costs no other client anything: the failures are
collected and raised as one at the end. Not here: what a family does for a client (orders.py, shipments.py, stock.py).
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg
from sqlalchemy.exc import SQLAlchemyError

from npf_pipelines.assets.flow_health import FlowHealth
from npf_pipelines.assets.metadata import partition_metadata
from npf_pipelines.cscart.errors import StoreError
from npf_pipelines.cscart.statuses import UnknownStatus
from npf_pipelines.house import House
from npf_pipelines.lake import NotWritten
from npf_pipelines.master_setup import MasterSetup, SetupError
from npf_pipelines.partitions import day_key, days_by_client
from npf_pipelines.platform.lease import LeaseLost, LeaseTaken, held_lease
from npf_pipelines.rules.retries import Trouble
from npf_pipelines.tables import Table

_CLIENTS_AT_ONCE = 16

_UNDERSTOOD = (StoreError, SetupError, UnknownStatus, NotWritten, LeaseTaken, LeaseLost, SQLAlchemyError)
"""Failures whose own text says what happened and what to do; any other is a fault of ours, with its trace."""


RUN_FLOW = "run"
"""The flow of the lease that a run holds under its own id: while it is renewed, the run's process lives."""


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

    def __init__(self, context: dg.AssetExecutionContext, house: House, setup: MasterSetup, days: list[date]) -> None:
        self._context = context
        self.house = house
        self.setup = setup
        self.days = days
        self.now = datetime.now(UTC)

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
        self, table: Table, rows: list[dict[str, Any]], day: date | None = None, **notes: dg.MetadataValue
    ) -> None:
        """Write a partition and report it as made."""
        frame = self.house.lake.write(table, rows, client=self.client, day=day)
        self._context.log_event(
            dg.AssetMaterialization(
                table.name,
                partition=day_key(self.client, day) if day else self.client,
                metadata=partition_metadata(table, frame) | notes,
            )
        )

    def keep(self, table: Table, rows: list[dict[str, Any]], day: date | None = None) -> None:
        """Write a partition that is not made yet: its rows tell what it waits for, and it stays red."""
        self.house.lake.write(table, rows, client=self.client, day=day)


def walk_clients(
    context: dg.AssetExecutionContext, house: House, each: Callable[[ClientWalk], Awaitable[None]]
) -> Iterator[dg.MaterializeResult[None]]:
    """Walk every client of the run's partitions through `each`, several at once.

    It yields nothing: an output would mark every partition of the run as made. Each walk reports its own.

    Raises:
        dagster.Failure: at least one client failed, after all have been walked.
    """
    failures = asyncio.run(_walk_all(context, house, each))
    if failures:
        said = "\n".join(f"{client}: {text.removeprefix(f'{client}: ')}" for client, text in sorted(failures.items()))
        raise dg.Failure(f"failed for {len(failures)} of the run's clients:\n{said}")
    yield from ()


async def _walk_all(
    context: dg.AssetExecutionContext, house: House, each: Callable[[ClientWalk], Awaitable[None]]
) -> Mapping[str, str]:
    setups = house.setups()
    health = FlowHealth(context, house)
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
            try:
                await each(ClientWalk(context, house, setups[client], days))
            except (ClientFailure, *_UNDERSTOOD) as failure:
                failures[client], trouble = str(failure), failure
            except Exception as fault:  # A fault of ours in one client's walk costs no other client.
                context.log.exception("%s: the walk broke", client)
                failures[client], trouble = f"{type(fault).__name__}: {fault}", fault
            if not isinstance(trouble, LeaseTaken):
                kind, reason = _kind(trouble), failures.get(client, "").removeprefix(f"{client}: ")
                await asyncio.to_thread(health.note, client, days, began, kind, reason)

    if all("|" in key for key in context.partition_keys):
        shares = days_by_client(context.partition_keys)
    else:
        shares = {client: [] for client in context.partition_keys}
    async with held_lease(house.engine, context.run.run_id, RUN_FLOW), asyncio.TaskGroup() as walks:
        for client, days in shares.items():
            walks.create_task(walk_one(client, days))
    return failures


def _kind(trouble: Exception | None) -> Trouble | None:
    if trouble is None:
        return None
    if isinstance(trouble, SetupError | UnknownStatus) or (isinstance(trouble, StoreError) and not trouble.transient):
        return Trouble.LASTING
    return Trouble.PARTIAL if isinstance(trouble, ClientFailure) and trouble.is_partial else Trouble.PASSING

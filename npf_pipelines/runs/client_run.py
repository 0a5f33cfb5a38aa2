"""One client's part of a run: its setup, its days, and what a flow needs to work on them.

Nothing here depends on Dagster, so that tests run a flow for one client without it.
Not here: what a flow does for a client (assets/), the loop over the clients (run_clients.py), how partitions are
written (partition_writer.py).
"""

import contextlib
import functools
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from npf_pipelines.config.master_setup import MasterSetup, SetupError
from npf_pipelines.config.setup_files import scopes_of
from npf_pipelines.config.store_address import comparable_address, do_overlap
from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.days import day_of
from npf_pipelines.domain.flow_counts import FlowCounts
from npf_pipelines.domain.own_numbers import OwnNumbers
from npf_pipelines.domain.writes import Writes
from npf_pipelines.lake.table import Table
from npf_pipelines.rules.client_mode import allowed_writes
from npf_pipelines.rules.quiet_hours import in_words, quiet_until
from npf_pipelines.runs.client_tables import ClientTables
from npf_pipelines.runs.open_items import Recounts
from npf_pipelines.runs.own_numbers import KeptNumbers
from npf_pipelines.runs.partition_writer import PartitionWriter
from npf_pipelines.runs.services import Services
from npf_pipelines.state.client_stores import other_client_of, remember_store
from npf_pipelines.state.lease import Lease, held_lease
from npf_pipelines.state.open_items import open_days


class ClientRun:
    """One client's part of a run.

    Attributes:
        services: master setups, lake, platform and stores.
        setup: the client's master setup.
        days: the days of the run, oldest first; empty for a flow without days.
        partitions: writes and reports the client's partitions.
        recounts: takes the days whose open items are counted when the run ends.
        tables: the client's tables of the lake.
        dry_run: whether nothing may be written, not even a table.
        in_trial: whether the client is in trial: its tables are written, with what would be written elsewhere as
            planned.
        writes: which writes to store and platform are allowed; the others are planned.
        is_automated: whether a schedule or a sensor requested the run.
        quiet_until: the end of the quiet hours in which the part began, UTC; None where it began in none.
        store_writes: as `writes`, of the store alone: none in quiet hours.
        now: the moment at which the client's part began.
        counts: what the part counts for the metrics.
    """

    def __init__(
        self,
        services: Services,
        setup: MasterSetup,
        days: list[date],
        *,
        tables: ClientTables,
        partitions: PartitionWriter,
        recounts: Recounts,
        selected: Collection[str],
        log: Callable[[str], None],
        counts: FlowCounts,
        dry_run: bool = False,
        in_trial: bool = False,
        certifies: bool = False,
        is_automated: bool = False,
    ) -> None:
        """Begin now.

        The arguments are the attributes, `selected` (the names of the assets that the run makes), `log` (writes a line
        to the run's log) and `certifies` (whether test orders may be written although the client is in trial).
        """
        self.services, self.setup, self.days = services, setup, days
        self.partitions, self.recounts = partitions, recounts
        self.tables = tables
        self.dry_run, self.in_trial, self.is_automated = dry_run, in_trial, is_automated
        self.writes = allowed_writes(dry_run=dry_run, in_trial=in_trial, certifies=certifies)
        self.now = datetime.now(UTC)
        is_bound = self.writes is Writes.ALL and not certifies  # A person who certifies is waiting for it.
        self.quiet_until = quiet_until(self.now, setup.store.quiet_hours, setup.zone) if is_bound else None
        self.store_writes = Writes.NONE if self.quiet_until else self.writes
        self.counts = counts
        self._selected, self._log = selected, log

    @property
    def client(self) -> str:
        """The client's id."""
        return self.setup.id

    @property
    def today(self) -> date:
        """The client's day when its part of the run began."""
        return day_of(self.now, self.setup.zone)

    @property
    def why_quiet(self) -> str:
        """The sentence about a push that waits for the end of the quiet hours; empty where none does."""
        return in_words(self.quiet_until, self.setup.zone) if self.quiet_until else ""

    def selects(self, table: Table) -> bool:
        """Whether the run makes this table's partitions."""
        return table.name in self._selected

    @functools.cached_property
    def open_days(self) -> Mapping[str, Collection[date | None]]:
        """The client's days with open items, by kind; None for items without a day. They were counted before the run.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the state's database can't be reached.
        """
        return open_days(self.services.state, self.client)

    def days_with(self, kinds: Iterable[str]) -> set[date]:
        """The days with open items of one of the kinds. Raises as `open_days`."""
        return {day for kind in kinds for day in self.open_days.get(kind, ()) if day}

    @functools.cached_property
    def _kept_numbers(self) -> KeptNumbers:
        return KeptNumbers(self.tables, self.setup.orders.prefix)

    @property
    def own_numbers(self) -> OwnNumbers:
        """The numbers of the client's orders on the platform; all others are of its other carts."""
        return self._kept_numbers.own

    def take_numbers(self, facts: Mapping[str, Any]) -> None:
        """Take the numbers from the client's row of store_facts, which was read just now."""
        self._kept_numbers = KeptNumbers(self.tables, self.setup.orders.prefix, facts)

    def keep_numbers(self, recognised: Collection[tuple[str, str]] = (), *, imports: bool = False) -> None:
        """Keep the numbers for later runs.

        Args:
            recognised: order number and store order id of further orders that are the store's.
            imports: whether orders are about to be imported under the present prefix.
        """
        self._kept_numbers.recognise(recognised)
        if imports and self.writes is not Writes.NONE:
            self._kept_numbers.use_prefix()
        self._kept_numbers.keep()

    def add_days(self, days: Collection[date]) -> None:
        """Include further days in the client's part of the run."""
        self.days = sorted({*self.days, *days})
        self.partitions.add_days(days)

    def log(self, text: str) -> None:
        """Write a line about the client to the run's log."""
        self._log(f"{self.client}: {text}")

    @contextlib.asynccontextmanager
    async def store(self) -> AsyncIterator[Store]:
        """The client's store, open. Rows of its lists that can't be read are logged when it is closed.

        Raises:
            SetupError: the API key is not in the environment, or another client has worked with the store.
        """
        address, scopes = comparable_address(self.setup.store.url), scopes_of(self.setup)

        def is_in(used: str) -> bool:
            return any(do_overlap(scope, used) for scope in scopes)

        other = other_client_of(self.services.state, self.client, address, is_in)
        if other:
            raise SetupError(
                f"{self.client}: store.url: the client {other} has worked with this store, and {self.client} would "
                f"import its orders a second time. If {other} was renamed, run: npf client rename {other} "
                f"{self.client}. If {other} has left the store, or this part of it, to {self.client}: npf client "
                f"release-store {other}"
            )
        async with self.services.store(self.setup, read_only=self.writes is Writes.NONE) as store:
            if self.writes is Writes.ALL:  # Before the work: a run that fails later may have imported orders.
                for scope in scopes:
                    remember_store(self.services.state, self.client, scope)
            try:
                yield store
            finally:
                self.counts.requests += store.requests
                self.counts.writes += store.writes
                for row in store.unreadable:
                    self.log(str(row))

    @contextlib.asynccontextmanager
    async def lease(self, flow: str) -> AsyncIterator[Lease]:
        """The client's lease for a flow, held. A dry run holds none, so that no write could pass its check.

        The wait for a lease that a nightly job holds for seconds costs other clients nothing: each has its own thread.

        Raises:
            LeaseTaken: another run is at work on the client.
        """
        if self.dry_run:
            yield Lease(self.services.state, self.client, flow)
            return
        async with held_lease(self.services.state, self.client, flow) as lease:
            self.tables.forget()  # The run that held it before may have written since they were read.
            yield lease

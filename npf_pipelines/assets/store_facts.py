"""Facts about a client's store that are kept between runs as the table store_facts.

Its statuses, the abilities of its lists, its carriers' links, and how far its changes were read. Losing the table costs
a few requests and no order: every fact is asked for again.
Not here: how the row is kept (runs/kept_facts.py), the numbers of orders in it (runs/own_numbers.py), what a status
means (rules/status_meaning.py).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from npf_pipelines.config.master_setup import MasterSetup, SetupError
from npf_pipelines.cscart.carrier_links import CarrierLinks
from npf_pipelines.cscart.errors import Forbidden
from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.clock import TOLERANCE, unless_future
from npf_pipelines.domain.order_statuses import SHIPPED_STATUSES, Status, UnknownStatus
from npf_pipelines.rules.setup_check import NOT_READ
from npf_pipelines.rules.status_meaning import StatusMeanings, status_meanings
from npf_pipelines.runs.client_tables import ClientTables
from npf_pipelines.runs.kept_facts import keep_facts, kept_facts

_GOOD_FOR = timedelta(days=1)


class StoreFacts:
    """The facts about one client's store; a fact that is missing or too old is asked for."""

    def __init__(
        self, store: Store, setup: MasterSetup, tables: ClientTables, *, now: datetime, log: Callable[[str], None]
    ) -> None:
        """Read what is kept.

        Args:
            store: the client's store, open.
            setup: its master setup.
            tables: its tables of the lake.
            now: the moment from which the age of a fact counts.
            log: writes a line to the run's log.
        """
        self._store, self._setup, self._tables, self._now, self._log = store, setup, tables, now, log
        self._statuses_read = False
        self._row = kept_facts(tables)
        self._new: dict[str, Any] = {}

    @property
    def kept(self) -> Mapping[str, Any]:
        """The row of store_facts, as this run has read or written it last."""
        return self._row

    async def meanings(self) -> StatusMeanings:
        """The meaning of each of the store's statuses for the client.

        If the API user may not read them, the statuses that CS-Cart ships with are used.

        Raises:
            UnknownStatus: the store, asked again, doesn't have a status that the setup names.
            SetupError: the setup contradicts itself in this store, which was asked again.
            StoreError: the store can't be asked.
        """
        # An earlier release did not keep whether they could be read.
        if self._is_fresh("statuses_read_at") and self._row["statuses_unreadable"] is not None:
            kept = [Status.model_validate(status) for status in self._row["statuses"]]
            try:
                return status_meanings(self._setup, kept, were_read=not self._row["statuses_unreadable"])
            except (UnknownStatus, SetupError):
                pass  # The merchant may have created or renamed the status since.
        return await self._read_meanings()

    async def meanings_read_now(self) -> StatusMeanings:
        """The same, as read in this run; not asked again if the API user may not read them."""
        meanings = await self.meanings()
        return meanings if self._statuses_read or not meanings.were_read else await self._read_meanings()

    async def _read_meanings(self) -> StatusMeanings:
        statuses, were_read = await readable_statuses(self._store)
        meanings = status_meanings(self._setup, statuses, were_read=were_read)
        if not were_read:
            self._log(NOT_READ)
        self._statuses_read = True
        self._keep(
            statuses=[status.model_dump() for status in statuses],
            statuses_unreadable=not were_read,
            statuses_read_at=self._now,
        )
        return meanings

    async def knows_changes(self) -> bool:
        """Whether the store can list its orders by their last change.

        Raises:
            StoreError: the store can't be asked.
        """
        if not self._is_fresh("probed_at") or self._row["updated_at_filter"] is None:
            self._keep(updated_at_filter=await self._store.knows_changes(), probed_at=self._now)
        return bool(self._row["updated_at_filter"])

    @property
    def changes_read_until(self) -> datetime | None:
        """The moment up to which changed orders were read; None if never, or if that is in the future."""
        return unless_future(self._row["changes_read_until"], self._now)

    def keep_changes_read(self, clock_ahead: timedelta | None) -> None:
        """Keep that changed orders were read and processed up to the start of this run, by the store's clock.

        An order's last change has a time of the store. A clock that is further off than two clocks may be is not
        heeded: the time may be of a machine in front of the store.

        Args:
            clock_ahead: by how much the store's clock is ahead of this machine's; None if that isn't known.
        """
        ahead = clock_ahead or timedelta()
        self._keep(changes_read_until=self._now + (ahead if abs(ahead) < TOLERANCE else timedelta()))

    def carrier_links(self) -> CarrierLinks:
        """The carrier codes for which the store has shown a tracking link, and those for which it has not."""
        return CarrierLinks({link["code"]: link["links"] for link in self._row["carrier_links"] or ()})

    def keep_carrier_links(self, links: CarrierLinks) -> None:
        """Keep what a push has learnt about the store's carriers."""
        if links.is_changed:
            self._keep(carrier_links=[{"code": code, "links": has} for code, has in sorted(links.known.items())])

    def _is_fresh(self, column: str) -> bool:
        since = unless_future(self._row[column], self._now)
        return since is not None and self._now - since < _GOOD_FOR

    def _keep(self, **facts: Any) -> None:
        self._new |= facts
        self._row = keep_facts(self._tables, self._new)


async def readable_statuses(store: Store) -> tuple[Sequence[Status], bool]:
    """The store's statuses and True; if the API user may not read them, CS-Cart's default statuses and False.

    Raises:
        StoreError: the store can't be asked.
    """
    try:
        return await store.statuses(), True
    except Forbidden:
        return SHIPPED_STATUSES, False

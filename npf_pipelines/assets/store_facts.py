"""What is known of a client's store between runs: its statuses, what its lists can do, how far its changes were read.

Kept as the table store_facts. Losing it costs a few requests and no order: everything in it is found out again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from npf_pipelines.config.master_setup import SetupError
from npf_pipelines.cscart.carrier_links import CarrierLinks
from npf_pipelines.cscart.errors import Forbidden
from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.clock import unless_future
from npf_pipelines.domain.order_statuses import SHIPPED_STATUSES, Status, UnknownStatus
from npf_pipelines.lake.lake import NotWritten
from npf_pipelines.lake.tables import STORE_FACTS
from npf_pipelines.rules.setup_check import NOT_READ
from npf_pipelines.rules.status_meaning import StatusMeanings, status_meanings
from npf_pipelines.runs.client_run import ClientRun

_GOOD_FOR = timedelta(days=1)


class StoreFacts:
    """The facts about one client's store; what is missing or too old is asked for."""

    def __init__(self, client_run: ClientRun, store: Store) -> None:
        self._client_run, self._store = client_run, store
        self._statuses_read = False
        self._row = kept_facts(client_run)
        self._found_out: dict[str, Any] = {}

    async def meanings(self) -> StatusMeanings:
        """What the store's statuses mean for the client.

        Where the API user may not read them, those that CS-Cart ships with count.

        Raises:
            UnknownStatus: the store, asked again, doesn't have a status that the setup names.
            SetupError: the setup contradicts itself in this store, which was asked again.
            StoreError: the store can't be asked.
        """
        # An earlier release didn't write down whether they could be read.
        if self._is_fresh("statuses_read_at") and self._row["statuses_unreadable"] is not None:
            kept = [Status.model_validate(status) for status in self._row["statuses"]]
            try:
                return status_meanings(self._client_run.setup, kept, were_read=not self._row["statuses_unreadable"])
            except (UnknownStatus, SetupError):
                pass  # It may have been given that name since.
        return await self._read_meanings()

    async def meanings_read_now(self) -> StatusMeanings:
        """The same, as read in this run; not asked again where they may not be read."""
        meanings = await self.meanings()
        return meanings if self._statuses_read or not meanings.were_read else await self._read_meanings()

    async def _read_meanings(self) -> StatusMeanings:
        statuses, were_read = await readable_statuses(self._store)
        meanings = status_meanings(self._client_run.setup, statuses, were_read=were_read)
        if not were_read:
            self._client_run.log(NOT_READ)
        self._statuses_read = True
        self._keep(
            statuses=[status.model_dump() for status in statuses],
            statuses_unreadable=not were_read,
            statuses_read_at=self._client_run.now,
        )
        return meanings

    async def knows_changes(self) -> bool:
        """Whether the store can list its orders by their last change.

        Raises:
            StoreError: the store can't be asked.
        """
        if not self._is_fresh("probed_at") or self._row["updated_at_filter"] is None:
            self._keep(updated_at_filter=await self._store.knows_changes(), probed_at=self._client_run.now)
        return bool(self._row["updated_at_filter"])

    @property
    def changes_read_until(self) -> datetime | None:
        """Up to when changed orders have been looked for; None if never, or if the time kept is in the future."""
        return unless_future(self._row["changes_read_until"], self._client_run.now)

    def keep_changes_read(self) -> None:
        """Changed orders have been looked for, and dealt with, up to the start of this walk."""
        self._keep(changes_read_until=self._client_run.now)

    def carrier_links(self) -> CarrierLinks:
        """For which carrier codes the store has shown a tracking link, and for which none."""
        return CarrierLinks({one["code"]: one["links"] for one in self._row["carrier_links"] or ()})

    def keep_carrier_links(self, links: CarrierLinks) -> None:
        """Keep what a push has learnt of the store's carriers."""
        if links.is_changed:
            self._keep(carrier_links=[{"code": code, "links": has} for code, has in sorted(links.known.items())])

    def _is_fresh(self, column: str) -> bool:
        since = unless_future(self._row[column], self._client_run.now)
        return since is not None and self._client_run.now - since < _GOOD_FOR

    def _keep(self, **facts: Any) -> None:
        self._found_out |= facts
        # Another flow of the client may have found out something else meanwhile.
        self._row = kept_facts(self._client_run) | self._found_out
        self._client_run.write_cache(STORE_FACTS, [self._row])


def kept_facts(client_run: ClientRun) -> dict[str, Any]:
    """The client's row of store_facts; every column is None where there is none yet."""
    try:
        (row,) = client_run.services.lake.read(STORE_FACTS, client=client_run.client)
    except NotWritten:
        return dict.fromkeys(STORE_FACTS.arrow_schema.names)
    return row


async def readable_statuses(store: Store) -> tuple[Sequence[Status], bool]:
    """The store's statuses and True; where the API user may not read them, those that CS-Cart ships with and False.

    Raises:
        StoreError: the store can't be asked.
    """
    try:
        return await store.statuses(), True
    except Forbidden:
        return SHIPPED_STATUSES, False

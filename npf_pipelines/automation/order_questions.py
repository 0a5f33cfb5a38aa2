"""The question by which new_orders notices changes in a store: which orders the store is to count.

Not here: the facts that it follows from (known_facts.py), what an answer means (rules/change_detection.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from npf_pipelines.automation.known_facts import KnownFacts
from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.clock import unless_future
from npf_pipelines.domain.order_statuses import Status, UnknownStatus
from npf_pipelines.rules.status_meaning import StatusMeanings, status_meanings

_OVERLAP = timedelta(seconds=5)
"""How exactly a run knows the store's clock: a change that it doesn't count is noticed late, by a sweep."""


@dataclass(frozen=True)
class OrderQuestion:
    """A question to a store.

    Attributes:
        changed_since: since when changed orders are counted; None for all orders.
        statuses: the letters of the statuses in which they are counted; empty for all.
    """

    changed_since: datetime | None
    statuses: frozenset[str]


class OrderQuestions:
    """The questions to all stores. Statuses are resolved again only if the setup or the facts have changed."""

    def __init__(self, facts: KnownFacts) -> None:
        self._facts = facts
        self._resolved: dict[str, tuple[MasterSetup, Mapping[str, Any], frozenset[str], frozenset[str]]] = {}

    def needs_file(self, client: str, tried_at: datetime | None) -> bool:
        """Whether `of` reads a file. Arguments as there."""
        return not self._facts.is_read(client, tried_at)

    def of(self, setup: MasterSetup, tried_at: datetime | None, now: datetime) -> OrderQuestion:
        """The question to a client's store.

        Args:
            setup: the client's master setup.
            tried_at: when a run last tried the client.
            now: a kept time in the future of it counts as unknown.

        Raises:
            SetupError: the setup contradicts itself in this store.
        """
        facts = self._facts.of(setup.id, tried_at)
        kept = self._resolved.get(setup.id)
        if kept is None or kept[0] is not setup or kept[1] is not facts:
            kept = self._resolved[setup.id] = (setup, facts, *_statuses(setup, facts))
        _, _, imported, noticed = kept
        read_until = unless_future(facts.get("changes_read_until"), now)
        if not facts.get("updated_at_filter") or not read_until:
            return OrderQuestion(None, imported)
        return OrderQuestion(read_until - _OVERLAP, noticed)


def _statuses(setup: MasterSetup, facts: Mapping[str, Any]) -> tuple[frozenset[str], frozenset[str]]:
    """The letters of the imported statuses, and of all in which a changed order may matter."""
    try:
        meanings = _meanings(setup, facts)
    except UnknownStatus:
        return frozenset(), frozenset()
    # Cancellations must be noticed, too; the runs set the final statuses themselves.
    return meanings.wanted, meanings.wanted | {status.letter for status in meanings.statuses} - meanings.final


def _meanings(setup: MasterSetup, facts: Mapping[str, Any]) -> StatusMeanings:
    """The meanings of the statuses that a run has read.

    Raises:
        UnknownStatus: the setup names a status that isn't known; then orders in all statuses are counted.
        SetupError: the setup contradicts itself in this store.
    """
    statuses = [Status.model_validate(status) for status in facts.get("statuses") or []]
    return status_meanings(setup, statuses, were_read=not facts.get("statuses_unreadable"))

"""The open rows of a client, sorted: the next run's, and a person's with what to do.

Not here: how they are found (facts.py), their kinds (domain/open_kinds.py).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from npf_pipelines.domain.open_kinds import HELD_SKU, OpenKind, kind_of
from npf_pipelines.domain.outcomes import Decision
from npf_pipelines.lake.facts import OpenFact


@dataclass(frozen=True)
class Backlog:
    """The open rows of a client.

    Attributes:
        kinds: how many there are of each kind.
        for_a_person: a person's rows with their kind; empty where only the numbers are known.
    """

    kinds: Counter[OpenKind]
    for_a_person: Sequence[tuple[OpenKind, OpenFact]] = ()

    @property
    def needing_a_person(self) -> int:
        """The rows that need a person."""
        return sum(rows for kind, rows in self.kinds.items() if kind.what_to_do)

    @property
    def waiting(self) -> Counter[str]:
        """The next run's, by what they are about."""
        waiting = Counter[str]()
        for kind, rows in self.kinds.items():
            if not kind.what_to_do:
                waiting[kind.about] += rows
        return waiting

    @property
    def counts(self) -> Counter[tuple[str, str]]:
        """All, by what they are about and their kind's name."""
        counts = Counter[tuple[str, str]]()
        for kind, rows in self.kinds.items():
            counts[kind.about, kind.name] += rows
        return counts

    @property
    def set_aside(self) -> int:
        """Orders and shipments that were set aside."""
        return sum(rows for (_, name), rows in self.counts.items() if name == Decision.SET_ASIDE.words)

    @property
    def drift(self) -> int:
        """SKUs whose amount in the store is not the right one."""
        return sum(
            rows for (about, name), rows in self.counts.items() if about == HELD_SKU.about and name != HELD_SKU.name
        )

    def about(self, about: str) -> list[tuple[OpenKind, OpenFact]]:
        """A person's rows about orders, shipments or stock."""
        return [(kind, row) for kind, row in self.for_a_person if kind.about == about]


def backlog(rows: Iterable[OpenFact]) -> Backlog:
    """Sort open rows into a person's and the next run's."""
    known = [(kind_of(row.kind), row) for row in rows]
    return Backlog(
        kinds=Counter(kind for kind, _ in known),
        for_a_person=[(kind, row) for kind, row in known if kind.what_to_do],
    )

"""Which names of order statuses in a master setup contradict each other.

Not here: what a name means in a store (domain/order_statuses.py), what follows from a status (rules/status_meaning.py).
"""

from collections.abc import Mapping

STOP_FIELD = "orders.stop_statuses"
"""Orders in these statuses stop; in those that any other field names they go on, or are done."""


def contradictions(named: Mapping[str, Mapping[str, str]]) -> list[str]:
    """A sentence for each status that orders are to stop in and that another field names, too.

    A status that is both wanted and a shipped, continue or partially shipped status is no contradiction.

    Args:
        named: for each field the names as written, by what tells two statuses apart: the store's letter where that is
            known, otherwise the text.
    """
    stops = named.get(STOP_FIELD, {})
    return [
        f"{STOP_FIELD} names {stops[status]!r} and {field} names {name!r}, which is the same status: "
        "orders can't both stop and go on in it. Take it out of one of the two"
        for field, names in named.items()
        if field != STOP_FIELD
        for status, name in names.items()
        if status in stops
    ]


def text_key(name: str) -> str:
    """What tells two names apart before the store's statuses are known: of letters the case counts."""
    plain = name.strip()
    return plain if len(plain) == 1 else plain.casefold()

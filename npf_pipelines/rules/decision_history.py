"""The history of the decisions on an order: the present one keeps its time until it changes, the earlier ones stay.

Not here: how an order is decided (orders.py), the table of decisions (lake/tables.py).
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from npf_pipelines.domain.outcomes import Decision

MOST_EARLIER = 20
"""Earlier decisions that are kept of an order: the first and the latest of the others."""
_KEPT = ("decided_at", "decision", "reason")

Row = Mapping[str, Any]


def with_history(row: Row, before: Row | None) -> dict[str, Any]:
    """A decision's row with the earlier decisions on the same order.

    Args:
        row: of the decision, as made now.
        before: the order's row as the last run left it; None if there was none.
    """
    if before is None:
        return {**row, "earlier": None}
    if (row["decision"], row["reason"]) == (before["decision"], before["reason"]):
        return {**row, "decided_at": before["decided_at"], "earlier": before["earlier"]}
    earlier = [*(before["earlier"] or ()), {name: before[name] for name in _KEPT}]
    return {**row, "earlier": earlier[:1] + earlier[1:][-(MOST_EARLIER - 1) :]}


def released(rows: Iterable[Row], imported: Collection[str]) -> set[str]:
    """The numbers of the orders that were held until now: the decision before the present one was to hold them.

    Args:
        rows: of the decisions.
        imported: the ids of the orders that a run has found on the platform since: their hold is long over.
    """
    return {row["order_number"] for row in rows if _was_held(row) and row["order_id"] not in imported}


def _was_held(row: Row) -> bool:
    return bool(row["earlier"]) and row["earlier"][-1]["decision"] == Decision.HELD

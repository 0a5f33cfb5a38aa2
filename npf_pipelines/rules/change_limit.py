"""The brake: a push that would change improbably much stops before its first write, until a person says it is right.

A broken count, an empty snapshot or a wrong client would otherwise empty a shop, or fill it with what isn't there.
"""

from collections.abc import Iterable

from npf_pipelines.config.master_setup import BrakeSetup
from npf_pipelines.domain.outcomes import StockOutcome
from npf_pipelines.rules.stock import StockRow

BRAKE_FELL = "the brake fell"
"""How the failure of a run begins whose push was stopped."""
FEW = 10
"""So many SKUs may always change: in a small catalogue one delivery is a large share."""
_HALF_FROM = 3
"""From so many products on, setting more than half of all to 0 needs a person, however few that is."""


def brake(rows: Iterable[StockRow], limits: BrakeSetup, *, is_first: bool, counts_nothing: bool = False) -> str:
    """Why the push has to stop, in words; empty when it may go on.

    Args:
        rows: what the push would do.
        limits: the master setup's.
        is_first: whether nothing was ever pushed to this store.
        counts_nothing: whether the warehouse has no stock row of the client at all.
    """
    compared = [row for row in rows if row.outcome in {None, StockOutcome.ALREADY_RIGHT}]
    due = [row for row in compared if row.outcome is None]
    zeroed = [row for row in due if (row.wanted or 0) <= 0 < (row.before or 0)]
    of = f"of {len(compared)} products that store and warehouse both have"
    if is_first and due:
        return f"the first push to this store would change {len(due)} {of}, {len(zeroed)} of them to 0"
    if counts_nothing and zeroed:
        return f"the warehouse counts no SKU of this client any more: would set {len(zeroed)} {of} to 0"
    if len(due) > max(FEW, limits.changed_percent * len(compared) / 100):
        return f"would change {len(due)} {of}, more than the {limits.changed_percent} % of stock.brake.changed_percent"
    if len(zeroed) > max(FEW, limits.zeroed_percent * len(compared) / 100):
        return (
            f"would set {len(zeroed)} {of} to 0, more than the {limits.zeroed_percent} % of stock.brake.zeroed_percent"
        )
    if len(zeroed) >= _HALF_FROM and 2 * len(zeroed) > len(compared):
        return f"would set {len(zeroed)} {of} to 0, more than half of them"
    return ""

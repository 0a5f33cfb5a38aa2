"""The change limit: a push that would change improbably much stops before its first write.

A person can override it. A broken count, an empty snapshot or a wrong client would otherwise empty a shop, or offer
stock that doesn't exist.
"""

from collections.abc import Iterable

from npf_pipelines.config.master_setup import ChangeLimitSetup
from npf_pipelines.domain.outcomes import StockOutcome
from npf_pipelines.rules.stock import StockRow

LIMIT_EXCEEDED = "the change limit was exceeded"
"""How a run's failure and an alert name it."""
FEW = 10
"""SKUs that may always change: in a small catalogue one delivery is a large share."""
_HALF_FROM = 3
"""Products set to 0 from which on more than half of all needs a person, however few that is."""


def why_stopped(
    rows: Iterable[StockRow], limits: ChangeLimitSetup, *, is_first: bool, counts_nothing: bool = False
) -> str:
    """Why the push has to stop, in words; empty when it may go on.

    Args:
        rows: the plan of the push.
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
        allowed = f"the {limits.changed_percent} % of stock.change_limit.changed_percent"
        return f"would change {len(due)} {of}, more than {allowed}"
    if len(zeroed) > max(FEW, limits.zeroed_percent * len(compared) / 100):
        allowed = f"the {limits.zeroed_percent} % of stock.change_limit.zeroed_percent"
        return f"would set {len(zeroed)} {of} to 0, more than {allowed}"
    if len(zeroed) >= _HALF_FROM and 2 * len(zeroed) > len(compared):
        return f"would set {len(zeroed)} {of} to 0, more than half of them"
    return ""

"""The change limit: a push that would change improbably much stops before its first write.

A person can override it. A broken count, an empty snapshot or a wrong client would otherwise empty a shop, or offer
stock that doesn't exist.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

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
    rows: Iterable[StockRow],
    limits: ChangeLimitSetup,
    *,
    is_first: bool,
    counts_nothing: bool = False,
    deciding: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Why the push has to stop, in words; empty when it may go on.

    Args:
        rows: the plan of the push.
        limits: the master setup's.
        is_first: whether nothing was ever pushed to this store.
        counts_nothing: whether the warehouse has no stock row of the client at all.
        deciding: by pack and kit the part whose count decides its amount.
    """
    compared = [row for row in rows if row.outcome in {None, StockOutcome.ALREADY_RIGHT}]
    due = [row for row in compared if row.outcome is None]
    zeroed = [row for row in due if (row.wanted or 0) <= 0 < (row.before or 0)]
    of = f"of {len(compared)} products that store and warehouse both have"
    if is_first and due:
        return f"the first push to this store would change {len(due)} {of}, {len(zeroed)} of them to 0"
    if counts_nothing and zeroed:
        return f"the warehouse counts no SKU of this client any more: would set {len(zeroed)} {of} to 0"
    changed, emptied, all_of = (_number(each, deciding) for each in (due, zeroed, compared))
    of = f"of {all_of} products that store and warehouse both have"
    if all_of < len(compared):
        of += " (kits with the same scarcest part count as one)"
    if changed > max(FEW, limits.changed_percent * all_of / 100):
        allowed = f"the {limits.changed_percent} % of stock.change_limit.changed_percent"
        return f"would change {changed} {of}, more than {allowed}"
    if emptied > max(FEW, limits.zeroed_percent * all_of / 100):
        allowed = f"the {limits.zeroed_percent} % of stock.change_limit.zeroed_percent"
        return f"would set {emptied} {of} to 0, more than {allowed}"
    if emptied >= _HALF_FROM and 2 * emptied > all_of:
        return f"would set {emptied} {of} to 0, more than half of them"
    return ""


def _number(rows: Iterable[StockRow], deciding: Mapping[str, str]) -> int:
    """How many products the rows are, with a part and all kits whose amount its count decides as one of them.

    That count is one fact, however many kits it empties; a broken count shows in many parts.
    """
    parts = set(deciding.values())
    codes = ((deciding.get(row.sku, row.sku), row.product_id) for row in rows)
    return len({(code, None if code in parts else product_id) for code, product_id in codes})

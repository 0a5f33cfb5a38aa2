"""SKUs whose count on the platform can't be read: each keeps its amount in the store and has a row that says why.

Not here: how a figure is read (platform/values.py), what is pushed for the other SKUs (stock.py).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from npf_pipelines.domain.outcomes import StockOutcome
from npf_pipelines.domain.platform_orders import StockFigure
from npf_pipelines.rules.stock import StockRow


def uncounted(figures: Iterable[StockFigure]) -> dict[str, str]:
    """Why the count of a SKU can't be read, by SKU; the others are left out."""
    return {figure.sku: figure.unreadable for figure in figures if figure.unreadable}


def with_uncounted(rows: Iterable[StockRow], reasons: Mapping[str, str]) -> Iterator[StockRow]:
    """The rows of a plan that was made without these SKUs, with a row for each of them.

    Args:
        rows: the plan; to it the SKUs are unknown to the warehouse.
        reasons: why the count of a SKU can't be read, by SKU.
    """
    left = dict(reasons)
    for row in rows:
        if row.sku in reasons and row.outcome is StockOutcome.NOT_IN_WAREHOUSE:
            left.pop(row.sku, None)
            yield replace(row, outcome=StockOutcome.UNCOUNTED, reason=_reason(reasons[row.sku]))
        else:
            yield row
    for sku, why in left.items():
        yield StockRow(sku, None, None, None, StockOutcome.UNCOUNTED, _reason(why))


def _reason(why: str) -> str:
    return (
        f"the platform's count of the SKU can't be read: {why}. The store keeps its amount. Ask the warehouse to "
        "correct it: the next push takes it up"
    )

"""Whether the platform's figures hold all that its open orders take of the SKUs that it counts.

Not here: asking the platform (automation/stock_checks.py), the SKUs that it doesn't count (platform/unknown_skus.py).
"""

from collections import Counter
from collections.abc import Iterable

from npf_pipelines.domain.platform_orders import OrderStatus, PlatformRecord, StockFigure


def imbalances(figures: Iterable[StockFigure], open_records: Iterable[PlatformRecord]) -> list[tuple[str, str]]:
    """Each SKU whose figure isn't the sum of its open orders, and what is wrong with it.

    Args:
        figures: the platform's figures.
        open_records: its open orders of the same moment, counted here line by line.
    """
    taken: dict[bool, Counter[str]] = {False: Counter(), True: Counter()}
    for record in open_records:
        if not record.order.is_test:
            taken[record.status is OrderStatus.BACK_ORDER].update(record.open_units)
    found = []
    for figure in figures:
        ours = (taken[False][figure.sku], taken[True][figure.sku])
        if ours != (figure.in_process, figure.back_orders):
            said = f"{figure.in_process} in process and {figure.back_orders} on back order by the platform's figures"
            found.append((figure.sku, f"{said}, {ours[0]} and {ours[1]} by its open orders"))
    return sorted(found)

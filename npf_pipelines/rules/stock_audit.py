"""Whether the platform's figures are the sums of its open orders.

Not here: reading the platform (automation/stock_checks.py), SKUs without a count (platform/unknown_skus.py).
"""

from collections import Counter
from collections.abc import Iterable

from npf_pipelines.domain.platform_orders import OrderStatus, PlatformRecord, StockFigure


def imbalances(figures: Iterable[StockFigure], open_records: Iterable[PlatformRecord]) -> list[tuple[str, str]]:
    """Each SKU whose figure isn't the sum of its open orders, with the difference in words.

    Args:
        figures: the platform's figures.
        open_records: its open orders at the same time.
    """
    taken: dict[bool, Counter[str]] = {False: Counter(), True: Counter()}
    for record in open_records:
        if not record.order.is_test:
            taken[record.status is OrderStatus.BACK_ORDER].update(record.open_units)
    found = []
    for figure in figures:
        summed = (taken[False][figure.sku], taken[True][figure.sku])
        if summed != (figure.in_process, figure.back_orders):
            said = f"{figure.in_process} in process and {figure.back_orders} on back order by the platform's figures"
            found.append((figure.sku, f"{said}, {summed[0]} and {summed[1]} by its open orders"))
    return sorted(found)

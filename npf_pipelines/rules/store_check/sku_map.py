"""The client's SKU map: whether it is good, and its codes that the store doesn't have.

Not here: which maps are good (rules/sku_map.py), the codes that store and warehouse share (products.py).
"""

from collections.abc import Iterator

from npf_pipelines.domain.store_answers import StoreAnswers, Unanswered
from npf_pipelines.domain.store_check import Finding
from npf_pipelines.domain.text import counted
from npf_pipelines.rules.store_check.lines import error, first_few, ok, warning

_TOPIC = "SKU map"
_NAMED = 3
"""Rows that are named."""


def map_findings(answers: StoreAnswers) -> Iterator[Finding]:
    """The findings about the map; none for a client without one."""
    read, warehouse = answers.products, answers.warehouse
    if isinstance(warehouse, Unanswered) or warehouse.map_problems is None:
        return
    if warehouse.map_problems:
        todo = "Correct the rows (orders.skus): until then the last good map is used."
        yield error(_TOPIC, f"{'; '.join(warehouse.map_problems[:_NAMED])}.", todo)
        return
    codes = warehouse.sku_map.parts.keys()
    yield ok(_TOPIC, f"{counted(len(codes), 'code')} of the store are others in the warehouse.")
    if isinstance(read, Unanswered) or not read.is_complete:
        return
    missing = sorted(codes - {product.sku for product in read.products})
    if missing:
        yield warning(
            _TOPIC,
            f"{len(missing)} of its codes are no product of the store: {first_few(missing)}.",
            "Correct the codes in the map: letter case counts. Codes that the store had before can stay.",
        )

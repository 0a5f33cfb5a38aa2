"""Orders, quantities and shipments of a store for Hypothesis, with few SKUs and numbers, so that they often meet.

Not here: single examples (builders.py).
"""

from collections.abc import Mapping, Sequence

from hypothesis import strategies as st

from npf_pipelines.domain.store_shipments import Shipment
from npf_pipelines_tests.builders import line, order, shipment

SKUS = ("KITE", "DRUM", "Test001")

orders = st.lists(st.tuples(st.sampled_from(SKUS), st.integers(0, 4)), min_size=1, max_size=5).map(
    lambda lines: order(*(line(f"i{number}", sku, quantity) for number, (sku, quantity) in enumerate(lines)))
)
quantities = st.dictionaries(st.sampled_from((*SKUS, "SAND")), st.integers(1, 5), min_size=1)


def in_store(contents: Sequence[tuple[str, Mapping[str, int]]]) -> list[Shipment]:
    """Shipments of a store by tracking number and quantities of item_ids."""
    return [shipment(str(number), tracking, **items) for number, (tracking, items) in enumerate(contents, 1)]


shipments = st.lists(
    st.tuples(
        st.sampled_from(["T1", "T2", ""]),
        st.dictionaries(st.sampled_from([f"i{number}" for number in range(6)]), st.integers(1, 3)),
    ),
    max_size=4,
).map(in_store)

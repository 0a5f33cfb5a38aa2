"""Tests of npf_pipelines.assets.pull with orders that no store should have, among good ones: 10,000 in all."""

import asyncio
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from npf_pipelines.assets.pull import Orders, pull_days
from npf_pipelines.domain.store_orders import Order, UnreadableOrder
from npf_pipelines_tests.assets.conftest import DAYS, FIRST, LAST, ZONE, second_of
from npf_pipelines_tests.assets.list_store import ListStore, order_row

ORDERS, EXAMPLES = 200, 50

MISSING = object()
DEEP: list[Any] = []
for _ in range(200):
    DEEP = [DEEP, "x"]
NO_NUMBER = [MISSING, "", "abc", -5, 1.5, "1,000", [1], {"a": 1}, True, "9" * 30, 1e25, DEEP]
NO_TEXT = [True, [1], {"a": {"b": [None]}}, DEEP, "x" * 65_536]
RUINS: dict[str, list[Any]] = {
    "order_id": NO_NUMBER,
    "timestamp": NO_NUMBER,
    "status": [MISSING, "", None, *NO_TEXT],
    "total": ["abc", "1,000.00", [1], DEEP, True],
    "notes": NO_TEXT,
    "s_city": NO_TEXT,
    "b_country": NO_TEXT,
    "shipping": ["by air", 5, [5], ["x"], [{"shipping_id": "x"}], {"a": DEEP}],
    "shipment_ids": ["1", ["x"], [[1]], {"a": -1}],
    "products": [MISSING, "none", 5, ["x"], {"11": 5}, {"11": DEEP}, [{}], {"x" * 65_536: {}}],
}
"""By field, what makes an order unreadable whatever else is in it."""
NO_QUANTITY = [*NO_NUMBER, 10**6, "1e9", "half", "NaN", "Infinity", "0x10", "١٢"]
ODD_TEXTS = [
    "",
    "Für Zoë 🎁",
    "a\0b",
    "\ud800",
    "\u202eright to left",
    "'; DROP TABLE orders; --",
    " \t\n",
    "=1+1",
]

ruined_fields = st.sampled_from([(name, value) for name, values in RUINS.items() for value in values])
ruined_lines = st.sampled_from([("amount", value) for value in NO_QUANTITY] + [("price", "abc"), ("extra", "none")])
rubbish = st.sampled_from(["a word", 7, 1.5, True, "list", "object"])
good = st.tuples(st.integers(0, 999), st.sampled_from(ODD_TEXTS))
orders = st.one_of(
    good.map(lambda drawn: ("good", drawn)),
    good.map(lambda drawn: ("good", drawn)),
    ruined_fields.map(lambda drawn: ("field", drawn)),
    ruined_lines.map(lambda drawn: ("line", drawn)),
    rubbish.map(lambda drawn: ("rubbish", drawn)),
)


def printed(number: int, second: int, kind: str, drawn: Any) -> tuple[int, Any]:
    """The order as its store prints it; each is another one, even where nothing of it can be read."""
    if kind == "rubbish":
        unlike = {"a word": f"row {number}", "list": [number], "object": {"row": number}}
        return second, unlike.get(drawn, float(number) + 0.5)
    _, row = order_row(number, second, invoice_id=str(number))
    line = row["products"]["11"]
    if kind == "good":
        line["amount"], row["notes"] = drawn
    else:
        where = row if kind == "field" else line
        name, value = drawn
        where[name] = value
        if value is MISSING:
            del where[name]
    return second, row


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.generate],  # Making a failing example of 200 orders small takes minutes.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(drawn=st.lists(orders, min_size=ORDERS, max_size=ORDERS), whole=st.sampled_from([True, True, True, True, False]))
def test_malformed_orders_cost_no_other(drawn: list[tuple[str, Any]], whole: bool) -> None:
    spread = (second_of(DAYS) - second_of(0)) // ORDERS
    rows = [
        printed(number, second_of(0) + (number - 1) // 2 * 2 * spread, *order) for number, order in enumerate(drawn, 1)
    ]

    async def pull() -> Orders:
        async with ListStore(rows, whole=whole).open() as store:
            store._order_pages.rows = 30
            return [order async for _, orders in pull_days(store, FIRST, LAST, ZONE) for order in orders]

    pulled = asyncio.run(pull())
    wanted = {
        str(number): (amount, notes.encode("utf-8", "replace").decode().replace("\0", "").replace("\u202e", "").strip())
        for number, (kind, what) in enumerate(drawn, 1)
        if kind == "good"
        for amount, notes in [what]
    }
    found = [order for order in pulled if isinstance(order, Order)]
    bad = [order for order in pulled if isinstance(order, UnreadableOrder)]
    assert len(found) == len(wanted)
    assert {order.order_id: (order.lines[0].quantity, order.notes) for order in found} == wanted
    assert len(bad) == ORDERS - len(wanted)
    for order in bad:
        assert ": " in order.reason
        assert len(order.reason) < 500
        order.reason.encode()

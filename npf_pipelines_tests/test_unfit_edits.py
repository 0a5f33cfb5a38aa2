"""Edits that the import rules object to, from the store to what the data team sees of them."""

import dataclasses
from collections.abc import Sequence

import pytest

from npf_pipelines.domain.open_kinds import open_key
from npf_pipelines.domain.outcomes import OrderOutcome
from npf_pipelines.sandbox.model import Product, ShippingMethod
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines.state.open_items import read_open_items
from npf_pipelines_tests.loop import Loop
from npf_pipelines_tests.order_steps import exceptions, place, platform_row, units

PICK_UP = ShippingMethod(7, "Pick up in store", module="store_locator")
DIFFERS = open_key(OrderOutcome.DIFFERS)


@pytest.fixture
def store(loop: Loop) -> SandboxStore:
    """The store."""
    return loop.stores["acme"]


def pull(loop: Loop) -> None:
    """A run of orders."""
    assert [run.failure for run in loop.run("orders", "acme")] == [""]


def pull_edited(loop: Loop, *order_ids: int) -> None:
    """The merchant saves the orders, and a run reads them."""
    store = loop.stores["acme"]
    for order_id in order_ids:
        store.orders[order_id].updated_at = store.now
    pull(loop)


def on_platform(loop: Loop, order_ids: Sequence[int]) -> list[object]:
    """All that the platform has of the orders."""
    return [(platform_row(loop, order_id), units(loop, order_id)) for order_id in order_ids]


def open_differences(loop: Loop) -> int:
    """The orders of which alerts and reports say that they differ."""
    return sum(items.rows for items in read_open_items(loop.services.state) if items.kind == DIFFERS)


def test_an_edit_that_a_rule_objects_to_waits_for_a_person_and_comes_once_it_is_mended(
    loop: Loop, store: SandboxStore
) -> None:
    fetched, added_to = ids = [place(store), place(store)]
    pull(loop)
    before = on_platform(loop, ids)
    sent_by = store.orders[fetched].shipping
    store.orders[fetched].shipping = (PICK_UP,)
    store.add_product(Product(9100, "", "Gift box", 100, amount=500))
    line, lines = store.orders[added_to].lines[0], store.orders[added_to].lines
    lines.append(dataclasses.replace(line, item_id="9100", product_id=9100, product_code="", name="Gift box"))
    for _ in range(2):
        pull_edited(loop, *ids)
        assert on_platform(loop, ids) == before
        said = dict(exceptions(loop))
        assert said.keys() == {str(order_id) for order_id in ids}
        assert "picked up in the store: nothing to ship. The warehouse has the order" in said[str(fetched)]
        assert "no product code on the lines Gift box" in said[str(added_to)]
        assert open_differences(loop) == len(ids)

    store.orders[fetched].shipping, store.orders[fetched].notes = sent_by, "ring twice"
    lines[1] = dataclasses.replace(lines[1], product_code=line.product_code)
    pull_edited(loop, *ids)
    assert (exceptions(loop), open_differences(loop)) == ([], 0)
    assert platform_row(loop, fetched)["notes"] == "ring twice"
    assert units(loop, added_to) == {line.item_id: 2, "9100": 2}

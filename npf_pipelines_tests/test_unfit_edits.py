"""Edits that the import rules object to, from the store to what the data team sees of them."""

import dataclasses

import pytest

from npf_pipelines.domain.open_kinds import open_key
from npf_pipelines.domain.outcomes import OrderOutcome
from npf_pipelines.lake.facts import open_rows
from npf_pipelines.sandbox.model import Product, ShippingMethod
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.loop import Loop
from npf_pipelines_tests.order_steps import audit, exceptions, outcomes, place, platform_row, today, units

PICK_UP = ShippingMethod(7, "Pick up in store", module="store_locator")


@pytest.fixture
def store(loop: Loop) -> SandboxStore:
    """The store."""
    return loop.stores["acme"]


def save(store: SandboxStore, order_id: int) -> None:
    """The merchant saves the order."""
    store.orders[order_id].updated_at = store.now


def test_what_an_import_rule_objects_to_waits_for_a_person_and_comes_once_it_is_mended(
    loop: Loop, store: SandboxStore
) -> None:
    fetched, added_to = place(store), place(store)
    assert today(loop) == [""]
    before = [(platform_row(loop, each), units(loop, each)) for each in (fetched, added_to)]
    sent_by = store.orders[fetched].shipping
    store.orders[fetched].shipping = (PICK_UP,)
    gift = store.add_product(Product(9100, "", "Gift box", 100, amount=500))
    line = store.orders[added_to].lines[0]
    store.orders[added_to].lines.append(
        dataclasses.replace(line, item_id="9100", product_id=9100, product_code="", product="Gift box")
    )
    for order_id in (fetched, added_to):
        save(store, order_id)
    for _ in range(2):
        assert today(loop) == [""]
        assert [(platform_row(loop, each), units(loop, each)) for each in (fetched, added_to)] == before
        assert outcomes(loop, "differs") == {str(fetched), str(added_to)}
        said = dict(exceptions(loop))
        assert "picked up in the store: nothing to ship" in said[str(fetched)]
        assert "no product code on the lines Gift box" in said[str(added_to)]
    assert not audit(loop, "order_exceptions").passed
    assert gift is None
    assert open_key(OrderOutcome.DIFFERS) and open_rows

    store.orders[fetched].shipping = sent_by
    store.orders[fetched].notes = "ring twice"
    store.orders[added_to].lines[1].product_code = line.product_code
    for order_id in (fetched, added_to):
        save(store, order_id)
    assert today(loop) == [""]
    assert exceptions(loop) == []
    assert platform_row(loop, fetched)["notes"] == "ring twice"
    assert units(loop, added_to) == {line.item_id: 2, "9100": 2}

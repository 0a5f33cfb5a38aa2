"""Tests of what happens to a store: checkout, statuses, stock, mails."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.sandbox.model import Combination, Mail, Product
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines.sandbox.store_defaults import shipped_statuses
from npf_pipelines.sandbox.store_orders import OutOfStockError
from npf_pipelines.sandbox.store_shipments import TooLongError
from npf_pipelines.sandbox.store_state import Change
from npf_pipelines_tests.sandbox.conftest import NOON

LETTERS = "PCOFDBI"


def test_checkout_takes_stock_at_once(store: SandboxStore) -> None:
    order_id = store.place_order([(11, 3), (11, 1), (14, 5)], notes="Ring twice")
    order = store.orders[order_id]
    assert store.products[11].amount == 96
    assert store.products[14].amount == 0, "sand isn't tracked"
    assert (order.timestamp, order.updated_at, order.status, order.notes) == (NOON, NOON, "P", "Ring twice")
    assert len({line.item_id for line in order.lines}) == 3
    assert store.place_order([(11, 1)]) == order_id + 1


def test_checkout_in_a_status_that_takes_nothing(store: SandboxStore) -> None:
    store.place_order([(11, 3)], status="N")
    assert store.products[11].amount == 100


def test_checkout_refuses_what_is_not_there(store: SandboxStore) -> None:
    with pytest.raises(OutOfStockError):
        store.place_order([(11, 1), (12, 2), (12, 1)])
    assert store.products[11].amount == 100
    assert not store.orders


def test_stock_moves_only_between_the_groups(store: SandboxStore) -> None:
    order_id = store.place_order([(11, 3)])
    amounts = []
    for letter in "COFDIPB":
        assert store.change_status(order_id, letter)
        amounts.append(store.products[11].amount)
    assert amounts == [97, 97, 100, 100, 100, 97, 100]


@given(st.lists(st.sampled_from(LETTERS), max_size=12))
def test_stock_is_what_the_last_status_says(letters: list[str]) -> None:
    store = SandboxStore("law", clock=lambda: NOON)
    store.add_product(Product(11, "KITE", "Kite", 100, amount=10))
    order_id = store.place_order([(11, 4)])
    for letter in letters:
        store.change_status(order_id, letter)
    taken = store.statuses[store.orders[order_id].status].inventory == "D"
    assert store.products[11].amount == (6 if taken else 10)


def test_an_unknown_letter_moves_no_stock(store: SandboxStore) -> None:
    order_id = store.place_order([(11, 3)])
    assert store.change_status(order_id, "?")
    assert store.products[11].amount == 97


def test_a_merchant_changes_everything_about_a_status_but_its_letter(store: SandboxStore) -> None:
    order_id = store.place_order([(11, 3)])
    store.define_status("D", "Ready to dispatch", "D")
    store.define_status("R", "Refunded", "I")
    store.define_status("X", "Printed", "")
    amounts = []
    for letter in "DRDXR":
        assert store.change_status(order_id, letter)
        amounts.append(store.products[11].amount)
    assert amounts == [97, 100, 97, 97, 97]


def test_a_changed_amount_moves_stock_and_keeps_the_lines_ids(store: SandboxStore) -> None:
    order_id = store.place_order([(11, 3), (14, 1)])
    before = [line.item_id for line in store.orders[order_id].lines]
    store.change_amounts(order_id, {before[0]: 5})
    assert [(line.item_id, line.amount) for line in store.orders[order_id].lines] == [(before[0], 5), (before[1], 1)]
    assert store.products[11].amount == 95


def test_the_customer_is_mailed_as_the_status_says(store: SandboxStore) -> None:
    order_id = store.place_order([(11, 1)])
    store.change_status(order_id, "C")
    store.change_status(order_id, "P", user=False)
    store.change_status(order_id, "O", user=False, department=True, vendor=True)
    assert store.mails == [
        Mail("order_status", order_id),
        Mail("order_status_department", order_id),
        Mail("order_status_vendor", order_id),
    ]


def test_stock_given_back_mails_those_who_wait(store: SandboxStore) -> None:
    order_id = store.place_order([(12, 2)])
    assert store.products[12].amount == 0
    store.change_status(order_id, "I", user=False)
    assert store.mails == [Mail("back_in_stock", product_id=12)]


def test_a_deleted_shipments_number_is_not_used_again(store: SandboxStore) -> None:
    order_id = store.place_order([(11, 1)])
    first = store.save_shipment(order_id, {}, shipping_id=1)
    store.delete_shipment(first)
    assert store.save_shipment(order_id, {}, shipping_id=1) == first + 1
    assert len(store.shipments_of(order_id)) == 1


def test_skus_are_shippable_and_exact(store: SandboxStore) -> None:
    store.add_product(Product(20, "kite", "Another kite", 100, 1))
    store.add_product(Product(21, "KITE", "The kite again", 100, 1, tracking=None))
    store.add_product(Product(22, "", "A thing without a code", 100, 1))
    assert store.skus() == ["DRUM", "KITE", "SAND", "kite"]


@pytest.fixture
def shirt(store: SandboxStore) -> Product:
    """A shirt that is counted by its combinations, one of them without a code."""
    combinations = {
        71: Combination(71, "SHIRT-S", {3: 12}, amount=5),
        72: Combination(72, "", {3: 13}, amount=5),
    }
    product = Product(20, "SHIRT", "Shirt", 900, amount=9, tracking="O", combinations=combinations)
    store.add_product(product)
    return product


def _amounts(product: Product) -> tuple[int, ...]:
    return (product.amount, *(one.amount for one in product.combinations.values()))


def test_checkout_takes_from_the_combination(store: SandboxStore, shirt: Product) -> None:
    order_id = store.place_order([(20, 2, 71), (20, 1, 72), (20, 3, 71)])
    assert _amounts(shirt) == (9, 0, 4)
    assert [line.product_code for line in store.orders[order_id].lines] == ["SHIRT-S", "SHIRT", "SHIRT-S"]
    with pytest.raises(OutOfStockError):
        store.place_order([(20, 1, 71)])
    store.place_order([(20, 50)])
    assert _amounts(shirt) == (9, 0, 4), "without a combination nothing is counted"


def test_a_status_gives_back_to_the_combination(store: SandboxStore, shirt: Product) -> None:
    order_id = store.place_order([(20, 5, 71)])
    store.change_status(order_id, "I", user=False)
    assert _amounts(shirt) == (9, 5, 5)
    assert store.mails == [Mail("back_in_stock", product_id=20)]
    store.change_status(order_id, "P", user=False)
    assert _amounts(shirt) == (9, 0, 5)
    store.rebuild_order(order_id)
    assert _amounts(shirt) == (9, 0, 5)


def test_an_order_whose_combination_ran_out_is_backordered(store: SandboxStore, shirt: Product) -> None:
    order_id = store.place_order([(20, 5, 71)], status="I")
    store.set_combination_amount(71, 4)
    store.change_status(order_id, "P")
    assert (store.orders[order_id].status, _amounts(shirt)) == ("B", (9, 4, 5))


def test_combinations_count_only_where_the_product_says_so(store: SandboxStore, shirt: Product) -> None:
    shirt.tracking = "B"
    store.place_order([(20, 2, 71)])
    assert _amounts(shirt) == (7, 5, 5)


def test_skus_of_combinations_stand_for_that_of_their_product(store: SandboxStore, shirt: Product) -> None:
    assert store.skus() == ["DRUM", "KITE", "SAND", "SHIRT", "SHIRT-S"], "one has no code but its product's"
    shirt.combinations[72].product_code = "SHIRT-M"
    assert store.skus() == ["DRUM", "KITE", "SAND", "SHIRT-M", "SHIRT-S"]
    shirt.tracking = "B"
    assert store.skus() == ["DRUM", "KITE", "SAND", "SHIRT"]


def test_orders_of_the_past_move_nothing(store: SandboxStore) -> None:
    order_id = store.place_order([(11, 1)])
    other = SandboxStore("other")
    other.add_order(store.orders[order_id])
    assert other.listed() == [(NOON, order_id)]
    assert not other.mails


def test_a_change_is_recorded_once_and_whole(store: SandboxStore) -> None:
    recorded: list[set[Change]] = []

    def record(changes: Iterable[Change]) -> None:
        recorded.append(set(changes))

    store.recorder = record
    order_id = store.place_order([(11, 1), (12, 1)])
    store.change_status(order_id, "I")
    store.change_status(order_id, "I")
    assert recorded == [
        {("order", order_id), ("next_order_id", 0), ("product", 11), ("product", 12)},
        {("order", order_id), ("product", 11), ("product", 12), ("mail", 0)},
    ]


def test_newer_stores_name_statuses_otherwise() -> None:
    older = {status.letter: status.description for status in shipped_statuses((4, 11, 0))}
    newer = {status.letter: status.description for status in shipped_statuses((4, 18, 1))}
    assert "".join(older) == "".join(newer) == LETTERS
    assert (older["P"], newer["P"]) == ("Processed", "Paid")


def test_the_filter_by_change_came_with_a_version() -> None:
    assert not SandboxStore("old", version=(4, 13, 1)).updated_at_filter
    assert SandboxStore("new", version=(4, 13, 2)).updated_at_filter


# The fields of a shipment that a store keeps


def test_a_shipments_columns_cut_what_is_too_long_unless_the_database_is_strict(store: SandboxStore) -> None:
    order_id = store.place_order([(11, 1)])
    store.save_shipment(order_id, {}, shipping_id=1, carrier="C" * 300, tracking_number="9" * 300, comments="U" * 300)
    (shipment,) = store.shipments_of(order_id)
    assert (len(shipment.carrier), len(shipment.tracking_number), len(shipment.comments)) == (255, 255, 300)
    store.strict_database = True
    with pytest.raises(TooLongError):
        store.save_shipment(order_id, {}, shipping_id=1, tracking_number="9" * 256)
    assert store.shipments_of(order_id) == [shipment]


def test_an_add_on_may_leave_out_fields_of_a_shipment(store: SandboxStore) -> None:
    order_id = store.place_order([(11, 1)])
    store.drops = frozenset({"carrier", "comments"})
    store.save_shipment(order_id, {}, shipping_id=1, carrier="aup", tracking_number="9", comments="U")
    (shipment,) = store.shipments_of(order_id)
    assert (shipment.carrier, shipment.tracking_number, shipment.comments) == ("", "9", "")

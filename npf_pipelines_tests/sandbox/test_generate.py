"""Tests of stores made of dice."""

from collections import Counter
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from npf_pipelines.sandbox.generate import generate_store
from npf_pipelines.sandbox.generate_catalogue import TEST_ITEMS
from npf_pipelines.sandbox.order_answers import order_detail
from npf_pipelines.sandbox.store import SandboxStore

LAST_DAY = date(2026, 3, 31)
SYDNEY = ZoneInfo("Australia/Sydney")


def _make(seed: int = 7, orders: int = 400) -> SandboxStore:
    return generate_store("acme", seed=seed, orders=orders, products=60, days=30, today=LAST_DAY)


@pytest.fixture(scope="module")
def store() -> SandboxStore:
    return _make()


def test_the_same_seed_gives_the_same_store(store: SandboxStore) -> None:
    again, other = _make(), _make(seed=8)
    assert (again.orders, again.products, again.shipments) == (store.orders, store.products, store.shipments)
    assert (again.statuses, again.skus()) == (store.statuses, store.skus())
    assert other.orders != store.orders


def test_orders_fill_the_days_of_the_stores_zone(store: SandboxStore) -> None:
    days = {datetime.fromtimestamp(order.timestamp, SYDNEY).date() for order in store.orders.values()}
    assert (min(days), max(days), len(days)) == (date(2026, 3, 2), LAST_DAY, 30)
    assert len(store.orders) == 400
    assert [order.timestamp for order in store.orders.values()] == sorted(
        order.timestamp for order in store.orders.values()
    )


def test_no_order_lies_in_the_future() -> None:
    noon = datetime(2026, 3, 31, 12, tzinfo=SYDNEY).timestamp()
    store = generate_store("acme", seed=1, orders=300, products=5, days=2, today=LAST_DAY, clock=lambda: noon)
    assert max(order.timestamp for order in store.orders.values()) <= noon
    assert max(order.updated_at for order in store.orders.values()) <= noon


def test_today_can_be_a_moment() -> None:
    moment = datetime(2026, 3, 31, 3, 30, tzinfo=UTC)
    store = generate_store("acme", seed=1, orders=300, products=5, days=1, today=moment)
    stamps = [order.timestamp for order in store.orders.values()]
    assert datetime(2026, 3, 31, tzinfo=SYDNEY).timestamp() <= min(stamps) <= max(stamps) <= moment.timestamp()


def test_the_catalogue_has_every_oddity(store: SandboxStore) -> None:
    products = store.products.values()
    codes = Counter(product.product_code for product in products)
    assert set(TEST_ITEMS) <= set(codes)
    assert {"B", "D", None} == {product.tracking for product in products}
    assert codes[""] > 0
    assert any(count > 1 for code, count in codes.items() if code)
    assert len({code.lower() for code in codes}) < len(codes)
    assert any(product.is_edp for product in products)
    assert any(code.count("-") > 1 for code in codes), "variations have codes of their own"
    assert any(product.amount == 0 for product in products)


def test_only_older_stores_count_by_combination(store: SandboxStore) -> None:
    assert not any(product.combinations for product in store.products.values())
    old = generate_store("old", seed=7, orders=400, products=60, days=30, today=LAST_DAY, version=(4, 11, 5))
    combined = [product for product in old.products.values() if product.tracking == "O"]
    assert len(combined) > 1
    for product in combined:
        codes = [one.product_code for one in product.combinations.values()]
        assert len(codes) == 3
        assert codes.count("") == 1, "one has no code of its own"
        assert {*codes} - {""} <= set(old.skus())
    hashes = [number for product in combined for number in product.combinations]
    assert len(set(hashes)) == len(hashes)
    lines = [line for order in old.orders.values() for line in order.lines if line.combination]
    assert {line.product_code for line in lines} > set()
    assert all(line.combination in old.products[line.product_id].combinations for line in lines)
    goods = {line.product_code for order in old.orders.values() for line in order.lines if line.ships}
    assert goods - {""} <= set(old.skus()), "what is ordered can be counted"


def test_the_orders_have_every_oddity(store: SandboxStore) -> None:
    orders = store.orders.values()
    assert {order.status for order in orders} == set("PCOFDBIAEHNT")
    assert any({line.product_code for line in order.lines} <= set(TEST_ITEMS) for order in orders)
    assert any(line.product_code == "" for order in orders for line in order.lines)
    assert any(not any(line.ships for line in order.lines) for order in orders)
    assert any({line.ships for line in order.lines} == {True, False} for order in orders)
    assert any(len({line.product_id for line in order.lines}) < len(order.lines) for order in orders)
    assert any(line.options for order in orders for line in order.lines)
    assert any(way.module == "store_locator" for order in orders for way in order.shipping)
    assert any(way.shipping_id is None for order in orders for way in order.shipping)
    assert any(order.notes for order in orders)
    assert any(order.customer.company for order in orders)
    assert any(not order.customer.ship_to.lastname.isascii() for order in orders)
    assert len({order.timestamp for order in orders}) < len(store.orders) - 30, "some share a second"
    countries = Counter(order.customer.ship_to.country for order in orders)
    assert set(countries) == {"AU", "NZ", "US", "GB", "KR", "DE"}
    assert countries["AU"] + countries["NZ"] > len(store.orders) / 2


def test_item_ids_are_unique_in_an_order(store: SandboxStore) -> None:
    for order in store.orders.values():
        assert len({line.item_id for line in order.lines}) == len(order.lines)


def test_parents_have_children_with_their_lines(store: SandboxStore) -> None:
    parents = [order for order in store.orders.values() if order.is_parent]
    assert parents
    for parent in parents:
        children = [order for order in store.orders.values() if order.parent_order_id == parent.order_id]
        assert len(children) == 2
        assert parent.status == "T"
        assert len(parent.lines) == sum(len(child.lines) for child in children)


def test_complete_orders_were_sent(store: SandboxStore) -> None:
    assert store.shipments
    for shipment in store.shipments.values():
        order = store.orders[shipment.order_id]
        assert order.status == "C"
        assert shipment.products == {line.item_id: line.amount for line in order.lines if line.ships}


def test_statuses_are_renamed_and_added(store: SandboxStore) -> None:
    assert store.statuses["B"].description == "Back Ordered"
    assert set(store.statuses) == set("PCOFDBIAEH")


def test_every_order_can_be_printed(store: SandboxStore) -> None:
    assert all(order_detail(store, order)["order_id"] for order in store.orders.values())


@pytest.mark.parametrize("orders", [0, 1, 3, 12])
def test_small_stores(orders: int) -> None:
    store = generate_store("acme", seed=1, orders=orders, products=1, days=1, today=LAST_DAY)
    assert len(store.orders) == orders

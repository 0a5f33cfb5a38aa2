"""Orders of a client's other carts on the platform: left out of every read that names the store's own numbers."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from npf_pipelines.domain.own_numbers import OwnNumbers
from npf_pipelines.domain.platform_orders import OrderStatus
from npf_pipelines.platform.gateway import Platform
from npf_pipelines.platform.lodgements import ParcelLabel, insert_shipment, lodge_test_orders
from npf_pipelines.platform.order_imports import ImportOutcome
from npf_pipelines.platform.tables import order_lines, orders, stock
from npf_pipelines_tests.builders import NOON, platform_line, platform_order

OWN = OwnNumbers("CS", frozenset({"OLD"}), frozenset({"W-77"}))
OF_STORE = {"CS1": "1", "OLD2": "2", "W-77": "3"}
OF_OTHER_CARTS = {"EB1": "1", "EB9": "9", "CSX3": "3"}
LATER = NOON + timedelta(hours=1)
LABEL = ParcelLabel("Australia Post", "T1", "https://track.example/T1")


@pytest.fixture
def platform(engine: sa.Engine) -> Platform:
    """A platform with open orders of two carts, one parcel of each order, and a parcel of no order."""
    platform = Platform(engine)
    for number, order_id in (OF_STORE | OF_OTHER_CARTS).items():
        # One at a time: the ids of the carts overlap.
        taken = platform_order(number, platform_line(quantity=2), store_order_id=order_id)
        platform.import_orders("acme", [taken], NOON, OwnNumbers(number.removesuffix(order_id)))
    with engine.begin() as connection:
        for number in [*OF_STORE, *OF_OTHER_CARTS, "CS404"]:
            insert_shipment(connection, "acme", number, f"S-{number}", label=LABEL, quantities={"KITE": 1}, now=NOON)
    return platform


def test_all_of_them_are_on_the_platform(platform: Platform) -> None:
    assert set(platform.open_records("acme")) == {*OF_STORE, *OF_OTHER_CARTS}


def test_orders(platform: Platform) -> None:
    assert set(platform.records("acme", "1239", OWN)) == OF_STORE.keys()
    assert set(platform.open_records("acme", OWN)) == OF_STORE.keys()
    assert set(platform.open_orders("acme", OWN)) == {*OF_STORE.values()}
    states = platform.states_of("acme", "1239", OWN)
    assert {state.order_number for found in states.values() for state in found} == OF_STORE.keys()
    assert platform.count_open("acme", OWN) == len(OF_STORE)


def test_orders_of_a_day_and_all_that_have_the_ids_of_its_list(platform: Platform) -> None:
    assert set(platform.records_of_day("acme", [], NOON, LATER, OWN)) == OF_STORE.keys()
    assert set(platform.records_of_day("acme", ["1"], NOON, LATER, OWN)) == {*OF_STORE, "EB1"}
    assert set(platform.records_of_day("acme", ["1"], LATER, LATER, OWN)) == {"CS1", "EB1"}


def test_short_orders(platform: Platform, engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(sa.update(orders).values(status=OrderStatus.SHIPPED))
    assert set(platform.short_orders("acme", NOON, LATER, OWN)) == {*OF_STORE.values()}
    assert set(platform.short_orders("acme", NOON, LATER)) == {*OF_STORE.values(), *OF_OTHER_CARTS.values()}


def test_shipments_but_for_those_of_no_order(platform: Platform) -> None:
    expected = {f"S-{number}" for number in [*OF_STORE, "CS404"]}
    assert {parcel.shipment_id for parcel in platform.lodged_between("acme", NOON, LATER, OWN)} == expected
    assert set(platform.lodgements("acme", NOON, own=OWN)) == expected
    assert set(platform.lodgements("acme", NOON, LATER, OWN)) == expected
    assert set(platform.lodgements("acme", NOON)) == expected | {f"S-{number}" for number in OF_OTHER_CARTS}


def test_stock_counts_the_orders_of_all_carts(platform: Platform, engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(sa.insert(stock).values(client="acme", sku="KITE", on_hand=50, updated_at=NOON))
    (figure,), known = platform.count_stock("acme", "1239", OWN)
    assert figure.in_process == 2 * len(OF_STORE | OF_OTHER_CARTS)
    assert {state.order_number for found in known.values() for state in found} == OF_STORE.keys()


def test_unknown_skus(platform: Platform) -> None:
    (unknown,) = platform.unknown_skus(["acme"], lambda _: OWN)
    assert (unknown.orders, unknown.units, unknown.first_order) == (3, 6, "CS1")


def test_test_orders(platform: Platform, engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(sa.update(orders).values(is_test=True))
    assert lodge_test_orders(engine, "acme", NOON, OWN) == sorted(OF_STORE)
    with engine.connect() as connection:
        shipped = connection.scalars(sa.select(order_lines.c.order_number).where(order_lines.c.quantity_shipped > 0))
        assert set(shipped) == OF_STORE.keys()


def test_another_cart_may_have_no_ids(platform: Platform, engine: sa.Engine) -> None:
    with engine.begin() as connection:
        for statement in (
            "CREATE TABLE loose AS SELECT * FROM orders",
            "DROP TABLE orders",
            "ALTER TABLE loose RENAME TO orders",
        ):
            connection.exec_driver_sql(statement)
        without_id = sa.update(orders).where(orders.c.order_number.in_(list(OF_OTHER_CARTS)))
        connection.execute(without_id.values(store_order_id=None))
    assert set(platform.open_records("acme", OWN)) == OF_STORE.keys()
    assert {*platform.lodgements("acme", NOON, own=OWN)} == {f"S-{number}" for number in [*OF_STORE, "CS404"]}
    assert platform.order_states("acme", ["EB1"])["EB1"].store_order_id == ""
    assert [unknown.first_order for unknown in platform.unknown_skus(["acme"], lambda _: OWN)] == ["CS1"]


def test_an_order_whose_id_another_cart_has_is_imported(platform: Platform) -> None:
    new, known, under_old_prefix = (platform_order(number) for number in ("CS9", "CS1", "CS2"))
    results = platform.import_orders("acme", [new, known, under_old_prefix], LATER, OWN)
    assert {number: result.outcome for number, result in results.items()} == {
        "CS9": ImportOutcome.IMPORTED,
        "CS1": ImportOutcome.ALREADY_THERE,
        "CS2": ImportOutcome.ALREADY_THERE,
    }
    assert results["CS2"].order_number == "OLD2"
    assert set(platform.records("acme", ["9"])) == {"CS9", "EB9"}

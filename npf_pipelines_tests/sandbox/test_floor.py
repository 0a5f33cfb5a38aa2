"""Tests of npf_pipelines.sandbox.floor."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from npf_pipelines.domain.platform_orders import OrderStatus, PlatformOrder
from npf_pipelines.platform.database import open_platform
from npf_pipelines.platform.gateway import Platform
from npf_pipelines.platform.lodgements import lodge_test_orders
from npf_pipelines.platform.tables import metadata, order_lines, orders, shipment_lines, shipments, stock
from npf_pipelines.sandbox.floor import WarehouseFloor
from npf_pipelines_tests.builders import platform_line, platform_order

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SKUS = ("KITE", "DRUM", "SAND")

Contents = list[tuple[str, int]]


class Warehouse:
    """A platform with a floor at work on it, for one client."""

    def __init__(self, engine: sa.Engine, seed: int = 1) -> None:
        self.engine = engine
        self.floor = WarehouseFloor(engine, seed=seed)
        self._hours = count(1)

    def stock(self, **on_hand: int) -> None:
        values = [{"client": "acme", "sku": sku, "on_hand": n, "updated_at": NOON} for sku, n in on_hand.items()]
        with self.engine.begin() as connection:
            connection.execute(sa.insert(stock), values)

    def take(self, *some: PlatformOrder, client: str = "acme") -> None:
        Platform(self.engine).import_orders(client, some, NOON)

    def work(self, times: int = 1) -> int:
        return sum(self.floor.work("acme", NOON + timedelta(hours=next(self._hours))) for _ in range(times))

    def rows(self, table: sa.Table) -> list[Any]:
        with self.engine.connect() as connection:
            return connection.execute(sa.select(table).order_by(*table.primary_key)).mappings().all()  # type: ignore[return-value]

    def on_hand(self) -> dict[str, int]:
        return {row["sku"]: row["on_hand"] for row in self.rows(stock)}

    def statuses(self) -> dict[str, str]:
        return {row["order_number"]: row["status"] for row in self.rows(orders)}

    def shipped(self) -> Counter[tuple[str, str]]:
        """The units in parcels, by order number and SKU."""
        number = {row["shipment_id"]: row["order_number"] for row in self.rows(shipments)}
        units: Counter[tuple[str, str]] = Counter()
        for row in self.rows(shipment_lines):
            units[number[row["shipment_id"]], row["sku"]] += row["quantity"]
        return units

    def check_books(self, received: Mapping[str, int], tests: frozenset[str] = frozenset()) -> None:
        """Lines, parcels and shelves agree."""
        on_lines: Counter[tuple[str, str]] = Counter()
        for row in self.rows(order_lines):
            assert 0 <= row["quantity_shipped"] <= row["quantity"]
            on_lines[row["order_number"], row["sku"]] += row["quantity_shipped"]
        assert +on_lines == self.shipped()
        taken: Counter[str] = Counter()
        for (number, sku), units in self.shipped().items():
            taken[sku] += 0 if number in tests else units
        assert self.on_hand() == {sku: units - taken[sku] for sku, units in received.items()}


@contextmanager
def warehouse(seed: int = 1, url: str = "sqlite://") -> Iterator[Warehouse]:
    engine = open_platform(url)
    yield Warehouse(engine, seed)
    engine.dispose()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Warehouse]:
    with warehouse(url=f"sqlite:///{tmp_path / 'platform.sqlite'}") as one:
        yield one


def order(number: int, contents: Contents, *, is_test: bool = False) -> PlatformOrder:
    lines = (platform_line(str(place), sku, quantity) for place, (sku, quantity) in enumerate(contents, 1))
    return platform_order(f"CS{number}", *lines, placed_at=NOON + timedelta(seconds=number), is_test=is_test)


contents = st.lists(st.tuples(st.sampled_from(SKUS), st.integers(1, 4)), min_size=1, max_size=4)
shelves = st.fixed_dictionaries({sku: st.integers(0, 15) for sku in SKUS})
deliveries = st.lists(st.tuples(st.sampled_from(SKUS), st.integers(1, 10)), max_size=4)


@settings(max_examples=30)
@given(
    seed=st.integers(0, 50),
    wanted=st.lists(contents, max_size=6),
    on_hand=shelves,
    later=deliveries,
    tests=st.frozensets(st.integers(1, 6)),
)
def test_nothing_is_lost_doubled_or_taken_twice(
    seed: int, wanted: list[Contents], on_hand: dict[str, int], later: Contents, tests: frozenset[int]
) -> None:
    with warehouse(seed) as place:
        place.stock(**on_hand)
        place.take(*(order(number, some, is_test=number in tests) for number, some in enumerate(wanted, 1)))
        received = Counter(on_hand)
        parcels = place.work()
        for sku, units in later:
            place.floor.receive("acme", sku, units, NOON)
            received[sku] += units
            parcels += place.work()
            place.check_books({sku: received[sku] for sku in SKUS}, frozenset(f"CS{number}" for number in tests))
        parcels += place.work(2)
        place.check_books({sku: received[sku] for sku in SKUS}, frozenset(f"CS{number}" for number in tests))
        assert min(place.on_hand().values()) >= 0
        assert parcels == len(place.rows(shipments)) == len({row["shipment_id"] for row in place.rows(shipments)})
        # Whatever could go has gone, and nothing else is done.
        open_units: Counter[str] = Counter()
        for row in place.rows(order_lines):
            open_units[row["order_number"]] += row["quantity"] - row["quantity_shipped"]
            left = place.on_hand()[row["sku"]]
            assert row["quantity"] == row["quantity_shipped"] or left == 0
        assert place.statuses() == {
            number: OrderStatus.BACK_ORDER if units else OrderStatus.SHIPPED for number, units in open_units.items()
        }
        assert place.work(2) == 0


def test_the_same_seed_gives_the_same_parcels() -> None:
    many = [order(number, [("KITE", 1), ("DRUM", 2)][: number % 2 + 1]) for number in range(1, 25)]

    def everything(seed: int) -> list[list[Any]]:
        with warehouse(seed) as place:
            place.floor.count("acme", SKUS, NOON)
            place.take(*many)
            place.work(2)
            return [place.rows(table) for table in (orders, order_lines, shipments, shipment_lines, stock)]

    assert everything(1) == everything(1)
    assert everything(1) != everything(2)


def test_shelves_are_counted_once(place: Warehouse) -> None:
    place.floor.count("acme", ["KITE", "DRUM", "KITE"], NOON)
    first = place.on_hand()
    assert set(first) == {"KITE", "DRUM"}
    place.floor.receive("acme", "KITE", 5, NOON)
    place.floor.count("acme", SKUS, NOON)
    assert place.on_hand() | {"SAND": 0} == first | {"KITE": first["KITE"] + 5, "SAND": 0}


def test_shelves_are_full_scarce_and_empty(place: Warehouse) -> None:
    place.floor.count("acme", [f"SKU{number}" for number in range(200)], NOON)
    units = list(place.on_hand().values())
    assert min(units) == 0
    assert sum(1 for one in units if 0 < one < 4) > 5
    assert sum(1 for one in units if one >= 20) > 100


def test_test_orders_take_no_stock_and_need_none(place: Warehouse) -> None:
    place.stock(Test001=5, KITE=1)
    place.take(order(1, [("Test001", 3), ("Test002", 1)], is_test=True), order(2, [("KITE", 1)]))
    place.work(2)
    assert place.on_hand() == {"Test001": 5, "KITE": 0}
    assert place.statuses() == {"CS1": OrderStatus.SHIPPED, "CS2": OrderStatus.SHIPPED}
    assert place.shipped() == {("CS1", "Test001"): 3, ("CS1", "Test002"): 1, ("CS2", "KITE"): 1}


def test_only_open_test_orders_are_lodged_by_hand(place: Warehouse) -> None:
    place.stock(Test001=5, KITE=5)
    place.take(order(1, [("KITE", 1)]), order(2, [("Test001", 2)], is_test=True))
    assert lodge_test_orders(place.engine, "acme", NOON) == ["CS2"]
    assert place.statuses() == {"CS1": OrderStatus.IMPORTED, "CS2": OrderStatus.SHIPPED}
    assert place.on_hand() == {"Test001": 5, "KITE": 5}
    assert lodge_test_orders(place.engine, "acme", NOON) == []
    assert place.shipped() == {("CS2", "Test001"): 2}


def test_a_back_order_ships_when_the_goods_arrive(place: Warehouse) -> None:
    place.stock(KITE=1, DRUM=0)
    place.take(order(1, [("KITE", 3), ("DRUM", 1)]))
    place.work(2)
    assert place.statuses() == {"CS1": OrderStatus.BACK_ORDER}
    assert place.shipped() == {("CS1", "KITE"): 1}
    place.floor.receive("acme", "KITE", 5, NOON)
    place.work()
    assert (place.statuses(), place.on_hand()) == ({"CS1": OrderStatus.BACK_ORDER}, {"KITE": 3, "DRUM": 0})
    place.floor.receive("acme", "DRUM", 1, NOON)
    place.work()
    assert (place.statuses(), place.on_hand()) == ({"CS1": OrderStatus.SHIPPED}, {"KITE": 3, "DRUM": 0})
    assert place.shipped() == {("CS1", "KITE"): 3, ("CS1", "DRUM"): 1}


def test_the_older_order_gets_the_last_one(place: Warehouse) -> None:
    place.stock(KITE=1)
    # Neither lingers with this seed: both would else have their turn a call later.
    place.take(order(2, [("KITE", 1)]), order(1, [("KITE", 1)]))
    place.work()
    assert place.statuses() == {"CS1": OrderStatus.SHIPPED, "CS2": OrderStatus.BACK_ORDER}


def test_some_orders_stay_in_picking_until_the_next_call(place: Warehouse) -> None:
    place.stock(KITE=200)
    place.take(*(order(number, [("KITE", 1)]) for number in range(1, 81)))
    place.work()
    picking = [number for number, status in place.statuses().items() if status == OrderStatus.PICKING]
    assert 3 <= len(picking) <= 25
    assert not {number for number, _ in place.shipped()} & set(picking)
    assert place.work() == len(picking)
    assert set(place.statuses().values()) == {OrderStatus.SHIPPED}


def test_some_orders_go_in_two_parcels_with_numbers_of_their_own(place: Warehouse) -> None:
    place.stock(KITE=200, DRUM=200)
    place.take(*(order(number, [("KITE", 1), ("DRUM", 1)]) for number in range(1, 41)))
    place.work(2)
    parcels = Counter(row["order_number"] for row in place.rows(shipments))
    assert set(parcels.values()) == {1, 2}
    tracking = [(row["carrier"], row["tracking_number"]) for row in place.rows(shipments)]
    assert len(set(tracking)) == len(tracking)
    assert all(row["tracking_number"] in row["tracking_url"] for row in place.rows(shipments))


def test_cancelled_orders_and_other_clients_are_left_alone(place: Warehouse) -> None:
    place.stock(KITE=9)
    place.take(order(1, [("KITE", 1)]))
    place.take(order(1, [("KITE", 1)]), client="bolt")
    with place.engine.begin() as connection:
        cancelled = sa.update(orders).where(orders.c.client == "acme").values(status=OrderStatus.CANCELLED)
        connection.execute(cancelled)
    before = [place.rows(table) for table in metadata.sorted_tables]
    assert place.work(2) == 0
    assert [place.rows(table) for table in metadata.sorted_tables] == before


def test_a_floor_that_is_stopped_leaves_no_half_packed_parcel(place: Warehouse) -> None:
    place.stock(KITE=9, DRUM=9)
    place.take(*(order(number, [("KITE", 1), ("DRUM", 1)]) for number in range(1, 5)))
    parcels = count(1)

    def pull_the_plug(*happening: Any) -> None:
        if happening[2].startswith("UPDATE stock") and next(parcels) == 4:
            raise KeyboardInterrupt

    sa.event.listen(place.engine, "before_cursor_execute", pull_the_plug)
    with pytest.raises(KeyboardInterrupt):
        place.work(2)
    place.check_books({"KITE": 9, "DRUM": 9})
    assert OrderStatus.IMPORTED in place.statuses().values()
    sa.event.remove(place.engine, "before_cursor_execute", pull_the_plug)
    place.work(2)
    place.check_books({"KITE": 9, "DRUM": 9})
    assert set(place.statuses().values()) == {OrderStatus.SHIPPED}


def test_an_order_that_is_shipped_short_is_over(place: Warehouse) -> None:
    place.stock(KITE=10, DRUM=10, SAND=10)
    place.take(order(1, [("KITE", 3), ("DRUM", 1)]))
    assert place.floor.ship_short("acme", "CS1", {"KITE": 2}, NOON) == 1
    assert place.statuses() == {"CS1": OrderStatus.SHIPPED}
    assert place.shipped() == {("CS1", "KITE"): 1, ("CS1", "DRUM"): 1}
    assert place.work() == 0
    place.check_books({"KITE": 10, "DRUM": 10, "SAND": 10})

"""Tests of npf_pipelines.platform.gateway."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa

from npf_pipelines.domain.platform_orders import OrderStatus, PlatformOrder, StockFigure
from npf_pipelines.platform import access
from npf_pipelines.platform.additions import is_addition
from npf_pipelines.platform.database import create_platform, open_platform
from npf_pipelines.platform.gateway import Platform
from npf_pipelines.platform.order_imports import ImportOutcome, ImportResult
from npf_pipelines.platform.tables import metadata, order_lines, orders, shipment_lines, shipments, stock
from npf_pipelines_tests.builders import NOON, lodged, platform_line, platform_order

LATER = NOON + timedelta(hours=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def platform(pipeline_engine: sa.Engine) -> Platform:
    return Platform(pipeline_engine)


def change(engine: sa.Engine, statement: sa.Executable) -> None:
    with engine.begin() as connection:
        connection.execute(statement)


def move_on(engine: sa.Engine, number: str, status: OrderStatus) -> None:
    """The warehouse sets an order's status."""
    change(engine, sa.update(orders).where(orders.c.order_number == number).values(status=status, updated_at=LATER))


def rows(engine: sa.Engine, table: sa.Table) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(sa.select(table)))


# Importing


def test_optional_columns_come_back_as_they_went_and_unknown_values_stay_unknown(platform: Platform) -> None:
    whole = platform_order(
        "CS1",
        replace(platform_line("a"), options="Size: L", tax=Decimal("1.1000"), discount=Decimal("0.2500")),
        platform_line("b"),
        bill_to_name="Bob",
        bill_to_country="South Korea",
        currency="AUD",
        total=Decimal("99999999999.9900"),
        subtotal=Decimal(0),
        tax=Decimal("3.5000"),
        discount=Decimal("-0.0100"),
        gift_message="Für dich 🎁",
        despatch_method="EXP",
    )
    platform.import_orders("acme", [whole, platform_order("CS2")], NOON)
    records = platform.records("acme", ["1", "2"])
    assert records["CS1"].order == whole
    assert records["CS2"].order == platform_order("CS2")


def test_an_edit_does_not_replace_a_known_value_by_an_unknown_one(platform: Platform) -> None:
    platform.import_orders("acme", [platform_order("CS1", total=Decimal(5), despatch_method="EXP")], NOON)
    seen = platform.records("acme", ["1"])["CS1"]
    assert platform.update_order("acme", platform_order("CS1", total=Decimal(6), internal_note=""), seen, LATER)
    order = platform.records("acme", ["1"])["CS1"].order
    assert (order.total, order.despatch_method, order.internal_note) == (Decimal(6), "EXP", "")


def test_an_order_comes_back_as_it_went(platform: Platform) -> None:
    order = platform_order(
        "CS1",
        platform_line("a", "KITE", 2),
        replace(platform_line("b", "DRUM"), unit_price=Decimal("0.0125"), description="Ælfs trømme 🥁"),
        company="O'Brien & Søns",
        notes="Leave at\nthe door; DROP TABLE orders",
    )
    results = platform.import_orders("acme", [order], NOON)
    assert results == {"CS1": ImportResult(ImportOutcome.IMPORTED, "new on the platform", "CS1", NOON)}
    (record,) = platform.records("acme", ["1", "2"]).values()
    assert record.order == order
    assert (record.status, record.units_shipped) == (OrderStatus.IMPORTED, 0)
    assert (record.imported_at, record.updated_at) == (NOON, NOON)


def test_importing_twice_changes_nothing(platform: Platform, engine: sa.Engine) -> None:
    platform.import_orders("acme", [platform_order("CS1")], NOON)
    move_on(engine, "CS1", OrderStatus.PICKING)
    before = [rows(engine, table) for table in metadata.sorted_tables]
    edited = platform_order("CS1", platform_line("2", "DRUM", 5), city="Perth")
    again = platform.import_orders("acme", [edited, platform_order("CS1")], LATER)
    assert again == {"CS1": ImportResult(ImportOutcome.ALREADY_THERE, "on the platform as picking", "CS1", NOON)}
    assert [rows(engine, table) for table in metadata.sorted_tables] == before


def test_an_order_that_is_there_under_another_number_is_not_imported_again(platform: Platform) -> None:
    platform.import_orders("acme", [platform_order("CS1")], NOON)
    again = platform.import_orders("acme", [platform_order("CSK1"), platform_order("CSK2")], LATER)
    assert again["CSK1"] == ImportResult(ImportOutcome.ALREADY_THERE, "on the platform as imported", "CS1", NOON)
    assert set(platform.records("acme", ["1", "2"])) == {"CS1", "CSK2"}
    assert {order_id: len(states) for order_id, states in platform.states_of("acme", "123").items()} == {"1": 1, "2": 1}


def test_each_of_many_gets_a_result(platform: Platform, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "BATCH", 3)
    many = [platform_order(f"CS{number}") for number in range(8)]
    platform.import_orders("acme", many[2:4], NOON)
    results = platform.import_orders("acme", many, LATER)
    assert [result.outcome for result in results.values()].count(ImportOutcome.IMPORTED) == 6
    assert set(results) == set(platform.order_states("acme", results)) == {order.order_number for order in many}
    assert len(rows(engine, order_lines)) == 8
    assert platform.import_orders("acme", [], NOON) == {}


def test_the_same_number_of_two_clients_is_two_orders(platform: Platform) -> None:
    platform.import_orders("acme", [platform_order("CS1", city="Sydney")], NOON)
    results = platform.import_orders("bolt", [platform_order("CS1", city="Perth")], LATER)
    assert results["CS1"].outcome is ImportOutcome.IMPORTED
    assert platform.records("acme", ["1"])["CS1"].order.city == "Sydney"
    assert platform.records("bolt", ["1"])["CS1"].order.city == "Perth"


def test_a_number_that_another_order_has_is_refused(platform: Platform, engine: sa.Engine) -> None:
    """Such as of a second cart with the same order prefix."""
    platform.import_orders("acme", [platform_order("CS1", store_order_id="1")], NOON)
    before = rows(engine, orders)
    results = platform.import_orders("acme", [platform_order("CS1", store_order_id="71")], LATER)
    assert results["CS1"].outcome is ImportOutcome.REFUSED
    assert "CS1 belongs to the store's order 1 already" in results["CS1"].reason
    assert "prefix" not in results["CS1"].reason
    assert "with the store order id 71" in results["CS1"].reason
    assert results["CS1"].imported_at is None
    assert rows(engine, orders) == before


def test_two_that_import_at_once_make_each_order_once(url: str) -> None:
    """Both have read before either writes; and the merchant edits the order in between."""
    at_once = Barrier(2, timeout=10)

    def wait_before_writing(*happening: Any) -> None:
        if happening[2].startswith("INSERT INTO orders "):
            at_once.wait()

    def import_it(edition: list[PlatformOrder]) -> ImportResult:
        own = open_platform(url)
        sa.event.listen(own, "before_cursor_execute", wait_before_writing)
        result = Platform(own).import_orders("acme", edition, NOON)["CS1"]
        own.dispose()
        return result

    create_platform(url).dispose()
    early = [platform_order("CS1", platform_line("1", "KITE"), platform_line("2", "DRUM"))]
    late = [platform_order("CS1", platform_line("3", "SAND"))]
    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(import_it, [early, late]))
    assert {result.outcome for result in results} == {ImportOutcome.IMPORTED, ImportOutcome.ALREADY_THERE}
    engine = open_platform(url)
    record = Platform(engine).records("acme", ["1"])["CS1"]
    assert [record.order] == (early if results[0].outcome is ImportOutcome.IMPORTED else late)
    engine.dispose()


@pytest.mark.parametrize(
    "unfit",
    [
        lambda: platform_order("CS2", notes=None),
        lambda: platform_order("CS2", platform_line("1"), replace(platform_line("2"), sku=None)),  # type: ignore[arg-type]
        lambda: platform_order("CS2", placed_at=NOON.replace(tzinfo=None)),
    ],
)
def test_an_order_that_the_database_refuses_costs_only_itself(
    platform: Platform, engine: sa.Engine, unfit: Callable[[], PlatformOrder]
) -> None:
    results = platform.import_orders("acme", [platform_order("CS1"), unfit(), platform_order("CS3")], NOON)
    outcomes = {number: result.outcome for number, result in results.items()}
    assert outcomes == {
        "CS1": ImportOutcome.IMPORTED,
        "CS2": ImportOutcome.REFUSED,
        "CS3": ImportOutcome.IMPORTED,
    }
    # Together or not at all: none of its lines came either.
    assert {row.order_number for table in (orders, order_lines) for row in rows(engine, table)} == {"CS1", "CS3"}
    reason = results["CS2"].reason
    assert reason.startswith("the platform refused the order: ")
    assert "High St" not in reason
    assert "Ann Lee" not in reason


def test_a_database_that_is_away_is_no_refusal(platform: Platform, engine: sa.Engine) -> None:
    metadata.drop_all(engine)
    with pytest.raises(sa.exc.DBAPIError):
        platform.import_orders("acme", [platform_order("CS1")], NOON)


# Reading orders


def test_states_of_orders_that_are_there(platform: Platform, engine: sa.Engine) -> None:
    platform.import_orders("acme", [platform_order("CS1"), platform_order("CS2", is_test=True)], NOON)
    platform.import_orders("bolt", [platform_order("CS3")], NOON)
    move_on(engine, "CS2", OrderStatus.BACK_ORDER)
    states = platform.order_states("acme", ["CS1", "CS2", "CS3", "CS4"])
    assert {number: (state.status, state.is_test) for number, state in states.items()} == {
        "CS1": (OrderStatus.IMPORTED, False),
        "CS2": (OrderStatus.BACK_ORDER, True),
    }
    assert states["CS1"].imported_at == NOON
    assert states["CS1"].store_order_id == "1"
    assert platform.order_states("acme", []) == {}


def test_records_by_the_time_they_were_placed(platform: Platform) -> None:
    at = {"CS1": NOON - SECOND, "CS2": NOON, "CS3": LATER - SECOND, "CS4": LATER}
    platform.import_orders("acme", [platform_order(number, placed_at=when) for number, when in at.items()], NOON)
    platform.import_orders("bolt", [platform_order("CS5", placed_at=NOON)], NOON)
    assert set(platform.records_of_day("acme", [], NOON, LATER)) == {"CS2", "CS3"}
    assert set(platform.records_of_day("acme", ["1", "2", "5"], NOON, LATER)) == {"CS1", "CS2", "CS3"}


def test_open_records(platform: Platform, engine: sa.Engine) -> None:
    for number, status in enumerate(OrderStatus):
        platform.import_orders("acme", [platform_order(f"CS{number}")], NOON)
        move_on(engine, f"CS{number}", status)
    still_open = {record.status for record in platform.open_records("acme").values()}
    assert still_open == set(OrderStatus) - {OrderStatus.SHIPPED, OrderStatus.CANCELLED}
    assert platform.open_records("bolt") == {}


def test_an_edited_order_is_overwritten(platform: Platform) -> None:
    platform.import_orders("acme", [platform_order("CS1"), platform_order("CS2")], NOON)
    platform.import_orders("bolt", [platform_order("CS1")], NOON)
    seen = platform.records("acme", ["1"])["CS1"]
    edited = platform_order("CS1", platform_line("8", "DRUM", 3), platform_line("9", "KITE"), city="Perth")
    assert platform.update_order("acme", edited, seen, LATER)
    record = platform.records("acme", ["1"])["CS1"]
    assert record.order == edited
    assert (record.status, record.imported_at, record.updated_at) == (OrderStatus.IMPORTED, NOON, LATER)
    assert platform.records("acme", ["2"])["CS2"].order == platform_order("CS2")
    assert platform.records("bolt", ["1"])["CS1"].order == platform_order("CS1")


def test_a_cancelled_order_takes_no_more_stock(platform: Platform) -> None:
    platform.import_orders("acme", [platform_order("CS1"), platform_order("CS2")], NOON)
    seen = platform.records("acme", ["1"])["CS1"]
    assert platform.cancel_order("acme", seen, LATER)
    assert not platform.cancel_order("acme", seen, LATER)
    assert set(platform.open_records("acme")) == {"CS2"}


@pytest.mark.parametrize("status", [OrderStatus.PICKING, OrderStatus.IMPORTED])
def test_an_order_that_the_warehouse_has_touched_since_is_left_as_it_is(
    platform: Platform, engine: sa.Engine, status: OrderStatus
) -> None:
    platform.import_orders("acme", [platform_order("CS1")], NOON)
    seen = platform.records("acme", ["1"])["CS1"]
    move_on(engine, "CS1", status)
    before = [rows(engine, table) for table in metadata.sorted_tables]
    assert not platform.update_order("acme", platform_order("CS1", platform_line("9")), seen, LATER)
    assert not platform.cancel_order("acme", seen, LATER)
    assert [rows(engine, table) for table in metadata.sorted_tables] == before


# Shipments


def lodge(engine: sa.Engine, client: str, shipment_id: str, **changes: Any) -> None:
    """The warehouse writes a parcel."""
    parcel = lodged(shipment_id, **changes)
    with engine.begin() as connection:
        connection.execute(
            sa.insert(shipments).values(
                client=client,
                **{name: getattr(parcel, name) for name in shipments.c.keys() if name != "client"},  # noqa: SIM118
            )
        )
        for sku, quantity in parcel.quantities.items():
            connection.execute(sa.insert(shipment_lines).values(shipment_id=shipment_id, sku=sku, quantity=quantity))


def test_shipments_of_a_day_from_its_first_moment_to_before_its_last(platform: Platform, engine: sa.Engine) -> None:
    day = timedelta(days=1)
    almost = timedelta(microseconds=1)
    for shipment_id, when in {
        "before": NOON - almost,
        "last": NOON + day - almost,
        "first": NOON,
        "after": NOON + day,
    }.items():
        lodge(engine, "acme", shipment_id, lodged_at=when)
    lodge(engine, "bolt", "other", lodged_at=NOON)
    found = platform.lodged_between("acme", NOON, NOON + day)
    assert [parcel.shipment_id for parcel in found] == ["first", "last"]
    before = platform.lodged_between("acme", NOON - day, NOON)
    after = platform.lodged_between("acme", NOON + day, NOON + 2 * day)
    assert [parcel.shipment_id for parcel in before + after] == ["before", "after"]


def test_a_parcel_with_all_that_is_in_it(platform: Platform, engine: sa.Engine) -> None:
    whole: dict[str, Any] = {"quantities": {"DRUM": 2, "KITE": 1}, "tracking_number": "33A1"}
    lodge(engine, "acme", "S1", **whole)
    lodge(engine, "acme", "S2", lodged_at=LATER, quantities={})
    assert platform.lodged_between("acme", NOON, LATER + SECOND) == [
        lodged("S1", **whole),
        lodged("S2", lodged_at=LATER, quantities={}),
    ]


def test_a_parcel_is_normalised_and_kept_as_it_was_written(platform: Platform, engine: sa.Engine) -> None:
    written: dict[str, Any] = {
        "carrier": " UPS ",
        "tracking_number": "33A1 ",
        "tracking_url": "https://track.example/1\u200b",
        "quantities": {"DRUM": 0, "KITE": 1, "KITE ": 2},
    }
    lodge(engine, "acme", "S1", **written)
    (found,) = platform.lodged_between("acme", NOON, LATER)
    assert (found.carrier, found.tracking_number, found.tracking_url) == ("UPS", "33A1", "https://track.example/1")
    assert found.quantities == {"KITE": 3}
    assert found.as_written == lodged("S1", **written)


def test_all_parcels_of_orders_whatever_the_day(
    platform: Platform, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "BATCH", 2)
    lodge(engine, "acme", "S3", order_number="CS1", lodged_at=NOON + timedelta(days=40))
    for number, order_number in enumerate(["CS1", "CS2", "CS3", "CS4"], 4):
        lodge(engine, "acme", f"S{number}", order_number=order_number)
    lodge(engine, "bolt", "other", order_number="CS1")
    found = platform.shipments_of("acme", ["CS1", "CS2", "CS3", "CS1", "CS9"])
    ids = {number: [parcel.shipment_id for parcel in parcels] for number, parcels in found.items()}
    assert ids == {"CS1": ["S4", "S3"], "CS2": ["S5"], "CS3": ["S6"]}


# Stock


def count_stock(engine: sa.Engine, client: str, **on_hand: int) -> None:
    values = [{"client": client, "sku": sku, "on_hand": units, "updated_at": NOON} for sku, units in on_hand.items()]
    change(engine, sa.insert(stock).values(values))


@pytest.mark.parametrize(
    ("status", "in_process", "back_orders"),
    [
        (OrderStatus.IMPORTED, 3, 0),
        (OrderStatus.READY_FOR_PROCESS, 3, 0),
        (OrderStatus.PICKING, 3, 0),
        (OrderStatus.BACK_ORDER, 0, 3),
        (OrderStatus.SHIPPED, 0, 0),
        (OrderStatus.CANCELLED, 0, 0),
    ],
)
def test_what_an_order_takes_from_stock(
    platform: Platform, engine: sa.Engine, status: OrderStatus, in_process: int, back_orders: int
) -> None:
    count_stock(engine, "acme", KITE=10)
    platform.import_orders("acme", [platform_order("CS1", platform_line("1", "KITE", 3))], NOON)
    move_on(engine, "CS1", status)
    assert platform.count_stock("acme", [])[0] == [StockFigure("KITE", 10, in_process, back_orders)]


def test_what_an_order_takes_is_found_whatever_blanks_its_sku_has(platform: Platform, engine: sa.Engine) -> None:
    count_stock(engine, "acme", **{"KITE ": 10})
    lines = [platform_line("1", "KITE", 3), platform_line("2", " KITE", 1)]
    platform.import_orders("acme", [platform_order("CS1", *lines)], NOON)
    assert platform.count_stock("acme", [])[0] == [StockFigure("KITE", 10, in_process=4, back_orders=0)]
    assert platform.skus("acme") == ["KITE"]
    record = platform.open_records("acme")["CS1"]
    assert [line.sku for line in record.order.lines] == ["KITE", "KITE"]
    assert record.open_units == {"KITE": 4}


def test_two_counts_of_a_sku_keep_their_spellings(platform: Platform, engine: sa.Engine) -> None:
    count_stock(engine, "acme", **{"KITE": 1, "KITE ": 10, "DRUM ": 2})
    found = {figure.sku: figure.on_hand for figure in platform.count_stock("acme", [])[0]}
    assert found == {"KITE": 1, "KITE ": 10, "DRUM": 2}


def test_stock_of_a_busy_client(platform: Platform, engine: sa.Engine) -> None:
    count_stock(engine, "acme", KITE=10, DRUM=-2, SAND=0, Test001=5)
    count_stock(engine, "bolt", KITE=99)
    platform.import_orders(
        "acme",
        [
            platform_order("CS1", platform_line("1", "KITE", 2), platform_line("2", "KITE", 1)),
            platform_order("CS2", platform_line("1", "KITE", 4), platform_line("2", "DRUM", 1)),
            platform_order("CS3", platform_line("1", "KITE", 7)),
            platform_order("CS4", platform_line("1", "Test001", 2), is_test=True),
            platform_order("CS5", platform_line("1", "UNCOUNTED", 2)),
            platform_order("CS6", platform_line("1", "kite", 2)),
        ],
        NOON,
    )
    platform.import_orders("bolt", [platform_order("CS1", platform_line("1", "KITE", 50))], NOON)
    move_on(engine, "CS2", OrderStatus.BACK_ORDER)
    move_on(engine, "CS3", OrderStatus.CANCELLED)
    shipped = (order_lines.c.order_number == "CS2") & (order_lines.c.sku == "KITE") & (order_lines.c.client == "acme")
    change(engine, sa.update(order_lines).where(shipped).values(quantity_shipped=3))
    assert set(platform.count_stock("acme", [])[0]) == {
        StockFigure("KITE", 10, in_process=3, back_orders=1),
        StockFigure("DRUM", -2, in_process=0, back_orders=1),
        StockFigure("SAND", 0, in_process=0, back_orders=0),
        StockFigure("Test001", 5, in_process=0, back_orders=0),
    }
    assert platform.count_stock("bolt", [])[0] == [StockFigure("KITE", 99, in_process=50, back_orders=0)]
    assert platform.count_stock("cord", [])[0] == []


# Cancelled for the store, and shipped short


def test_an_order_that_the_store_cancelled_is_taken_up_again_where_it_was_seen(
    platform: Platform, engine: sa.Engine
) -> None:
    platform.import_orders("acme", [platform_order("CS1")], NOON)
    assert platform.cancel_order("acme", platform.records("acme", ["1"])["CS1"], NOON)
    seen = platform.records("acme", ["1"])["CS1"]
    assert (seen.status, seen.cancelled_by) == (OrderStatus.CANCELLED, "store")
    assert platform.count_stock("acme", ["1"])[1] == {}
    again = platform_order("CS1", platform_line("2", "DRUM", 4))
    assert platform.resume_order("acme", again, seen, LATER)
    record = platform.records("acme", ["1"])["CS1"]
    assert (record.status, record.cancelled_by, record.order, record.imported_at) == ("imported", "", again, NOON)
    assert platform.count_stock("acme", ["1"])[1].keys() == {"1"}
    assert not platform.resume_order("acme", again, seen, LATER)


def test_open_orders_and_those_shipped_short_by_the_stores_id(platform: Platform, engine: sa.Engine) -> None:
    platform.import_orders("acme", [platform_order(f"CS{number}") for number in range(1, 5)], NOON)
    platform.import_orders("bolt", [platform_order("CS9")], NOON)
    for number, status in (("CS1", OrderStatus.SHIPPED), ("CS2", OrderStatus.SHIPPED), ("CS3", OrderStatus.CANCELLED)):
        move_on(engine, number, status)
    change(engine, sa.update(order_lines).where(order_lines.c.order_number == "CS2").values(quantity_shipped=1))
    change(engine, sa.update(orders).where(orders.c.client == "acme").values(updated_at=LATER))
    assert platform.open_orders("acme") == {"4": NOON}
    assert platform.short_orders("acme", NOON, LATER) == {}
    assert platform.short_orders("acme", LATER, LATER + (LATER - NOON)) == {"1": NOON}


# Optional columns


def test_a_platform_without_the_optional_columns_takes_changes_and_gives_orders(engine: sa.Engine) -> None:
    for table in (orders, order_lines):
        for column in filter(is_addition, table.columns):
            change(engine, sa.text(f"ALTER TABLE {table.name} DROP COLUMN {column.name}"))
    platform = Platform(engine)
    assert not platform.takes_despatch_methods
    whole = platform_order("CS2", replace(platform_line(), tax=Decimal(1)), total=Decimal(5), despatch_method="EXP")
    platform.import_orders("acme", [whole], NOON)
    assert platform.records("acme", ["2"])["CS2"].order == platform_order("CS2")
    order = platform_order("CS1")
    assert platform.import_orders("acme", [order], NOON)["CS1"].outcome is ImportOutcome.IMPORTED
    edited = replace(order, city="Perth")
    assert platform.update_order("acme", edited, platform.records("acme", ["1"])["CS1"], LATER)
    assert platform.records("acme", ["1"])["CS1"].order == edited

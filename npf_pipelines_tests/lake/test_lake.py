"""Tests of npf_pipelines.lake."""

import contextlib
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from threading import Event
from typing import Any

import duckdb
import pandera.errors
import pyarrow as arrow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from npf_pipelines.assets.order_rows import order_of, row_of
from npf_pipelines.domain.store_orders import Address, Order, OrderLine, ShippingMethod, UnreadableOrder
from npf_pipelines.lake.lake import Lake, NotWritten
from npf_pipelines.lake.table import Table
from npf_pipelines.lake.tables import (
    FILTERED_ORDERS,
    PLATFORM_ORDERS,
    RAW_ORDERS,
    SHIPMENT_RECORDS,
    STOCK_PUSH,
    STOCK_SNAPSHOTS,
    STORE_FACTS,
    TABLES,
)
from npf_pipelines_tests.builders import NOON, row

DAY, NEXT = date(2026, 11, 20), date(2026, 11, 21)

tables = pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
watched = pytest.mark.parametrize("table", [table for table in TABLES.values() if table is not STORE_FACTS])
"""The tables whose partitions have events."""


@pytest.fixture(params=["folder", "memory"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a lake can be: a folder with a name such as people give, and a substitute for a bucket."""
    above = str(tmp_path) if request.param == "folder" else f"memory://{uuid.uuid4()}"
    return f"{above}/Ann's [1st] lake, 100%25*?"


@pytest.fixture
def lake(url: str) -> Lake:
    return Lake(url)


def place(table: Table, client: str = "acme", day: date = DAY) -> dict[str, Any]:
    """A partition of the table."""
    return {"client": client, "day": day} if table.by_day else {"client": client}


def answer(lake: Lake, query: str) -> list[tuple[Any, ...]]:
    return lake.connect().execute(query).rows


# Writing and reading


@tables
def test_what_was_written_is_read(lake: Lake, table: Table) -> None:
    lake.write(table, [row(table)], **place(table))
    assert lake.read(table, **place(table)) == [row(table)]


@tables
def test_an_empty_partition_is_there_and_empty(lake: Lake, table: Table) -> None:
    lake.write(table, [], **place(table))
    assert lake.read(table, **place(table)) == []
    assert answer(lake, f"SELECT * FROM {table.name}") == []  # noqa: S608


def test_rows_come_in_the_order_of_the_key(lake: Lake) -> None:
    frame = lake.write(STOCK_PUSH, [row(STOCK_PUSH, sku=sku) for sku in ("C", "a", "B")], client="acme")
    assert list(frame["sku"]) == ["B", "C", "a"]
    assert [one["sku"] for one in lake.read(STOCK_PUSH, client="acme")] == ["B", "C", "a"]


def test_a_partition_is_replaced_whole_and_no_other(lake: Lake) -> None:
    for client, day in (("acme", DAY), ("acme", NEXT), ("bolt", DAY)):
        lake.write(PLATFORM_ORDERS, [row(PLATFORM_ORDERS, order_number=f"{client}{day}")], client=client, day=day)
    lake.write(PLATFORM_ORDERS, [row(PLATFORM_ORDERS, order_number="new")], client="acme", day=DAY)
    assert answer(lake, "SELECT client, day, order_number FROM platform_orders ORDER BY ALL") == [
        ("acme", DAY, "new"),
        ("acme", NEXT, "acme2026-11-21"),
        ("bolt", DAY, "bolt2026-11-20"),
    ]


@pytest.mark.parametrize(
    "wrong",
    [{"outcome": "nonsense"}, {"reason": None}, {"sku": "same"}, {"wanted": "many"}, {"pushed_at": "today"}],
)
def test_a_row_that_breaks_a_rule_leaves_the_old_file(lake: Lake, wrong: dict[str, Any]) -> None:
    lake.write(STOCK_PUSH, [row(STOCK_PUSH, sku="old")], client="acme")
    rows = [row(STOCK_PUSH, sku="same"), row(STOCK_PUSH, **wrong)]
    with pytest.raises((pandera.errors.SchemaErrors, arrow.ArrowInvalid, arrow.ArrowTypeError)):
        lake.write(STOCK_PUSH, rows, client="acme")
    assert [one["sku"] for one in lake.read(STOCK_PUSH, client="acme")] == ["old"]


@watched
def test_the_same_rows_are_known_again_at_a_later_look_and_whatever_their_order(lake: Lake, table: Table) -> None:
    other = row(table, **{table.key[-1]: "other"})
    lake.write(table, [row(table), other], **place(table))
    later = {table.looked_at: NOON + timedelta(hours=1)} if table.looked_at else {}
    assert lake.is_unchanged(table, [other | later, row(table) | later], **place(table))
    assert not lake.is_unchanged(table, [other, row(table), row(table, **{table.key[-1]: "new"})], **place(table))
    assert not lake.is_unchanged(table, [other], **place(table))
    assert not lake.is_unchanged(table, [row(table)], **place(table, client="bolt"))


@watched
def test_a_change_in_any_other_column_is_seen(lake: Lake, table: Table) -> None:
    lake.write(table, [row(table)], **place(table))
    for column in table.arrow_schema:
        if column.name != table.looked_at:
            changed = row(table) | {column.name: _another(row(table)[column.name], column.type)}
            assert not lake.is_unchanged(table, [changed], **place(table)), column.name


def _another(value: Any, kind: arrow.DataType) -> Any:
    """A value of the type that is not this one."""
    if value is not None:
        return None
    return {"string": "other", "int64": 7, "bool": True}.get(str(kind)) or (
        NOON if arrow.types.is_timestamp(kind) else {} if arrow.types.is_struct(kind) else []
    )


def test_what_was_never_written_is_named(lake: Lake) -> None:
    lake.write(RAW_ORDERS, [], client="acme", day=DAY)
    with pytest.raises(NotWritten, match=r"^raw_orders of acme for 2026-11-21 has not been made yet"):
        lake.read(RAW_ORDERS, client="acme", day=NEXT)
    with pytest.raises(NotWritten, match=r"^raw_orders of bolt for 2026-11-20"):
        lake.read(RAW_ORDERS, client="bolt", day=DAY)
    with pytest.raises(NotWritten, match=r"^stock_push of acme has not been made yet"):
        lake.read(STOCK_PUSH, client="acme")


def test_the_days_that_have_been_written(lake: Lake) -> None:
    for client, day in (("acme", NEXT), ("acme", DAY), ("bolt", DAY - timedelta(days=1))):
        lake.write(RAW_ORDERS, [], client=client, day=day)
    assert lake.days(RAW_ORDERS, client="acme") == [DAY, NEXT]
    assert lake.days(FILTERED_ORDERS, client="acme") == []


def test_another_process_sees_what_this_one_wrote(url: str) -> None:
    Lake(url).write(STOCK_PUSH, [row(STOCK_PUSH)], client="acme")
    assert Lake(url).read(STOCK_PUSH, client="acme") == [row(STOCK_PUSH)]


# Orders as they are

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
moments = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
sums = st.decimals(Decimal(-(10**11)), Decimal(10**11), places=4)
addresses = st.builds(Address, **dict.fromkeys(Address.model_fields, texts))
order_lines = st.builds(
    OrderLine,
    **dict.fromkeys(("item_id", "product_id", "sku", "description"), texts),
    quantity=st.integers(0, 999_999),
    price=sums,
    is_download=st.booleans(),
    shipped=st.integers(0, 999_999),
    to_ship=st.none() | st.integers(0, 999_999),
)
readable_orders = st.builds(
    Order,
    **dict.fromkeys(("status", "company_id", "storefront_id", "email", "phone", "company", "notes"), texts),
    order_id=st.integers(1, 10**15).map(str),
    placed_at=moments,
    is_parent=st.booleans(),
    parent_order_id=st.none() | texts,
    total=sums,
    ship_to=addresses,
    bill_to=addresses,
    shipping=st.lists(
        st.builds(
            ShippingMethod, shipping_id=st.none() | texts, name=texts, module=texts, needs_shipment=st.booleans()
        ),
        max_size=2,
    ).map(tuple),
    shipment_ids=st.lists(texts, max_size=2).map(tuple),
    lines=st.lists(order_lines, max_size=2).map(tuple),
)
unreadable_orders = st.builds(
    UnreadableOrder,
    order_id=st.integers(1, 10**15).map(str),
    status=texts,
    placed_at=st.none() | moments,
    reason=texts,
)


@given(st.lists(readable_orders | unreadable_orders, max_size=3, unique_by=lambda order: order.order_id))
def test_an_order_comes_back_as_it_was(orders: list[Order | UnreadableOrder]) -> None:
    lake = Lake("memory://orders")
    lake.write(RAW_ORDERS, [row_of(order, NOON, 0) for order in orders], client="acme", day=DAY)
    read = [order_of(one) for one in lake.read(RAW_ORDERS, client="acme", day=DAY)]
    assert sorted(read, key=str) == sorted(orders, key=str)


# Several at once


def test_a_reader_during_writes_sees_whole_files(tmp_path: Path) -> None:
    lake, stop = Lake(str(tmp_path)), Event()
    editions = [[row(STOCK_PUSH, sku=f"{n}", reason=f"of {size}") for n in range(size)] for size in (3, 700)]

    def write() -> int:
        written = 0
        while not stop.is_set():
            lake.write(STOCK_PUSH, editions[written % 2], client="acme")
            written += 1
        return written

    def is_whole(reasons: list[str]) -> bool:
        return set(reasons) == {f"of {len(reasons)}"}

    lake.write(STOCK_PUSH, editions[1], client="acme")
    with ThreadPoolExecutor(1) as thread:
        writer = thread.submit(write)
        try:
            for _ in range(15):
                assert is_whole([one["reason"] for one in lake.read(STOCK_PUSH, client="acme")])
                # DuckDB opens a file twice, and says so when it is another one the second time.
                with contextlib.suppress(duckdb.Error):
                    assert is_whole([reason for (reason,) in answer(lake, "SELECT reason FROM stock_push")])
        finally:
            stop.set()
        assert writer.result() > 1
    # Nothing unfinished is left.
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["part.parquet"]


def test_a_file_that_a_dead_writer_left_is_not_read(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    lake.write(STOCK_PUSH, [row(STOCK_PUSH)], client="acme")
    (tmp_path / "stock_push/client=acme/.dead.unfinished").write_bytes(b"PAR1 and no more")
    assert len(answer(lake, "SELECT * FROM stock_push")) == 1


# Queries


@pytest.fixture
def shapes() -> list[str]:
    """The names of all views, with the views that the lake adds to its tables included."""
    return [*TABLES, "stock_snapshots_history", "order_exceptions"]


def test_tables_that_were_never_written_have_views_all_the_same(lake: Lake, shapes: list[str]) -> None:
    for name in shapes:
        assert answer(lake, f"SELECT * FROM {name}") == []  # noqa: S608


def test_a_view_has_the_same_columns_and_types_empty_and_full(lake: Lake, shapes: list[str]) -> None:
    def described() -> dict[str, list[tuple[Any, ...]]]:
        connection = lake.connect()
        return {name: connection.execute(f"DESCRIBE {name}").rows for name in shapes}

    empty = described()
    for table in TABLES.values():
        lake.write(table, [row(table)], **place(table))
    assert described() == empty


def test_a_column_that_older_files_lack_is_empty_in_them(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    lake.write(PLATFORM_ORDERS, [row(PLATFORM_ORDERS)], client="acme", day=DAY)
    (file,) = tmp_path.rglob("part.parquet")
    older = parquet.read_table(file, partitioning=None)
    parquet.write_table(older.drop_columns(["differs_since"]), file)
    assert lake.read(PLATFORM_ORDERS, client="acme", day=DAY) == [row(PLATFORM_ORDERS, differs_since=None)]
    assert answer(lake, "SELECT order_number, differs_since FROM platform_orders") == [("some order_number", None)]


def test_a_client_that_looks_like_a_number_stays_text(lake: Lake) -> None:
    for client in ("007", "7", "2026-11-20"):
        lake.write(STOCK_PUSH, [row(STOCK_PUSH)], client=client)
    assert answer(lake, "SELECT client FROM stock_push ORDER BY ALL") == [("007",), ("2026-11-20",), ("7",)]


def test_the_parts_of_a_row_can_be_asked_for(lake: Lake) -> None:
    parcel = row(SHIPMENT_RECORDS, quantities=[{"sku": "KITE", "quantity": 2}, {"sku": "DRUM", "quantity": 1}])
    lake.write(SHIPMENT_RECORDS, [parcel], client="acme", day=DAY)
    query = "SELECT one.sku, one.quantity FROM (SELECT unnest(quantities) AS one FROM shipment_records) ORDER BY ALL"
    assert answer(lake, query) == [("DRUM", 1), ("KITE", 2)]


def test_moments_are_shown_in_utc(lake: Lake) -> None:
    lake.write(STOCK_PUSH, [row(STOCK_PUSH)], client="acme")
    assert answer(lake, "SELECT pushed_at::TEXT FROM stock_push") == [("2026-11-20 12:00:00+00",)]


def test_a_wrong_query_says_so(lake: Lake) -> None:
    with pytest.raises(duckdb.Error, match="nothing"):
        lake.connect().execute("SELECT nothing")


# Stock snapshots


def test_every_snapshot_is_kept_by_its_time(lake: Lake) -> None:
    for hours, units in ((0, 5), (1, 3), (2, 4)):
        snapshot = row(STOCK_SNAPSHOTS, on_hand=units, taken_at=NOON + timedelta(hours=hours))
        lake.write(STOCK_SNAPSHOTS, [snapshot], client="acme")
    assert [one["on_hand"] for one in lake.read(STOCK_SNAPSHOTS, client="acme")] == [4]
    assert answer(lake, "SELECT on_hand FROM stock_snapshots") == [(4,)]
    history = answer(lake, "SELECT client, taken, taken_at, on_hand FROM stock_snapshots_history ORDER BY taken")
    assert history == [
        ("acme", "2026-11-20T12-00-00Z", NOON, 5),
        ("acme", "2026-11-20T13-00-00Z", NOON + timedelta(hours=1), 3),
        ("acme", "2026-11-20T14-00-00Z", NOON + timedelta(hours=2), 4),
    ]


def test_the_first_look_of_a_day_is_a_snapshot_of_its_own(lake: Lake) -> None:
    lake.write(STOCK_SNAPSHOTS, [row(STOCK_SNAPSHOTS, taken_at=NOON)], client="acme")
    for taken_at, is_known in ((NOON + timedelta(hours=11), True), (NOON + timedelta(hours=12), False)):
        assert lake.is_unchanged(STOCK_SNAPSHOTS, [row(STOCK_SNAPSHOTS, taken_at=taken_at)], client="acme") is is_known


def test_the_newest_snapshot_knows_the_units_of_the_days_before_it(lake: Lake) -> None:
    expected = {}
    for hours in range(0, 32 * 24, 12):
        taken_at = NOON - timedelta(days=32) + timedelta(hours=hours)
        snapshot = [row(STOCK_SNAPSHOTS, sku=sku, on_hand=hours, available=-1, taken_at=taken_at) for sku in "AB"]
        lake.write(STOCK_SNAPSHOTS, snapshot, client="acme")
        expected[taken_at.date()] = (2 * hours, -2)
    units = lake.daily_units("acme")
    assert list(units.items()) == list(expected.items())[-28:]
    # As in the files of an earlier release.
    without = lake.files.path(STOCK_SNAPSHOTS.name, client="acme", day=None)
    lake.files.put(arrow.Table.from_pylist(snapshot, STOCK_SNAPSHOTS.arrow_schema), without)
    assert lake.daily_units("acme") == expected
    assert lake.daily_units("bolt") == {}


def test_an_empty_snapshot_leaves_no_trace_in_the_history(lake: Lake) -> None:
    lake.write(STOCK_SNAPSHOTS, [], client="acme")
    assert answer(lake, "SELECT * FROM stock_snapshots_history") == []


def test_the_order_exceptions_are_the_orders_that_differ(lake: Lake) -> None:
    rows = [row(PLATFORM_ORDERS, order_number=outcome, outcome=outcome) for outcome in ("differs", "imported")]
    lake.write(PLATFORM_ORDERS, rows, client="acme", day=DAY)
    assert answer(lake, "SELECT client, day, order_number, differs, since FROM order_exceptions") == [
        ("acme", DAY, "differs", "some reason", NOON)
    ]

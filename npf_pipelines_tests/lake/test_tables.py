"""Tests of npf_pipelines.lake.tables."""

from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any

import pandera.errors
import pyarrow as arrow
import pytest
from pydantic import BaseModel

from npf_pipelines.assets.order_rows import row_of
from npf_pipelines.cscart.order_parser import parse_order
from npf_pipelines.domain.order_statuses import Status
from npf_pipelines.domain.platform_orders import LodgedShipment, StockFigure
from npf_pipelines.domain.store_orders import Address, Order, OrderLine, OrderMoney, ShippingMethod, UnreadableOrder
from npf_pipelines.lake.table import Table
from npf_pipelines.lake.tables import (
    PLATFORM_ORDERS,
    RAW_ORDERS,
    SHIPMENT_RECORDS,
    STOCK_PUSH,
    STOCK_SNAPSHOTS,
    STORE_FACTS,
    TABLES,
    TRACKING_PUSH,
)
from npf_pipelines.reconcile.orders_of_day import OrderRow
from npf_pipelines.reconcile.tracking import Pushed
from npf_pipelines.rules.stock import StockRow
from npf_pipelines_tests.builders import NOON, row

DAY = date(2026, 11, 20)

tables = pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)


def partition(table: Table) -> dict[str, Any]:
    return {"client": "acme"} | ({"day": DAY} if table.by_day else {})


@tables
def test_each_table_describes_itself(table: Table) -> None:
    names = list(table.schema.columns)
    assert table.description.endswith(".")
    assert all(column.description for column in table.schema.columns.values())
    assert tuple(names[: len(table.partition_columns)]) == table.partition_columns
    assert table.arrow_schema.names == names[len(table.partition_columns) :]
    assert table.key[0] == "client"
    assert {*table.key, *table.personal} <= set(names)


@tables
def test_a_good_row_fits(table: Table) -> None:
    frame = table.frame([row(table)], partition(table))
    assert len(frame) == 1
    assert list(frame.columns) == list(table.schema.columns)


@tables
def test_an_empty_partition_keeps_the_types_of_a_full_one(table: Table) -> None:
    empty, full = table.frame([], partition(table)), table.frame([row(table)], partition(table))
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()
    assert len(empty) == 0


@tables
def test_a_value_may_be_missing_only_where_the_table_says_so(table: Table) -> None:
    optional = {name for name in table.arrow_schema.names if table.schema.columns[name].nullable}
    table.frame([row(table, **dict.fromkeys(optional))], partition(table))
    for name in set(table.arrow_schema.names) - optional:
        without = row(table)
        del without[name]
        with pytest.raises(pandera.errors.SchemaErrors, match=name):
            table.frame([without], partition(table))


@tables
def test_a_value_of_another_type_is_refused(table: Table) -> None:
    for name in table.arrow_schema.names:
        with pytest.raises((arrow.ArrowInvalid, arrow.ArrowTypeError)):
            table.frame([row(table, **{name: object()})], partition(table))


@tables
def test_an_outcome_that_nobody_knows_is_refused(table: Table) -> None:
    for name in [name for name, column in table.schema.columns.items() if column.checks]:
        with pytest.raises(pandera.errors.SchemaErrors, match=name):
            table.frame([row(table, **{name: "nonsense"})], partition(table))


@tables
def test_a_key_is_in_one_row(table: Table) -> None:
    with pytest.raises(pandera.errors.SchemaErrors):
        table.frame([row(table), row(table)], partition(table))
    for name in set(table.key) - set(table.partition_columns):
        table.frame([row(table), row(table, **{name: "another"})], partition(table))


def test_a_sku_may_be_missing_in_the_store_beside_one_that_is_there() -> None:
    without_product = row(STOCK_PUSH, product_id=None)
    STOCK_PUSH.frame([without_product, without_product | {"sku": "another"}, row(STOCK_PUSH)], {"client": "acme"})


# Written rows fit the tables: a field without a column would be lost without a word.


def _names(of: type[Any]) -> set[str]:
    return set(of.model_fields) if issubclass(of, BaseModel) else {field.name for field in fields(of)}


@pytest.mark.parametrize(
    ("table", "written", "kept"),
    [
        (RAW_ORDERS, Order, set()),
        (RAW_ORDERS, UnreadableOrder, {"reason"}),  # as `unreadable`
        (PLATFORM_ORDERS, OrderRow, set()),
        (SHIPMENT_RECORDS, LodgedShipment, {"as_written", "kit_note", "is_kit_open"}),  # the platform has it
        (TRACKING_PUSH, Pushed, set()),
        (STOCK_SNAPSHOTS, StockFigure, {"unreadable"}),  # such a SKU has no figure, and a row of stock_push
        (STOCK_PUSH, StockRow, set()),
    ],
    ids=lambda one: getattr(one, "__name__", None) or getattr(one, "name", None),
)
def test_every_field_has_a_column(table: Table, written: type[Any], kept: set[str]) -> None:
    assert _names(written) - kept <= set(table.arrow_schema.names)


@pytest.mark.parametrize(
    ("table", "name", "written"),
    [
        (RAW_ORDERS, "ship_to", Address),
        (RAW_ORDERS, "bill_to", Address),
        (RAW_ORDERS, "lines", OrderLine),
        (RAW_ORDERS, "shipping", ShippingMethod),
        (RAW_ORDERS, "money", OrderMoney),
        (STORE_FACTS, "statuses", Status),
    ],
)
def test_every_field_of_a_part_has_its_place(table: Table, name: str, written: type[Any]) -> None:
    kind = table.arrow_schema.field(name).type
    struct = kind.value_type if arrow.types.is_list(kind) else kind
    # The shopper's choice is personal, and has a column of its own, as have fields that older files lack.
    elsewhere = {"options", "tax", "discount"} if written is OrderLine else set()
    assert [field.name for field in struct] == [
        name for name, field in written.model_fields.items() if name not in elsewhere and not field.exclude
    ]


def test_personal_data_is_marked() -> None:
    assert {table.name: table.personal for table in TABLES.values() if table.personal} == {
        "raw_orders": {
            "email",
            "phone",
            "company",
            "notes",
            "ship_to",
            "bill_to",
            "line_options",
            "gift_message",
            "internal_note",
        }
    }


@pytest.mark.parametrize("price", [88.359999999999999, "88.359999999999999", 1e-7, "0.30000000000000004"])
def test_a_price_as_php_prints_it_fits(price: object) -> None:
    """One such price would else cost the whole day."""
    order = parse_order(
        {
            "order_id": "7",
            "status": "P",
            "timestamp": "1790000000",
            "total": price,
            "products": {"1": {"amount": 1, "price": price, "product_code": "KITE"}},
        }
    )
    assert isinstance(order, Order)
    frame = RAW_ORDERS.frame([row_of(order, NOON, 0)], partition(RAW_ORDERS))
    assert abs(frame["total"][0] - Decimal(str(price))) <= Decimal("0.00005")


@pytest.mark.parametrize("price", ["1000000000000", "-999999999999.99999", 1e14])
def test_a_price_that_no_column_holds_costs_only_its_order(price: object) -> None:
    order = parse_order({"order_id": "7", "status": "P", "timestamp": "1790000000", "total": price, "products": []})
    assert isinstance(order, UnreadableOrder)
    RAW_ORDERS.frame([row_of(order, NOON, 0)], partition(RAW_ORDERS))

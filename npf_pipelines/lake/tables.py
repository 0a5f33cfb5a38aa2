"""The tables of the lake: columns, their types and meaning, what must be true of each, and which hold personal data.

One description serves the check at writing, the Parquet files' types and the column schemas in the UI.
Not here: where the files are (lake.py).
"""

import functools
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pandera.pandas as pa
import pyarrow as arrow

from npf_pipelines.domain.outcomes import Decision, OrderOutcome, PushOutcome, Rule, StatusOutcome, StockOutcome

_TEXT = arrow.string()
_WHOLE = arrow.int64()
_FLAG = arrow.bool_()
_TIME = arrow.timestamp("us", tz="UTC")
_DAY = arrow.date32()
_MONEY = arrow.decimal128(16, 4)
_ADDRESS = arrow.struct(
    [
        (name, _TEXT)
        for name in (
            "name",
            "address_1",
            "address_2",
            "city",
            "county",
            "state",
            "postcode",
            "country_code",
            "country",
            "phone",
        )
    ]
)
_LINES = arrow.list_(
    arrow.struct(
        [
            ("item_id", _TEXT),
            ("product_id", _TEXT),
            ("sku", _TEXT),
            ("description", _TEXT),
            ("quantity", _WHOLE),
            ("price", _MONEY),
            ("is_download", _FLAG),
            ("shipped", _WHOLE),
            ("to_ship", _WHOLE),
            ("is_pick_up", _FLAG),
        ]
    )
)
_LINE_OPTIONS = arrow.list_(arrow.struct([("item_id", _TEXT), ("options", _TEXT)]))
_SHIPPING = arrow.list_(
    arrow.struct([("shipping_id", _TEXT), ("name", _TEXT), ("module", _TEXT), ("needs_shipment", _FLAG)])
)
_STATUSES = arrow.list_(
    arrow.struct([("letter", _TEXT), ("name", _TEXT), ("takes_stock", _FLAG), ("moves_stock", _FLAG)])
)
_CARRIER_LINKS = arrow.list_(arrow.struct([("code", _TEXT), ("links", _FLAG)]))
_QUANTITIES = arrow.list_(arrow.struct([("sku", _TEXT), ("quantity", _WHOLE)]))


@dataclass(frozen=True)
class Table:
    """A table of the lake. `by_day` tells whether its partitions are a client's days or the client as a whole."""

    name: str
    description: str
    by_day: bool
    key: tuple[str, ...]
    schema: pa.DataFrameSchema
    looked_at: str = ""
    """The column that says when the rows were found so; a later look that found the same doesn't move it."""
    personal: frozenset[str] = frozenset()
    """The columns that hold a shopper's personal data: shown nowhere but in the table itself."""

    @functools.cached_property
    def arrow_schema(self) -> arrow.Schema:
        """The types of the Parquet files, without the partition columns, which are in the path."""
        return arrow.schema(
            [
                (name, column.dtype.type.pyarrow_dtype)
                for name, column in self.schema.columns.items()
                if name not in self.partition_columns
            ]
        )

    @property
    def partition_columns(self) -> tuple[str, ...]:
        """What a partition's path says."""
        return ("client", "day") if self.by_day else ("client",)

    def frame(self, rows: list[dict[str, Any]], partition: dict[str, Any]) -> pd.DataFrame:
        """The rows of one partition as a frame that fits the schema.

        Raises:
            pandera.errors.SchemaErrors: a row breaks a rule of the table.
            pyarrow.lib.ArrowInvalid: a value has the wrong type.
        """
        table = arrow.Table.from_pylist(rows, schema=self.arrow_schema)
        for place, name in enumerate(self.partition_columns):
            kind = self.schema.columns[name].dtype.type.pyarrow_dtype
            table = table.add_column(place, name, arrow.repeat(arrow.scalar(partition[name], kind), len(rows)))
        return self.schema.validate(table.to_pandas(types_mapper=pd.ArrowDtype), lazy=True)


def _column(kind: arrow.DataType, description: str, *checks: pa.Check, nullable: bool = False) -> pa.Column:
    return pa.Column(pd.ArrowDtype(kind), list(checks), nullable=nullable, description=description)


def _one_of(outcomes: Any) -> pa.Check:
    return pa.Check.isin([str(outcome) for outcome in outcomes])


def _table(
    name: str,
    description: str,
    *,
    key: tuple[str, ...],
    columns: dict[str, pa.Column],
    by_day: str = "",
    looked_at: str = "",
    personal: frozenset[str] = frozenset(),
) -> Table:
    partition = {"client": _column(_TEXT, "the client's id")}
    if by_day:
        partition["day"] = _column(_DAY, by_day)
    schema = pa.DataFrameSchema(partition | columns, name=name, strict=True, unique=list(key))
    return Table(name, description, bool(by_day), key, schema, looked_at, personal)


RAW_ORDERS = _table(
    "raw_orders",
    "Every order that the client's store lists for the day, whatever its status; only the fields that are needed.",
    by_day="the day the order was placed, in the client's time zone",
    key=("client", "order_id"),
    looked_at="pulled_at",
    columns={
        "order_id": _column(_TEXT, "the store's order number; for an order without one, its place in the day's list"),
        "status": _column(_TEXT, "the store's status letter"),
        "placed_at": _column(_TIME, "when the order was placed", nullable=True),
        "unreadable": _column(_TEXT, "why the order can't be read; empty when it can", nullable=True),
        "is_parent": _column(_FLAG, "whether it is a Multi-Vendor parent", nullable=True),
        "parent_order_id": _column(_TEXT, "the parent of a Multi-Vendor child", nullable=True),
        "company_id": _column(_TEXT, "the store's company", nullable=True),
        "storefront_id": _column(_TEXT, "the store's storefront", nullable=True),
        "total": _column(_MONEY, "the order's total in the store's currency", nullable=True),
        "email": _column(_TEXT, "the shopper's e-mail address", nullable=True),
        "phone": _column(_TEXT, "the shopper's phone", nullable=True),
        "company": _column(_TEXT, "the shopper's company", nullable=True),
        "notes": _column(_TEXT, "the shopper's note", nullable=True),
        "ship_to": _column(_ADDRESS, "the ship-to address", nullable=True),
        "bill_to": _column(_ADDRESS, "the bill-to address", nullable=True),
        "shipping": _column(_SHIPPING, "the chosen shipping methods", nullable=True),
        "shipment_ids": _column(arrow.list_(_TEXT), "the shipments that the store has", nullable=True),
        "lines": _column(_LINES, "the order's lines", nullable=True),
        "line_options": _column(
            _LINE_OPTIONS, "what the shopper chose and typed for each line that has options", nullable=True
        ),
        "pulled_at": _column(_TIME, "when the store told it so"),
    },
    personal=frozenset({"email", "phone", "company", "notes", "ship_to", "bill_to", "line_options"}),
)

FILTERED_ORDERS = _table(
    "filtered_orders",
    "The decision on every raw order, with its reason.",
    by_day="the day the order was placed, in the client's time zone",
    key=("client", "order_id"),
    looked_at="decided_at",
    columns={
        "order_id": _column(_TEXT, "the store's order number"),
        "order_number": _column(_TEXT, "the number on the platform, order prefix included"),
        "decision": _column(
            _TEXT, "accepted, rejected by the master setup, or set aside for a person", _one_of(Decision)
        ),
        "rule": _column(_TEXT, "the rule that decided", _one_of(Rule)),
        "reason": _column(_TEXT, "why, in words"),
        "status": _column(_TEXT, "the store's status letter"),
        "is_test": _column(_FLAG, "whether it is made of test items only"),
        "placed_at": _column(_TIME, "when the order was placed", nullable=True),
        "decided_at": _column(_TIME, "when the decision was made"),
    },
)

PLATFORM_ORDERS = _table(
    "platform_orders",
    "What became of every accepted order on the platform.",
    by_day="the day the order was placed, in the client's time zone",
    key=("client", "order_number"),
    columns={
        "order_id": _column(_TEXT, "the store's order number"),
        "order_number": _column(_TEXT, "the number on the platform, order prefix included"),
        "outcome": _column(_TEXT, "what became of it", _one_of(OrderOutcome)),
        "reason": _column(_TEXT, "why, in words"),
        "imported_at": _column(_TIME, "when the platform got the order", nullable=True),
        "differs_since": _column(_TIME, "since when store and platform are known to differ", nullable=True),
    },
)

SHIPMENT_RECORDS = _table(
    "shipment_records",
    "Every shipment that the warehouse lodged on the day.",
    by_day="the day of lodgement, in the client's time zone",
    key=("client", "shipment_id"),
    looked_at="read_at",
    columns={
        "shipment_id": _column(_TEXT, "the platform's shipment"),
        "order_number": _column(_TEXT, "the order's number on the platform"),
        "carrier": _column(_TEXT, "the carrier as NPF names it"),
        "tracking_number": _column(_TEXT, "the carrier's number"),
        "tracking_url": _column(_TEXT, "where the parcel can be followed"),
        "lodged_at": _column(_TIME, "when it was handed to the carrier"),
        "quantities": _column(_QUANTITIES, "what is in it, by SKU"),
        "unreadable": _column(_TEXT, "what the platform has wrong, so that it isn't pushed", nullable=True),
        "read_at": _column(_TIME, "when the platform told it so"),
    },
)

TRACKING_PUSH = _table(
    "tracking_push",
    "What became of every lodged shipment in the client's store, and of the order's status.",
    by_day="the day of lodgement, in the client's time zone",
    key=("client", "shipment_id"),
    looked_at="pushed_at",
    columns={
        "shipment_id": _column(_TEXT, "the platform's shipment"),
        "order_number": _column(_TEXT, "the order's number on the platform"),
        "outcome": _column(_TEXT, "what became of the shipment in the store", _one_of(PushOutcome)),
        "reason": _column(_TEXT, "why, in words; what to do where a person must act"),
        "store_shipment_id": _column(_TEXT, "the store's shipment, the last one that was made", nullable=True),
        "sent": _column(
            arrow.list_(_TEXT), "what the store may have of it: tracking number, and units by SKU", nullable=True
        ),
        "content": _column(_TEXT, "a print of what was pushed: another one means a correction", nullable=True),
        "order_status": _column(_TEXT, "the order's status letter in the store as read back", nullable=True),
        "status_outcome": _column(_TEXT, "what became of the order status", _one_of(StatusOutcome)),
        "status_reason": _column(_TEXT, "why, in words"),
        "confirmed_at": _column(_TIME, "since when the store is known to have it", nullable=True),
        "pushed_at": _column(_TIME, "when the store was found, or made, so"),
    },
)

STOCK_SNAPSHOTS = _table(
    "stock_snapshots",
    "The platform's stock of each SKU of the client, and what open orders take from it.",
    key=("client", "sku"),
    looked_at="taken_at",
    columns={
        "sku": _column(_TEXT, "the product code"),
        "on_hand": _column(_WHOLE, "SOH: what is physically in the warehouse"),
        "in_process": _column(_WHOLE, "taken by orders in process"),
        "back_orders": _column(_WHOLE, "taken by back orders"),
        "available": _column(_WHOLE, "Available SOH: on hand less in process less back orders; can be negative"),
        "in_flight": _column(
            _WHOLE, "held by orders that the warehouse doesn't know yet; empty if not asked", nullable=True
        ),
        "taken_at": _column(_TIME, "when the platform first told it so that day"),
    },
)

STOCK_PUSH = _table(
    "stock_push",
    "What became of each SKU's amount in the client's store.",
    key=("client", "sku", "product_id"),
    looked_at="pushed_at",
    columns={
        "sku": _column(_TEXT, "the product code"),
        "product_id": _column(
            _TEXT, "the store's product, an option combination behind a slash; empty where it has none", nullable=True
        ),
        "wanted": _column(_WHOLE, "the amount it should have", nullable=True),
        "before": _column(_WHOLE, "the amount it had", nullable=True),
        "outcome": _column(_TEXT, "what became of it", _one_of(StockOutcome)),
        "reason": _column(_TEXT, "why, in words, and how the amount comes about"),
        "differs_since": _column(_TIME, "since when the store may have another amount", nullable=True),
        "store_location": _column(_WHOLE, "the store location whose amount it is, where one is set", nullable=True),
        "elsewhere": _column(
            _WHOLE, "units at the other store locations, where the store shows only the total", nullable=True
        ),
        "pushed_at": _column(_TIME, "when the store was found, or made, so"),
    },
)

STORE_FACTS = _table(
    "store_facts",
    "What was found out about each client's store, and until when its changes have been read.",
    key=("client",),
    columns={
        "statuses": _column(_STATUSES, "the store's order statuses", nullable=True),
        "statuses_unreadable": _column(
            _FLAG, "whether the API user may not read them; CS-Cart's own list is used then", nullable=True
        ),
        "statuses_read_at": _column(_TIME, "when they were read", nullable=True),
        "updated_at_filter": _column(
            _FLAG, "whether orders can be listed by the time of their last change", nullable=True
        ),
        "probed_at": _column(_TIME, "when that was tried", nullable=True),
        "carrier_links": _column(
            _CARRIER_LINKS,
            "for which carrier codes the store has shown a tracking link, and for which none",
            nullable=True,
        ),
        "changes_read_until": _column(_TIME, "up to when changed orders have been looked for", nullable=True),
        "orders_zone": _column(_TEXT, "the time zone by whose days the tables of orders are cut", nullable=True),
        "shipments_zone": _column(_TEXT, "the time zone by whose days those of shipments are cut", nullable=True),
    },
)

STATUS_QUESTIONS = _table(
    "status_questions",
    "Statuses that the master setup doesn't explain, with orders in them that are open on the platform.",
    key=("client", "status"),
    columns={
        "status": _column(_TEXT, "the store's status letter"),
        "name": _column(_TEXT, "the status as the store calls it, with its letter"),
        "orders": _column(_WHOLE, "orders in it that are open on the platform"),
        "reason": _column(_TEXT, "what is so, and what to do"),
        "since": _column(_TIME, "since when it is known"),
    },
)

STORE_PRODUCTS = _table(
    "store_products",
    "Which of the store's products has which SKU, as last read whole.",
    key=("client", "product_id", "sku"),
    columns={
        "product_id": _column(
            _TEXT, "the product, an option combination behind a slash; empty for a SKU that none has"
        ),
        "sku": _column(_TEXT, "the product code; empty where it has none"),
        "is_download": _column(_FLAG, "whether there is nothing to ship"),
        "unreadable": _column(_TEXT, "why its id or code can't be read; empty when both can", nullable=True),
        "read_at": _column(_TIME, "when the whole catalogue was read"),
    },
)

PUSHED_SKUS = _table(
    "pushed_skus",
    "The SKUs whose amount was ever right in the client's store; a SKU stays when the warehouse counts it no longer.",
    key=("client", "sku"),
    columns={
        "sku": _column(_TEXT, "the product code"),
        "first_right_at": _column(_TIME, "when the store was first known to have the wanted amount"),
    },
)

OLD_HOLDS = _table(
    "old_holds",
    "Orders in flight that are about to grow older than stock.in_flight_days, or have: the units that they hold.",
    key=("client", "order_id"),
    columns={
        "order_id": _column(_TEXT, "the store's order number"),
        "placed_at": _column(_TIME, "when the order was placed"),
        "noticed_at": _column(_TIME, "when a push first found it so old"),
        "offered_at": _column(_TIME, "from when on its units are offered again"),
        "skus": _column(arrow.list_(_TEXT), "the SKUs that it holds"),
        "reason": _column(_TEXT, "what it holds, and what happens when"),
    },
)

TABLES = {
    table.name: table
    for table in (
        RAW_ORDERS,
        FILTERED_ORDERS,
        PLATFORM_ORDERS,
        SHIPMENT_RECORDS,
        TRACKING_PUSH,
        STOCK_SNAPSHOTS,
        STOCK_PUSH,
        STORE_FACTS,
        STATUS_QUESTIONS,
        STORE_PRODUCTS,
        PUSHED_SKUS,
        OLD_HOLDS,
    )
}

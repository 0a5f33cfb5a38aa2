"""The tables of the lake: their columns with types and meaning, and which of them hold personal data.

One description serves the check at writing, the Parquet files' types and the column schemas in the UI.
Not here: what a table is (table.py), where the files are (files.py).
"""

import pyarrow as arrow

from npf_pipelines.domain.outcomes import Decision, OrderOutcome, PushOutcome, Rule, StatusOutcome, StockOutcome
from npf_pipelines.lake.table import column, outcome_column, table

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
_MONEY_OF_ORDER = arrow.struct(
    [
        ("currency", _TEXT),
        *(
            (name, _MONEY)
            for name in (
                "subtotal",
                "discount",
                "shipping_cost",
                "tax",
                "tax_on_top",
                "surcharge",
                "certificates",
                "credit",
            )
        ),
        ("unreadable", arrow.list_(_TEXT)),
    ]
)
_LINE_MONEY = arrow.list_(arrow.struct([("item_id", _TEXT), ("tax", _MONEY), ("discount", _MONEY)]))
_LINE_OPTIONS = arrow.list_(arrow.struct([("item_id", _TEXT), ("options", _TEXT)]))
_SHIPPING = arrow.list_(
    arrow.struct([("shipping_id", _TEXT), ("name", _TEXT), ("module", _TEXT), ("needs_shipment", _FLAG)])
)
_STATUSES = arrow.list_(
    arrow.struct([("letter", _TEXT), ("name", _TEXT), ("takes_stock", _FLAG), ("moves_stock", _FLAG)])
)
_CARRIER_LINKS = arrow.list_(arrow.struct([("code", _TEXT), ("links", _FLAG)]))
_QUANTITIES = arrow.list_(arrow.struct([("sku", _TEXT), ("quantity", _WHOLE)]))
_DECISIONS = arrow.list_(arrow.struct([("decided_at", _TIME), ("decision", _TEXT), ("reason", _TEXT)]))

RAW_ORDERS = table(
    "raw_orders",
    "Every order that the client's store lists for the day, whatever its status; only the fields that are needed.",
    by_day="the day the order was placed, in the client's time zone",
    key=("client", "order_id"),
    looked_at="pulled_at",
    columns={
        "order_id": column(_TEXT, "the store's order number; for an order without one, its place in the day's list"),
        "status": column(_TEXT, "the store's status letter"),
        "placed_at": column(_TIME, "when the order was placed", nullable=True),
        "updated_at": column(
            _TIME,
            "when the order was last changed, as the store says; for clients with a grace period",
            nullable=True,
        ),
        "unreadable": column(_TEXT, "why the order can't be read; empty when it can", nullable=True),
        "is_parent": column(_FLAG, "whether it is a Multi-Vendor parent", nullable=True),
        "parent_order_id": column(_TEXT, "the parent of a Multi-Vendor child", nullable=True),
        "company_id": column(_TEXT, "the store's company", nullable=True),
        "storefront_id": column(_TEXT, "the store's storefront", nullable=True),
        "total": column(_MONEY, "the order's total in the store's currency", nullable=True),
        "email": column(_TEXT, "the shopper's e-mail address", nullable=True),
        "phone": column(_TEXT, "the shopper's phone", nullable=True),
        "company": column(_TEXT, "the shopper's company", nullable=True),
        "notes": column(_TEXT, "the shopper's note", nullable=True),
        "ship_to": column(_ADDRESS, "the ship-to address", nullable=True),
        "bill_to": column(_ADDRESS, "the bill-to address", nullable=True),
        "shipping": column(_SHIPPING, "the chosen shipping methods", nullable=True),
        "shipment_ids": column(arrow.list_(_TEXT), "the shipments that the store has", nullable=True),
        "lines": column(_LINES, "the order's lines", nullable=True),
        "line_options": column(_LINE_OPTIONS, "the shopper's choice for each line that has options", nullable=True),
        "money": column(_MONEY_OF_ORDER, "the sums beside the total, and which of them can't be read", nullable=True),
        "line_money": column(_LINE_MONEY, "tax and discount of each line", nullable=True),
        "payment_method": column(_TEXT, "the name of the way of payment", nullable=True),
        "gift_message": column(_TEXT, "the shopper's message for the recipient", nullable=True),
        "internal_note": column(_TEXT, "the merchant's internal note", nullable=True),
        "language": column(_TEXT, "the shopper's language", nullable=True),
        "pulled_at": column(_TIME, "when the store was read"),
    },
    personal=frozenset(
        {
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
    ),
)

FILTERED_ORDERS = table(
    "filtered_orders",
    "The decision on every raw order, with its reason.",
    by_day="the day the order was placed, in the client's time zone",
    key=("client", "order_id"),
    looked_at="decided_at",
    columns={
        "order_id": column(_TEXT, "the store's order number"),
        "order_number": column(_TEXT, "the number on the platform, order prefix included"),
        "decision": outcome_column(Decision, "accepted, held, rejected by the master setup, or set aside for a person"),
        "rule": outcome_column(Rule, "the rule that decided"),
        "reason": column(_TEXT, "why, in words"),
        "status": column(_TEXT, "the store's status letter"),
        "is_test": column(_FLAG, "whether it is made of test items only"),
        "placed_at": column(_TIME, "when the order was placed", nullable=True),
        "decided_at": column(_TIME, "when the decision was made"),
        "release_at": column(
            _TIME, "when a held order is released; empty where a person has to release it", nullable=True
        ),
        "changed_at": column(
            _TIME, "the last change of an order not yet imported, from which its grace period counts", nullable=True
        ),
        "content": column(_TEXT, "a hash of the order: a different one means that it was changed", nullable=True),
        "wanted_since": column(
            _TIME, "since when it is known to be in an imported status, for clients with a cut-off", nullable=True
        ),
        "earlier": column(
            _DECISIONS, "the decisions before it, oldest first: the first one and the last 19", nullable=True
        ),
        "sums": column(_TEXT, "why the order's sums don't add up; empty where they do", nullable=True),
    },
)

PLATFORM_ORDERS = table(
    "platform_orders",
    "The outcome of every accepted order on the platform.",
    by_day="the day the order was placed, in the client's time zone",
    key=("client", "order_number"),
    columns={
        "order_id": column(_TEXT, "the store's order number"),
        "order_number": column(_TEXT, "the number on the platform, order prefix included"),
        "outcome": outcome_column(OrderOutcome, "the outcome"),
        "reason": column(_TEXT, "why, in words"),
        "imported_at": column(_TIME, "when the platform got the order", nullable=True),
        "missed_cut_off": column(_TIME, "the cut-off that it should have made and did not", nullable=True),
        "differs_since": column(_TIME, "since when store and platform are known to differ", nullable=True),
    },
)

SHIPMENT_RECORDS = table(
    "shipment_records",
    "Every shipment that the warehouse lodged on the day.",
    by_day="the day of lodgement, in the client's time zone",
    key=("client", "shipment_id"),
    looked_at="read_at",
    columns={
        "shipment_id": column(_TEXT, "the platform's shipment"),
        "order_number": column(_TEXT, "the order's number on the platform"),
        "carrier": column(_TEXT, "the carrier as NPF names it"),
        "tracking_number": column(_TEXT, "the carrier's number"),
        "tracking_url": column(_TEXT, "where the parcel can be followed"),
        "lodged_at": column(_TIME, "when it was handed to the carrier"),
        "quantities": column(_QUANTITIES, "its contents, by SKU"),
        "unreadable": column(_TEXT, "the platform's error that stops the push", nullable=True),
        "read_at": column(_TIME, "when the platform was read"),
    },
)

TRACKING_PUSH = table(
    "tracking_push",
    "The outcome of every lodged shipment in the client's store, and of the order's status.",
    by_day="the day of lodgement, in the client's time zone",
    key=("client", "shipment_id"),
    looked_at="pushed_at",
    columns={
        "shipment_id": column(_TEXT, "the platform's shipment"),
        "order_number": column(_TEXT, "the order's number on the platform"),
        "outcome": outcome_column(PushOutcome, "the outcome of the shipment in the store"),
        "reason": column(_TEXT, "why, in words; what to do where a person must act"),
        "store_shipment_id": column(_TEXT, "the store's shipment that was made last", nullable=True),
        "sent": column(
            arrow.list_(_TEXT),
            "the forms of it that the store may have: tracking number, and units by SKU",
            nullable=True,
        ),
        "content": column(_TEXT, "a hash of what was pushed: a different one means a correction", nullable=True),
        "order_status": column(_TEXT, "the order's status letter in the store as read back", nullable=True),
        "status_outcome": outcome_column(StatusOutcome, "the outcome of the order status"),
        "status_reason": column(_TEXT, "why, in words"),
        "confirmed_at": column(_TIME, "since when the store is known to have it", nullable=True),
        "pushed_at": column(_TIME, "when the store was found, or brought, into this state"),
    },
)

STOCK_SNAPSHOTS = table(
    "stock_snapshots",
    "The platform's stock of each SKU of the client, and what open orders take from it.",
    key=("client", "sku"),
    looked_at="taken_at",
    columns={
        "sku": column(_TEXT, "the product code"),
        "on_hand": column(_WHOLE, "SOH: units physically in the warehouse"),
        "in_process": column(_WHOLE, "taken by orders in process"),
        "back_orders": column(_WHOLE, "taken by back orders"),
        "available": column(_WHOLE, "Available SOH: on hand less in process less back orders; can be negative"),
        "in_flight": column(
            _WHOLE, "held by orders that the warehouse doesn't know yet; empty if not asked", nullable=True
        ),
        "taken_at": column(_TIME, "when the platform first had these figures that day"),
    },
)

STOCK_PUSH = table(
    "stock_push",
    "The outcome of each SKU's amount in the client's store.",
    key=("client", "sku", "product_id"),
    looked_at="pushed_at",
    columns={
        "sku": column(_TEXT, "the product code"),
        "product_id": column(
            _TEXT, "the store's product, an option combination behind a slash; empty where it has none", nullable=True
        ),
        "wanted": column(_WHOLE, "the amount it should have", nullable=True),
        "before": column(_WHOLE, "the amount it had", nullable=True),
        "outcome": outcome_column(StockOutcome, "the outcome"),
        "reason": column(_TEXT, "why, in words, and how the amount is made up"),
        "differs_since": column(_TIME, "since when the store may have another amount", nullable=True),
        "store_location": column(
            _WHOLE, "the store location whose amount it is, where a single one is set", nullable=True
        ),
        "elsewhere": column(
            _WHOLE, "units at the other store locations, where the store shows only the total", nullable=True
        ),
        "pushed_at": column(_TIME, "when the store was found, or brought, into this state"),
    },
)

STORE_FACTS = table(
    "store_facts",
    "Facts about each client's store, until when its changes have been read, and the prefixes of its orders.",
    key=("client",),
    columns={
        "statuses": column(_STATUSES, "the store's order statuses", nullable=True),
        "statuses_unreadable": column(
            _FLAG, "whether the API user may not read them, so that CS-Cart's own list is used", nullable=True
        ),
        "statuses_read_at": column(_TIME, "when they were read", nullable=True),
        "updated_at_filter": column(
            _FLAG, "whether orders can be listed by the time of their last change", nullable=True
        ),
        "probed_at": column(_TIME, "when that was tried", nullable=True),
        "carrier_links": column(
            _CARRIER_LINKS,
            "for which carrier codes the store has shown a tracking link, and for which none",
            nullable=True,
        ),
        "changes_read_until": column(_TIME, "up to when changed orders have been read", nullable=True),
        "orders_zone": column(_TEXT, "the time zone by whose days the tables of orders are cut", nullable=True),
        "shipments_zone": column(_TEXT, "the time zone by whose days the tables of shipments are cut", nullable=True),
        "order_prefixes": column(
            arrow.list_(_TEXT), "the prefixes under which orders have been imported", nullable=True
        ),
        "other_numbers": column(
            arrow.list_(_TEXT), "numbers of single orders on the platform that have none of them", nullable=True
        ),
    },
)

STATUS_QUESTIONS = table(
    "status_questions",
    "Statuses that the master setup doesn't explain, with orders in them that are open on the platform.",
    key=("client", "status"),
    columns={
        "status": column(_TEXT, "the store's status letter"),
        "name": column(_TEXT, "the status as the store calls it, with its letter"),
        "orders": column(_WHOLE, "orders in it that are open on the platform"),
        "reason": column(_TEXT, "the problem, and what to do"),
        "since": column(_TIME, "since when it is known"),
    },
)

OPEN_STATUSES = table(
    "open_statuses",
    "The status at the last decision of each order that is open on the platform: no day is read for it again.",
    key=("client", "order_id"),
    columns={
        "order_id": column(_TEXT, "the store's order number"),
        "placed_on": column(arrow.date32(), "the day the order was placed, in the client's time zone"),
        "status": column(_TEXT, "the store's status letter; empty for an order that was never decided on"),
    },
)

STORE_PRODUCTS = table(
    "store_products",
    "Which of the store's products has which SKU, as last read whole.",
    key=("client", "product_id", "sku"),
    columns={
        "product_id": column(_TEXT, "the product, an option combination behind a slash; empty for a SKU that none has"),
        "sku": column(_TEXT, "the product code; empty where it has none"),
        "is_download": column(_FLAG, "whether there is nothing to ship"),
        "unreadable": column(_TEXT, "why its id or code can't be read; empty when both can", nullable=True),
        "read_at": column(
            _TIME, "when the whole catalogue was read; not moved by one that finds the same within half a day"
        ),
    },
    looked_at="read_at",
)

PUSHED_SKUS = table(
    "pushed_skus",
    "The SKUs whose amount was ever right in the client's store; a SKU stays when the warehouse counts it no longer.",
    key=("client", "sku"),
    columns={
        "sku": column(_TEXT, "the product code"),
        "first_right_at": column(_TIME, "when the store was first known to have the wanted amount"),
    },
)

OLD_HOLDS = table(
    "old_holds",
    "Orders in flight that are about to grow older than stock.in_flight_days, or have: the units that they hold.",
    key=("client", "order_id"),
    columns={
        "order_id": column(_TEXT, "the store's order number"),
        "placed_at": column(_TIME, "when the order was placed"),
        "noticed_at": column(_TIME, "when a push first found it so old"),
        "offered_at": column(_TIME, "from when on its units are offered again"),
        "skus": column(arrow.list_(_TEXT), "the SKUs that it holds"),
        "reason": column(_TEXT, "what it holds, and what happens when"),
    },
)

SKU_MAP = table(
    "sku_map",
    "The last good map of the store's codes to the warehouse's (orders.skus).",
    key=("client", "store_sku", "warehouse_sku"),
    columns={
        "store_sku": column(_TEXT, "the store's code"),
        "warehouse_sku": column(_TEXT, "a part of it: a code of the warehouse, or another code of the map"),
        "quantity": column(_WHOLE, "how many of the part are in one of the code"),
        "read_at": column(_TIME, "when a run first read the map as it is"),
    },
)

SKU_MAP_PROBLEMS = table(
    "sku_map_problems",
    "Why a newer map of the client's codes is not used: the last good one stays (orders.skus).",
    key=("client", "problem"),
    columns={
        "problem": column(_TEXT, "the row of the map, and what is wrong with it"),
        "noticed_at": column(_TIME, "when a run first found the map so"),
    },
)

TABLES = {
    each.name: each
    for each in (
        RAW_ORDERS,
        FILTERED_ORDERS,
        PLATFORM_ORDERS,
        SHIPMENT_RECORDS,
        TRACKING_PUSH,
        STOCK_SNAPSHOTS,
        STOCK_PUSH,
        STORE_FACTS,
        STATUS_QUESTIONS,
        OPEN_STATUSES,
        STORE_PRODUCTS,
        PUSHED_SKUS,
        OLD_HOLDS,
        SKU_MAP,
        SKU_MAP_PROBLEMS,
    )
}

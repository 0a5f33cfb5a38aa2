"""An order as a row of raw_orders, and back.

Not here: which fields an order has at all (cscart/order_parser.py), the types of the columns (tables.py).
"""

from datetime import datetime
from typing import Any

from npf_pipelines.domain.store_orders import Order, UnreadableOrder


def row_id(order: Order | UnreadableOrder, place: int) -> str:
    """The order's id in the tables; for an order without a readable number, one made from its place in the list."""
    return order.order_id or f"unnumbered-{place}"


def row_of(
    order: Order | UnreadableOrder, pulled_at: datetime, place: int, *, keeps_change: bool = True
) -> dict[str, Any]:
    """The row of an order.

    Args:
        order: the order.
        pulled_at: when it was read.
        place: as for `row_id`.
        keeps_change: whether the row has the time of the order's last change: an order is often changed without any
            other field of the row, and most clients have no use for it.
    """
    if isinstance(order, UnreadableOrder):
        return {
            "order_id": row_id(order, place),
            "status": order.status,
            "placed_at": order.placed_at,
            "unreadable": order.reason,
            "pulled_at": pulled_at,
        }
    row = order.model_dump(exclude=None if keeps_change else {"updated_at"})
    # Options are personal data, which has columns of its own.
    options = [{"item_id": line["item_id"], "options": line.pop("options")} for line in row["lines"]]
    money = [
        {"item_id": line["item_id"], "tax": line.pop("tax"), "discount": line.pop("discount")} for line in row["lines"]
    ]
    return row | {"line_options": options, "line_money": money, "pulled_at": pulled_at}


def order_of(row: dict[str, Any]) -> Order | UnreadableOrder:
    """The order of a row as the lake returns it."""
    if row["unreadable"] is not None:
        return UnreadableOrder(
            order_id=row["order_id"], status=row["status"], placed_at=row["placed_at"], reason=row["unreadable"]
        )
    options = {line["item_id"]: line["options"] for line in row["line_options"] or []}
    money = {line["item_id"]: line for line in row["line_money"] or []}
    lines = [
        {**money.get(line["item_id"], {}), **line, "options": options.get(line["item_id"])} for line in row["lines"]
    ]
    return Order.model_validate({name: row[name] for name in Order.model_fields} | {"lines": lines})

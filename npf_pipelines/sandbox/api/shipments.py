"""`/shipments`: made without a check that they are new, cut in silence, corrected only in newer stores."""

import asyncio
from typing import Any

from npf_pipelines.sandbox.answers import as_listed, shipment_row
from npf_pipelines.sandbox.api.call import Answer, Call, refusal
from npf_pipelines.sandbox.error_pages import UNCAUGHT_ERROR
from npf_pipelines.sandbox.listing import list_shipments
from npf_pipelines.sandbox.model import Order
from npf_pipelines.sandbox.php import first_letter, truth, whole_number
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines.sandbox.store_shipments import TooLongError

RIGHTS = {"GET": "view_orders", "POST": "edit_order", "PUT": "edit_order", "DELETE": "edit_order"}

_CORRECTABLE = frozenset({"tracking_number", "comments", "status", "timestamp"})
_STRICTER = (4, 16, 2)
"""The version that wants a carrier or a tracking number and takes corrections (known behaviour)."""
_THINKING = 0.002
"""Seconds between the store's check of what remains and its writing: the gap two calls can slip through."""


async def answer(call: Call) -> Answer:
    """GET and POST /shipments; GET, PUT and DELETE /shipments/:id."""
    if call.number is not None:
        return _one(call, call.number)
    if call.method == "POST":
        try:
            return await _create(call.store, call.body)
        except TooLongError:
            return Answer(500, UNCAUGHT_ERROR)
    if call.method == "GET":
        shipments, params = list_shipments(call.store, call.query)
        rows = [
            as_listed(call.store, "shipments", shipment.shipment_id, shipment_row(call.store, shipment))
            for shipment in shipments
        ]
        return Answer(200, {"shipments": rows, "params": params})
    return refusal(405)


def _one(call: Call, shipment_id: int) -> Answer:
    shipment = call.store.shipments.get(shipment_id)
    if shipment is None:
        return refusal(404)
    if call.method == "GET":
        return Answer(200, shipment_row(call.store, shipment))
    if call.method == "PUT":
        return _correct(call.store, shipment_id, call.body)
    if call.method == "DELETE":
        call.store.delete_shipment(shipment_id)
        return Answer(204, None)
    return refusal(405)


async def _create(store: SandboxStore, body: dict[str, Any]) -> Answer:
    """A new shipment, even if there is an equal one.

    Documented: order_id and shipping_id are mandatory. Known behaviour: quantities are cut to what remains,
    nothing remaining is a bare 400, no products means one package group. Inferred: an unknown line is an
    uncaught error that leaves an empty shipment behind; negative quantities pass.
    """
    for key in ("order_id", "shipping_id"):
        if not truth(body.get(key)):
            return refusal(400, f"Bad Request: the field {key} is required")
    if store.version >= _STRICTER and not (truth(body.get("carrier")) or truth(body.get("tracking_number"))):
        return refusal(400, "Bad Request: the field carrier or tracking_number is required")
    order = store.orders.get(_integer(body["order_id"]))
    if order is None:
        return refusal(400)

    asked_for = body.get("products")
    lines = {line.item_id for line in order.lines}
    unknown = isinstance(asked_for, dict) and not lines.issuperset(asked_for)
    quantities = {} if unknown else _cut_to_what_remains(store, order, asked_for)
    if not quantities and not unknown:
        return refusal(400)
    await asyncio.sleep(_THINKING)
    shipment_id = store.save_shipment(
        order.order_id,
        quantities,
        shipping_id=_integer(body["shipping_id"]),
        carrier=_text(body.get("carrier")),
        tracking_number=_text(body.get("tracking_number")),
        comments=_text(body.get("comments")),
        timestamp=_integer(body["timestamp"]) if truth(body.get("timestamp")) else None,
        # Older stores don't read notify_user here; from which version on is an assumption.
        notify=not unknown and store.version >= _STRICTER and truth(body.get("notify_user")),
    )
    if unknown:
        return Answer(500, UNCAUGHT_ERROR)
    letter = first_letter(body.get("order_status"))
    if letter:
        store.change_status(order.order_id, letter, user=True)
    return Answer(201, {"shipment_id": shipment_id})


def _cut_to_what_remains(store: SandboxStore, order: Order, asked_for: object) -> dict[str, int]:
    """The units to send of each line: never more than remain."""
    shipped = store.shipped(order.order_id)
    left = {line.item_id: line.amount - shipped.get(line.item_id, 0) for line in order.lines if line.ships}
    if not isinstance(asked_for, dict) or not asked_for:
        group = next((line.company_id for line in order.lines if line.ships), None)
        asked_for = {line.item_id: line.amount for line in order.lines if line.company_id == group}
    cut = {item_id: min(whole_number(value), left.get(item_id, 0)) for item_id, value in asked_for.items()}
    return {item_id: quantity for item_id, quantity in cut.items() if quantity}


def _correct(store: SandboxStore, shipment_id: int, body: dict[str, Any]) -> Answer:
    """Four fields and nothing else, and only in newer stores (known behaviour)."""
    if store.version < _STRICTER or not body or set(body) - _CORRECTABLE:
        return refusal(400)
    fields: dict[str, str | int] = {
        name: _integer(value) if name == "timestamp" else _text(value) for name, value in body.items()
    }
    store.correct_shipment(shipment_id, fields)
    return Answer(200, {"shipment_id": str(shipment_id)})


def _text(value: object) -> str:
    return str(value) if isinstance(value, str | int | float) else ""


def _integer(value: object) -> int:
    try:
        return int(value) if isinstance(value, str | int | float) else 0
    except (ValueError, OverflowError):
        return 0

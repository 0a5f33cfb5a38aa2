"""`/orders`: lists, details, and the update that always says yes."""

from npf_pipelines.sandbox.answers import as_listed
from npf_pipelines.sandbox.api.call import Answer, Call, refusal
from npf_pipelines.sandbox.listing import list_orders
from npf_pipelines.sandbox.order_answers import order_detail, order_row
from npf_pipelines.sandbox.php import first_letter, truth, whole_number
from npf_pipelines.sandbox.restless import stir

RIGHTS = {"GET": "view_orders", "PUT": "edit_order"}

_STATUS_KEYS = frozenset({"status", "notify_user", "notify_department", "notify_vendor"})


async def answer(call: Call) -> Answer:
    """GET /orders, GET /orders/:id, PUT /orders/:id."""
    if call.method == "GET" and call.number is None:
        return _index(call)
    if call.method == "GET":
        order = call.store.orders.get(call.number or 0)
        if order is None:
            return refusal(404)
        return Answer(200, as_listed(call.store, "orders", order.order_id, order_detail(call.store, order)))
    if call.method == "PUT" and call.number is not None:
        return _update(call, call.number)
    return refusal(405)


def _index(call: Call) -> Answer:
    """A list; `get_orders_data` makes its rows whole orders where the store honours it (known behaviour)."""
    store = call.store
    orders, params = list_orders(store, call.query)
    if store.whole_orders_in_lists and truth(call.query.get("get_orders_data")):
        rows = [as_listed(store, "orders", order.order_id, order_detail(store, order)) for order in orders]
    else:
        rows = [as_listed(store, "orders", order.order_id, order_row(order)) for order in orders]
    if store.restless:
        stir(store, store.restless)
    return Answer(200, {"orders": rows, "params": params})


def _update(call: Call, order_id: int) -> Answer:
    """Always 200, even if nothing changed or the order is missing (known behaviour)."""
    store, body = call.store, call.body
    if order_id in store.orders:
        if set(body) - _STATUS_KEYS:
            store.rebuild_order(order_id, _amounts(body))
        letter = first_letter(body.get("status"))
        if letter:
            store.change_status(
                order_id,
                letter,
                user=truth(body["notify_user"]) if "notify_user" in body else None,
                department=truth(body.get("notify_department")),
                vendor=truth(body.get("notify_vendor")),
            )
    return Answer(200, {"order_id": str(order_id)})


def _amounts(body: dict[str, object]) -> dict[str, int] | None:
    """The amounts of the lines named under `products`; None where there is no such key."""
    if "products" not in body:
        return None
    products = body["products"]
    if not isinstance(products, dict):
        return {}
    return {
        item_id: whole_number(line.get("amount", 1)) for item_id, line in products.items() if isinstance(line, dict)
    }

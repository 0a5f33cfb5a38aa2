"""`/products`: lists, details, and amounts that are never checked."""

from npf_pipelines.sandbox.answers import as_listed, product_detail, product_row
from npf_pipelines.sandbox.api.call import Answer, Call, refusal
from npf_pipelines.sandbox.listing import list_products
from npf_pipelines.sandbox.php import identifier, truth, whole_number

RIGHTS = {"GET": "view_catalog", "PUT": "manage_catalog"}


async def answer(call: Call) -> Answer:
    """GET /products, GET and PUT /products/:id; of what can be updated, the amounts."""
    store = call.store
    if call.number is None:
        if call.method != "GET":
            return refusal(405)
        products, params = list_products(store, call.query)
        rows = [
            as_listed(store, "products", product.product_id, product_row(product, shows_shares=store.shows_shares))
            for product in products
        ]
        return Answer(200, {"products": rows, "params": params})
    product = store.products.get(call.number)
    if product is None:
        return refusal(404)
    if call.method == "GET":
        return Answer(200, product_detail(product, shows_shares=store.shows_shares))
    if call.method != "PUT":
        return refusal(405)
    places = call.body.get("warehouses")
    if isinstance(places, dict) and truth(call.body.get("warehouses_update_stock_only")):
        amounts = {identifier(place): whole_number(amount) for place, amount in places.items()}
        store.set_warehouse_amounts(call.number, amounts)
    elif "amount" in call.body:
        store.set_amount(call.number, whole_number(call.body["amount"]))
    return Answer(200, {"product_id": str(call.number)})

"""`/combinations`: the amounts of products that are tracked by option combination; as a plain array, never checked."""

from npf_pipelines.sandbox.answers import as_listed, combination_row
from npf_pipelines.sandbox.api.call import Answer, Call, refusal
from npf_pipelines.sandbox.listing import list_combinations
from npf_pipelines.sandbox.php import identifier, text, whole_number

RIGHTS = {"GET": "view_catalog", "PUT": "manage_catalog"}


async def answer(call: Call) -> Answer:
    """GET /combinations?product_id=, GET and PUT /combinations/:hash; of what can be updated, the amount."""
    if call.number is None:
        return _index(call) if call.method == "GET" else refusal(405)
    found = call.store.combination(call.number)
    if found is None:
        return refusal(404)
    if call.method == "GET":
        return Answer(200, combination_row(*found))
    if call.method != "PUT":
        return refusal(405)
    if "amount" in call.body:
        call.store.set_combination_amount(call.number, whole_number(call.body["amount"]))
    return Answer(200, {"combination_hash": str(call.number)})


def _index(call: Call) -> Answer:
    """Documented: the product is mandatory, and the rows have no total. Inferred: the answer to a missing one."""
    product_id = identifier(text(call.query, "product_id"))
    if not product_id:
        return refusal(400, "Bad Request: the field product_id is required")
    product = call.store.products.get(product_id)
    rows = [
        as_listed(call.store, "combinations", combination.combination_hash, combination_row(product, combination))
        for combination in (list_combinations(product, call.query) if product else [])
        if product
    ]
    return Answer(200, rows)

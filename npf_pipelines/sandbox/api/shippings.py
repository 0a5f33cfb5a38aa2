"""`/shippings`: the shipping methods of the store."""

from npf_pipelines.sandbox.answers import as_listed, shipping_row
from npf_pipelines.sandbox.api.call import Answer, Call, refusal
from npf_pipelines.sandbox.listing import list_plain

RIGHTS: dict[str, str] = {}


async def answer(call: Call) -> Answer:
    """GET /shippings."""
    if call.method != "GET" or call.number is not None:
        return refusal(405)
    rows = [
        as_listed(call.store, "shippings", number, shipping_row(method))
        for number, method in call.store.shippings.items()
    ]
    page, params = list_plain(call.store, call.query, rows)
    return Answer(200, {"shippings": page, "params": params})

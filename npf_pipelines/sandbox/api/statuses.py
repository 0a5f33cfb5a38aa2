"""`/statuses`: the order statuses of the store; reading them takes the right to manage them."""

from npf_pipelines.sandbox.answers import as_listed, status_row
from npf_pipelines.sandbox.api.call import Answer, Call, refusal
from npf_pipelines.sandbox.listing import list_plain
from npf_pipelines.sandbox.php import text

RIGHTS = {"GET": "manage_order_statuses"}


async def answer(call: Call) -> Answer:
    """GET /statuses: paged like every list (documented); of other types than `O` there are none."""
    if call.method != "GET" or call.number is not None:
        return refusal(405)
    rows = [
        as_listed(call.store, "statuses", status.letter, status_row(number, status))
        for number, status in enumerate(call.store.statuses.values(), 1)
    ]
    of_type = rows if text(call.query, "type", "O") == "O" else []
    page, params = list_plain(call.store, call.query, of_type)
    return Answer(200, {"statuses": page, "params": params})

"""`/users`: one user by number; reading one takes a right of its own."""

from npf_pipelines.sandbox.answers import user_row
from npf_pipelines.sandbox.api.call import Answer, Call, refusal

RIGHTS = {"GET": "view_users"}


async def answer(call: Call) -> Answer:
    """GET /users/:id."""
    if call.method != "GET" or call.number is None:
        return refusal(405)
    user = call.store.users.get(call.number)
    return Answer(200, user_row(user)) if user else refusal(404)

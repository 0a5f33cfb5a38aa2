"""Users out of the store's answers. Not here: how a single value is read (fields.py).

An allow-list: the answer holds names, addresses and the API key too.
"""

from npf_pipelines.cscart.fields import Row
from npf_pipelines.domain.store_users import StoreUser


def parse_user(raw: object) -> StoreUser:
    """The answer of `GET /users/:id`.

    Raises:
        Unreadable: naming the field.
    """
    row = Row(raw)
    return StoreUser(
        user_id=row.number_id("user_id"),
        email=row.text("email"),
        user_type=row.text("user_type"),
        status=row.text("status"),
        company_id=row.optional_id("company_id"),
    )

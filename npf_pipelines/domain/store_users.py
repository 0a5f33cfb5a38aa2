"""Users of a store: the administrator whose API key the pipeline uses.

Not here: how one is parsed (cscart/user_parser.py), what is expected of one (rules/store_check/access.py).
"""

from npf_pipelines.domain.store_orders import StoreRecord

ADMINISTRATOR, VENDOR = "A", "V"
"""The letters of an administrator and of a vendor's administrator (documented)."""
ACTIVE = "A"
"""The letter of a user who may sign in (documented)."""


class StoreUser(StoreRecord):
    """A user of the store.

    Attributes:
        email: by which an administrator signs in; personal data, for comparison only.
        user_type: the store's letter.
        status: the store's letter.
        company_id: the storefront or vendor to which the user is limited; None for all.
    """

    user_id: str
    email: str
    user_type: str
    status: str
    company_id: str | None

"""Addresses in a store's administration, for a person to open. Not here: the API (store.py)."""

from urllib.parse import quote


def order_link(store_url: str, order_id: str | None) -> str | None:
    """The order's page in the store's administration; None for what is no order number of a store.

    `admin.php` is CS-Cart's usual name of the administration (inferred); a merchant may have renamed it.
    """
    if not order_id or not (order_id.isascii() and order_id.isdigit()):
        return None
    return f"{store_url}/admin.php?dispatch=orders.details&order_id={quote(order_id)}"

"""The test orders that a pretend store's merchant places to prove an integration.

Here: placing them in a store, and the request for it to the server of a pretend store.
Not here: which orders a certification needs (rules/certification_orders.py).
"""

from urllib.parse import urlsplit

import httpx

from npf_pipelines.config.store_address import is_loopback
from npf_pipelines.errors import NpfError
from npf_pipelines.sandbox.generate_catalogue import TEST_ITEMS
from npf_pipelines.sandbox.people import customer_in
from npf_pipelines.sandbox.store import SandboxStore

_TIMEOUT = 10.0


class NotPlaced(NpfError):
    """The pretend store takes no test orders; the text says why."""


def place_test_orders(store: SandboxStore, *, status: str, country: str) -> list[int]:
    """Place an order with one unit of each test item, and one with two units of the first; their ids.

    The merchant puts as many on sale before, for a store may be out of test items.

    Args:
        store: the store.
        status: the letter of their status.
        country: the two-letter code of the country that they go to.

    Raises:
        NotPlaced: the store lacks a test item.
    """
    products = {product.product_code: product for product in store.products.values()}
    if missing := [sku for sku in TEST_ITEMS if sku not in products]:
        raise NotPlaced(f"the store {store.store_id} has no product {', '.join(missing)}")
    placed = []
    for ordered in (dict.fromkeys(TEST_ITEMS, 1), {TEST_ITEMS[0]: 2}):
        items = []
        for sku, units in ordered.items():
            product = products[sku]
            store.set_amount(product.product_id, max(product.amount, 0) + units)
            items.append((product.product_id, units))
        placed.append(store.place_order(items, customer=customer_in(country), status=status))
    return placed


def is_sandbox(store_url: str) -> bool:
    """Whether a store's address is that of a pretend store of this machine."""
    return _control(store_url) is not None and _answers(store_url)


def ask_for_test_orders(store_url: str, *, status: str, country: str) -> None:
    """Have the server of a pretend store place the test orders.

    Args:
        store_url: the store's address.
        status: as for `place_test_orders`.
        country: as for `place_test_orders`.

    Raises:
        NotPlaced: it refuses, or doesn't answer.
    """
    try:
        answer = httpx.post(
            f"{_control(store_url)}/test-orders", json={"status": status, "country": country}, timeout=_TIMEOUT
        )
    except httpx.HTTPError as error:
        raise NotPlaced(f"the pretend store doesn't answer: {type(error).__name__}") from None
    if not answer.is_success:
        raise NotPlaced(f"the pretend store refuses: {answer.text[:200]}")


def _control(store_url: str) -> str | None:
    """The address by which a pretend store is controlled; None for a store of another machine."""
    parts = urlsplit(store_url)
    if not is_loopback(parts.hostname or ""):
        return None
    return f"{parts.scheme}://{parts.netloc}/_sandbox/stores/{parts.path.strip('/')}"


def _answers(store_url: str) -> bool:
    try:
        answer = httpx.get(f"{_control(store_url)}", timeout=_TIMEOUT)
        return answer.is_success and "store_id" in answer.json()
    except (httpx.HTTPError, ValueError):
        return False

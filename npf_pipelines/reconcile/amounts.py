"""Stock amounts, brought into a client's store: only what differs is written, and what was written is read back.

Not here: which amount is wanted, and which product gets it (rules/stock.py).
"""

from collections.abc import Mapping
from dataclasses import replace

from npf_pipelines.cscart.errors import NotFound, Refused, StoreError
from npf_pipelines.cscart.models import Product
from npf_pipelines.cscart.store import Store
from npf_pipelines.platform.lease import Lease
from npf_pipelines.rules.stock import StockOutcome, StockRow, plan
from npf_pipelines.together import together


async def push_amounts(store: Store, wanted: Mapping[str, int], lease: Lease) -> list[StockRow]:
    """Bring the store to where every SKU has its wanted amount.

    Args:
        store: the client's store.
        wanted: the amount by SKU.
        lease: the client's lease, held.

    Returns:
        A row with an outcome for every SKU of either side.

    Raises:
        StoreError: the store's products can't be read, or a permanent one (key, rights).
        LeaseLost: another run may have begun to write.
    """
    rows = plan(wanted, [product async for product in store.products()])
    due = [row for row in rows if row.outcome is None]
    troubles = await together(_write(store, row, lease) for row in due)
    after = await store.products_by_key([row.product_id or "" for row in due]) if due else {}
    done = {id(row): _read_back(row, trouble, after) for row, trouble in zip(due, troubles, strict=True)}
    return [done.get(id(row), row) for row in rows]


async def _write(store: Store, row: StockRow, lease: Lease) -> StoreError | None:
    lease.check()
    try:
        await store.set_amount(row.product_id or "", row.wanted or 0)
    except StoreError as error:
        if not error.transient and not isinstance(error, Refused | NotFound):
            raise
        return error
    return None


def _read_back(row: StockRow, trouble: StoreError | None, after: Mapping[str, Product]) -> StockRow:
    product = after.get(row.product_id or "")
    if product and product.amount == row.wanted:
        return replace(row, outcome=StockOutcome.CONFIRMED, reason=f"{row.reason}: written and read back")
    if trouble and trouble.transient:
        return replace(row, outcome=StockOutcome.WAITING, reason=str(trouble))
    has = f"the store has {product.amount}" if product else "the product is gone"
    said = str(trouble) if trouble else f"the store answered, but afterwards {has}"
    return replace(row, outcome=StockOutcome.REFUSED, reason=f"{said}: look the product up in the store")

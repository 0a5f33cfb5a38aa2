"""Steps that tests of stock over time share: what warehouse and merchant do, and what the tables say then.

Not here: the world itself (loop.py).
"""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import sqlalchemy as sa

from npf_pipelines.platform.tables import stock
from npf_pipelines.rules.orders import TEST_SKUS
from npf_pipelines.sandbox.model import Customer, Product
from npf_pipelines_tests.loop import Loop


def count_fifty(loop: Loop) -> None:
    """Take all orders out of acme's store, and let the warehouse count 50 of each of its SKUs."""
    store = loop.stores["acme"]
    for order_id in list(store.orders):
        store.remove_order(order_id)
    now = datetime.now(UTC)
    with loop.services.platform_engine.begin() as connection:
        rows = [{"client": "acme", "sku": sku, "on_hand": 50, "updated_at": now} for sku in store.skus()]
        connection.execute(sa.insert(stock), rows)


def push(loop: Loop, **config: bool) -> str:
    """Run acme's stock; why it failed."""
    (run,) = loop.run("stock", "acme", days=None, **config)
    return run.failure


def push_fifty(loop: Loop) -> None:
    """Let the store and the warehouse have 50 of each SKU."""
    count_fifty(loop)
    assert push(loop, override_change_limit=True) == ""
    loop.stores["acme"].mails.clear()


def count(loop: Loop, on_hand: int, *skus: str) -> None:
    """Let the warehouse recount these SKUs; all if none is named."""
    change = sa.update(stock).where(stock.c.client == "acme").values(on_hand=on_hand, updated_at=datetime.now(UTC))
    with loop.services.platform_engine.begin() as connection:
        connection.execute(change.where(stock.c.sku.in_(skus)) if skus else change)


def kite(loop: Loop) -> Product:
    """One product whose code no other has."""
    products = list(loop.stores["acme"].products.values())
    codes = Counter(one.product_code for one in products) + Counter([*TEST_SKUS, ""])
    return next(one for one in products if one.tracking == "B" and codes[one.product_code] == 1)


def pushed(loop: Loop, product: Product) -> dict[str, Any]:
    """The row of the last push of a product."""
    relation = loop.services.lake.connect().execute(
        f"FROM stock_push WHERE client = 'acme' AND product_id = '{product.product_id}'"
    )
    (row,) = relation.rows
    return dict(zip(relation.columns, row, strict=True))


def split(product: Product) -> None:
    """The store splits the product's stock over two warehouses, of which the first is ours."""
    product.warehouses = {1: product.amount, 2: 0}


def buyer(loop: Loop, country: str = "AU") -> Customer:
    """A customer in a country."""
    orders = [order for store in loop.stores.values() for order in store.orders.values()]
    return next(one.customer for one in orders if one.customer.ship_to.country == country)


def checks(loop: Loop) -> dict[str, dg.AssetCheckEvaluation]:
    """The results of the checks by name."""
    result = loop.defs.resolve_job_def("audit_job").execute_in_process(instance=loop.instance, raise_on_error=False)
    return {one.check_name: one for one in result.get_asset_check_evaluations()}


def listed(check: dg.AssetCheckEvaluation, name: str) -> list[dict[str, Any]]:
    """The rows of a table in a check's metadata."""
    value = check.metadata[name]
    return [dict(record.data) for record in value.records] if isinstance(value, dg.TableMetadataValue) else []

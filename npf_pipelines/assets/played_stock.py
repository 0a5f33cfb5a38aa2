"""The push of played figures of test items, to prove a client's integration: no other product and no table changes.

The figures take the place of the warehouse's count; all that follows is the stock flow's own: the plan, the push, the
read-back. Not here: which figures are played (rules/certification_orders.py), putting the amounts back
(reconcile/certification.py).
"""

from collections.abc import Sequence

import dagster as dg

from npf_pipelines.assets.old_holds import hold_window
from npf_pipelines.assets.order_filter import order_filter
from npf_pipelines.assets.product_map import ProductMap, Reading
from npf_pipelines.assets.pushed_skus import PushedSkus
from npf_pipelines.assets.stock_count import Count
from npf_pipelines.assets.stock_plan import plan_push, previous_push
from npf_pipelines.assets.store_facts import StoreFacts
from npf_pipelines.domain.platform_orders import StockFigure
from npf_pipelines.domain.writes import Writes
from npf_pipelines.lake.tables import STOCK_PUSH
from npf_pipelines.reconcile.amounts import push_amounts
from npf_pipelines.reconcile.sales import Sales
from npf_pipelines.rules.in_flight import in_flight_rule
from npf_pipelines.rules.orders import TEST_SKUS
from npf_pipelines.rules.stock_location import Scope
from npf_pipelines.runs.client_run import ClientRun
from npf_pipelines.runs.failures import ClientFailure


async def push_played_figures(client_run: ClientRun, figures: Sequence[StockFigure]) -> None:
    """Push the figures to the client's store.

    Raises:
        ClientFailure: a figure is not a test item's, or the run may write nothing.
    """
    if others := {figure.sku for figure in figures} - TEST_SKUS:
        raise ClientFailure(f"played_figures: {', '.join(sorted(others))} is no test item: only {_ALLOWED} are played")
    if client_run.writes is Writes.NONE:
        raise ClientFailure("played_figures: the run may write nothing: add certify, and leave dry_run out")
    async with client_run.lease("stock") as lease, client_run.store() as store:
        facts = StoreFacts(store, client_run.setup, client_run.tables, now=client_run.now, log=client_run.log)
        rule = in_flight_rule(await order_filter(facts, client_run.setup))
        window = hold_window(client_run.tables, client_run.setup.stock.in_flight_days)
        sales = Sales(store, rule, window, client_run.now)
        await sales.listed()
        products = ProductMap(client_run.tables, client_run.now)
        reading = await products.read(store, TEST_SKUS)
        previous = previous_push(client_run)
        scope = Scope(client_run.setup.stock.store_location, previous.elsewhere)
        history = PushedSkus(client_run.tables, client_run.now)
        items = Reading([product for product in reading.products if product.sku in TEST_SKUS], [])
        todo = plan_push(client_run.setup, Count(figures, {}), items, scope, history)
        rows = await push_amounts(
            store, todo.rows, todo.amounts, sales, lease, scope=scope, shares=todo.shares, ended=lambda _: None
        )
    shown = [
        dg.TableRecord({"sku": row.sku, "product": row.product_id, "amount": row.wanted, "reason": row.reason})
        for row in rows
    ]
    client_run.partitions.observe(
        STOCK_PUSH,
        {"test_items": dg.MetadataValue.table(shown)},
        "Certification: figures of test items were played. The tables are unchanged.",
    )


_ALLOWED = ", ".join(sorted(TEST_SKUS))

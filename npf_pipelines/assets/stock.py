"""Stock, from the platform to the store: stock_snapshots → stock_push, by client.

Thin: read the store, count, push, write. The store's amounts are read before its orders, and its orders before the
count: a later sale shows as an amount that moved, and no older count overwrites a sale. So every push counts again.
Not here: the count (stock_count.py), the plan (stock_plan.py), the push itself (reconcile/amounts.py).
"""

import functools
from collections.abc import Iterator, Sequence

import dagster as dg
from pydantic import Field

from npf_pipelines.assets.old_holds import hold_window, keep_holds
from npf_pipelines.assets.order_filter import order_filter
from npf_pipelines.assets.played_stock import push_played_figures
from npf_pipelines.assets.product_map import ProductMap, Reading
from npf_pipelines.assets.pushed_skus import PushedSkus
from npf_pipelines.assets.specs import NPF_PLATFORM, STORE_ORDERS, asset_spec
from npf_pipelines.assets.stock_count import Count, count_platform, count_stock, write_snapshot
from npf_pipelines.assets.stock_plan import (
    PreviousPush,
    PushPlan,
    plan_push,
    previous_push,
    push_rows,
    stopped_rows,
    turned_off_rows,
    with_planned_rows,
)
from npf_pipelines.assets.store_facts import StoreFacts
from npf_pipelines.cscart.errors import StoreError
from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.outcomes import StockOutcome
from npf_pipelines.domain.platform_orders import StockFigure
from npf_pipelines.domain.sku_map import SkuMap
from npf_pipelines.domain.writes import Writes
from npf_pipelines.lake.tables import STOCK_PUSH, STOCK_SNAPSHOTS
from npf_pipelines.reconcile.amounts import push_amounts
from npf_pipelines.reconcile.sales import Sales
from npf_pipelines.rules.change_limit import LIMIT_EXCEEDED
from npf_pipelines.rules.in_flight import in_flight_rule
from npf_pipelines.rules.stock import StockRow
from npf_pipelines.rules.stock_left import name_left
from npf_pipelines.rules.stock_location import Scope
from npf_pipelines.runs.client_run import ClientRun
from npf_pipelines.runs.failures import ChangeLimitExceeded, ClientFailure
from npf_pipelines.runs.partitions import CLIENTS
from npf_pipelines.runs.run_clients import run_clients
from npf_pipelines.runs.run_scope import FlowConfig
from npf_pipelines.runs.services import Services
from npf_pipelines.runs.sku_map import kept_sku_map
from npf_pipelines.state.lease import Lease


class PlayedFigure(dg.Config):
    """A played figure of a test item."""

    sku: str
    on_hand: int
    in_process: int = 0
    back_orders: int = 0


class StockConfig(FlowConfig):
    """The run config of stock."""

    override_change_limit: bool = Field(
        default=False, description="Push although the change limit is exceeded: a person has checked the amounts."
    )
    release_brake: bool = Field(
        default=False, description="The earlier name of override_change_limit: either of the two is enough."
    )
    played_figures: list[PlayedFigure] = Field(
        default=[],
        description="For a certification: figures of test items to push in place of the warehouse's count. Nothing "
        "else is pushed, and no table changes.",
    )


OVERRIDE_CONFIG = "{ops: {stock: {config: {override_change_limit: true}}}}"
"""The run config, as it is typed into the UI's Launchpad."""


async def run_stock(
    client_run: ClientRun, *, override_change_limit: bool = False, played_figures: Sequence[StockFigure] = ()
) -> None:
    """Count one client's stock, and push it to its store; with `played_figures`, push those alone."""
    if played_figures:
        await push_played_figures(client_run, played_figures)
        return
    history = PushedSkus(client_run.tables, client_run.now)
    if client_run.setup.stock.quantity == "off":
        _turned_off(client_run, history)
        return
    async with client_run.lease("stock") as lease, client_run.store() as store:
        previous = previous_push(client_run)
        history.add()  # This push may replace the only table that it is known from.
        skus = kept_sku_map(client_run)
        reading, count, sales = await _read_and_count(client_run, store, history, skus)
        if not client_run.selects(STOCK_PUSH):
            return
        scope = Scope(client_run.setup.stock.store_location, previous.elsewhere)
        todo = plan_push(client_run.setup, count, reading, scope, history, sku_map=skus)
        del reading  # The largest thing in memory; the plan has all that is needed of it.
        stopped = "" if override_change_limit else todo.stopped
        if client_run.store_writes is not Writes.ALL:
            if stopped:
                client_run.log(f"the change limit would be exceeded: {stopped}")
            todo, stopped = with_planned_rows(todo, client_run.store_writes, client_run.why_quiet), ""
        rows: Sequence[StockRow] = todo.rows
        if stopped:
            rows = stopped_rows(todo, is_first=not history.skus)
        elif client_run.store_writes is not Writes.NONE:
            rows = await _push(client_run, store, todo, sales=sales, lease=lease, scope=scope, history=history)
        client_run.log(f"{len(rows)} products compared, {store.requests} requests, {store.writes} writes")
    _write_push(client_run, name_left(rows, todo.left), previous, scope, stopped)


def _turned_off(client_run: ClientRun, history: PushedSkus) -> None:
    count = count_platform(client_run)
    write_snapshot(client_run, count)
    window = hold_window(client_run.tables, client_run.setup.stock.in_flight_days)
    if window.known:  # Without a push no order holds units.
        keep_holds(client_run.tables, client_run.recounts, window, {})
    if client_run.selects(STOCK_PUSH):
        history.add()
        rows = push_rows(client_run, turned_off_rows(count), PreviousPush(), Scope())
        client_run.partitions.materialize(STOCK_PUSH, rows)


async def _read_and_count(
    client_run: ClientRun, store: Store, history: PushedSkus, sku_map: SkuMap
) -> tuple[Reading, Count, Sales]:
    """Read the store's amounts, then its sales, then the count; write the snapshot."""
    window = hold_window(client_run.tables, client_run.setup.stock.in_flight_days)
    try:
        facts = StoreFacts(store, client_run.setup, client_run.tables, now=client_run.now, log=client_run.log)
        client_run.take_numbers(facts.kept)
        criteria = await order_filter(facts, client_run.setup)
        sales = Sales(store, in_flight_rule(criteria, sku_map), window, client_run.now)
        skus = client_run.services.platform.skus(client_run.client)
        products = ProductMap(client_run.tables, client_run.now)
        reading = await products.read(store, history.skus.union(skus, sku_map.parts))
        del products
        count = await count_stock(client_run, sales)
    except StoreError:
        # The warehouse's own figures are worth keeping; they are not pushed.
        write_snapshot(client_run, count_platform(client_run))
        raise
    write_snapshot(client_run, count)
    old_holds = sales.old_holds if client_run.setup.stock.takes_sales_off else {}
    if not client_run.in_trial:  # In trial no order reaches the platform: each would need a person.
        keep_holds(client_run.tables, client_run.recounts, window, old_holds)
    for order in sales.unreadable:
        name = order.order_id or "without a number"
        client_run.log(f"the order {name} can't be read, so its units are not taken off: {order.reason}")
    return reading, count, sales


async def _push(
    client_run: ClientRun,
    store: Store,
    todo: PushPlan,
    *,
    sales: Sales,
    lease: Lease,
    scope: Scope,
    history: PushedSkus,
) -> Sequence[StockRow]:
    """Write the amounts to the store, and keep which SKUs were pushed."""
    if any(row.outcome is None for row in todo.rows):
        client_run.partitions.mark_started()
    ended: list[StockRow] = []
    is_kept = not client_run.in_trial  # Test items don't show that the client's stock was ever pushed.
    try:
        rows = await push_amounts(
            store, todo.rows, todo.amounts, sales, lease, scope=scope, shares=todo.shares, ended=ended.append
        )
    except BaseException:  # A push that is cut off has pushed the SKUs in `ended`.
        history.add(ended if is_kept else ())
        raise
    history.add(rows if is_kept else ())
    return rows


def _write_push(
    client_run: ClientRun, rows: Sequence[StockRow], previous: PreviousPush, scope: Scope, stopped: str
) -> None:
    waiting = [row for row in rows if row.outcome is StockOutcome.WAITING]
    written = push_rows(client_run, rows, previous, scope)
    if stopped or waiting:
        client_run.partitions.write_incomplete(STOCK_PUSH, written)
    else:
        client_run.partitions.materialize(STOCK_PUSH, written)
    if stopped:
        raise ChangeLimitExceeded(
            f"{LIMIT_EXCEEDED}: {stopped}. Nothing was written. Check the rows; if they are right, run stock for "
            f"this client with the change limit overridden: npf run stock --client {client_run.client} "
            f"--override-change-limit, or in the UI with the run config {OVERRIDE_CONFIG}"
        )
    if waiting:
        raise ClientFailure(f"{len(waiting)} products wait for the store; the first: {waiting[0].reason}")


@dg.multi_asset(
    name="stock",
    specs=[
        asset_spec(
            STOCK_SNAPSHOTS,
            group="stock",
            deps=[NPF_PLATFORM.key.to_user_string(), STORE_ORDERS.key.to_user_string()],
            kinds={"sql"},
        ),
        asset_spec(STOCK_PUSH, group="stock", deps=[STOCK_SNAPSHOTS.name], kinds={"cscart"}),
    ],
    partitions_def=CLIENTS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    can_subset=True,
)
def stock(
    context: dg.AssetExecutionContext, config: StockConfig, services: dg.ResourceParam[Services]
) -> Iterator[dg.MaterializeResult[None]]:
    """The two assets, made client by client in one step."""
    override = config.override_change_limit or config.release_brake
    figures = [
        StockFigure(played.sku, played.on_hand, played.in_process, played.back_orders)
        for played in config.played_figures
    ]
    work = functools.partial(run_stock, override_change_limit=override, played_figures=figures)
    yield from run_clients(context, services, work, config)

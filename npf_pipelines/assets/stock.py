"""Stock, from the platform to the store: stock_snapshots → stock_push, by client.

Thin: read, push, write. Not here: the figures (rules/stock.py), the push itself (reconcile/amounts.py).
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import asdict

import dagster as dg

from npf_pipelines.assets.specs import NPF_PLATFORM, asset_spec
from npf_pipelines.assets.walk import ClientFailure, ClientWalk, walk_clients
from npf_pipelines.house import House
from npf_pipelines.partitions import CLIENTS
from npf_pipelines.platform.lease import held_lease
from npf_pipelines.platform.models import StockFigure
from npf_pipelines.reconcile.amounts import push_amounts
from npf_pipelines.rules.stock import StockOutcome, StockRow, available, wanted_amount
from npf_pipelines.tables import STOCK_PUSH, STOCK_SNAPSHOTS


async def walk_stock(walk: ClientWalk) -> None:
    """Bring one client's stock into its store."""
    figures = await _snapshot(walk) if walk.wants(STOCK_SNAPSHOTS) else _snapshot_as_written(walk)
    if walk.wants(STOCK_PUSH):
        await _push(walk, figures)


async def _snapshot(walk: ClientWalk) -> Sequence[StockFigure]:
    figures = await asyncio.to_thread(walk.house.platform.stock, walk.client)
    rows = [asdict(figure) | {"available": available(figure), "taken_at": walk.now} for figure in figures]
    walk.finish(STOCK_SNAPSHOTS, rows)
    return figures


def _snapshot_as_written(walk: ClientWalk) -> Sequence[StockFigure]:
    return [
        StockFigure(row["sku"], row["on_hand"], row["in_process"], row["back_orders"])
        for row in walk.house.lake.read(STOCK_SNAPSHOTS, client=walk.client)
    ]


async def _push(walk: ClientWalk, figures: Sequence[StockFigure]) -> None:
    stock = walk.setup.stock
    if stock.quantity == "off":
        reason = "the master setup turns stock off"
        rows = [StockRow(figure.sku, None, None, None, StockOutcome.OFF, reason) for figure in figures]
    else:
        wanted = {
            figure.sku: wanted_amount(figure, stock.quantity, negative_as_zero=stock.negative_as_zero)
            for figure in figures
        }
        async with held_lease(walk.house.engine, walk.client, "stock") as lease, walk.house.store(walk.setup) as store:
            rows = await push_amounts(store, wanted, lease)
            walk.say(f"{len(rows)} SKUs compared, {store.requests} requests, {store.writes} writes")
    waiting = [row for row in rows if row.outcome is StockOutcome.WAITING]
    write = walk.keep if waiting else walk.finish
    write(STOCK_PUSH, [asdict(row) | {"pushed_at": walk.now} for row in rows])
    if waiting:
        raise ClientFailure(f"{len(waiting)} SKUs wait for the store; the first: {waiting[0].reason}")


def stock_assets(house: House) -> dg.AssetsDefinition:
    """The two assets, made by one walk."""

    @dg.multi_asset(
        name="stock",
        specs=[
            asset_spec(STOCK_SNAPSHOTS, group="stock", deps=[NPF_PLATFORM.key.to_user_string()], kinds={"sql"}),
            asset_spec(STOCK_PUSH, group="stock", deps=[STOCK_SNAPSHOTS.name], kinds={"cscart"}),
        ],
        partitions_def=CLIENTS,
        backfill_policy=dg.BackfillPolicy.single_run(),
        can_subset=True,
    )
    def stock(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        yield from walk_clients(context, house, walk_stock)

    return stock

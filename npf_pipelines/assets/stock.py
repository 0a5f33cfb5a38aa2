"""Stock, from the platform to the store: stock_snapshots → stock_push, by client.

Thin: read the store, count, push, write. The store's amounts are read before its orders, and those before the count:
whatever is sold later shows as an amount that moved, and no sale is overwritten by an older count. So a push always
counts anew. Not here: the figures (rules/stock.py), the push itself (reconcile/amounts.py).
"""

import asyncio
import functools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import dagster as dg
from pydantic import Field

from npf_pipelines.assets.order_filter import order_filter
from npf_pipelines.assets.product_map import ProductMap
from npf_pipelines.assets.sparkline import sparkline
from npf_pipelines.assets.specs import NPF_PLATFORM, STORE_ORDERS, asset_spec
from npf_pipelines.assets.store_facts import StoreFacts
from npf_pipelines.assets.walk import ClientFailure, ClientWalk, WalkConfig, walk_clients
from npf_pipelines.cscart.errors import StoreError
from npf_pipelines.house import House
from npf_pipelines.partitions import CLIENTS
from npf_pipelines.platform.models import StockFigure
from npf_pipelines.reconcile.amounts import push_amounts
from npf_pipelines.reconcile.sales import Sales
from npf_pipelines.rules.imports import order_number
from npf_pipelines.rules.in_flight import in_flight_rule
from npf_pipelines.rules.stock import DIFFERS, RIGHT, StockOutcome, StockRow, available, plan, wanted_amount
from npf_pipelines.rules.stock_brake import BRAKE_FELL, brake
from npf_pipelines.tables import STOCK_PUSH, STOCK_SNAPSHOTS


class StockConfig(WalkConfig):
    """How a run of stock walks."""

    release_brake: bool = Field(
        default=False, description="Push although the brake fell: a person has looked at what it would do."
    )


RELEASED = "{ops: {stock: {config: {release_brake: true}}}}"
"""The run config, as it is typed into the UI's Launchpad."""
_WEEKS_SHOWN = timedelta(weeks=4)
_DAYS_STOCK = """
SELECT sum(on_hand), sum(available) FROM stock_snapshots_history
WHERE client = $client AND taken >= $since
  AND taken IN (SELECT max(taken) FROM stock_snapshots_history WHERE client = $client GROUP BY left(taken, 10))
GROUP BY taken ORDER BY taken
"""
"""The client's stock at the last snapshot of each day: the files of the others are not opened."""


@dataclass(frozen=True)
class _Count:
    """The platform's figures, and what of each SKU is in flight; None where the store was not asked."""

    figures: Sequence[StockFigure]
    in_flight: Mapping[str, int] | None


@dataclass(frozen=True)
class _Before:
    """What the push before this one left: whether there was none that brought anything, and since when what differs."""

    is_first: bool = True
    since: Mapping[tuple[str, str | None], datetime] = field(default_factory=dict)


async def walk_stock(walk: ClientWalk, *, release_brake: bool = False) -> None:
    """Count one client's stock, and bring it into its store."""
    if walk.setup.stock.quantity == "off":
        count = await _count_platform(walk)
        _finish_snapshot(walk, count)
        if walk.wants(STOCK_PUSH):
            reason = "the master setup turns stock off"
            rows = [StockRow(figure.sku, None, None, None, StockOutcome.OFF, reason) for figure in count.figures]
            walk.finish(STOCK_PUSH, _push_rows(walk, rows, _Before()))
        return
    async with walk.lease("stock") as lease, walk.house.store(walk.setup) as store:
        before = _before(walk)
        try:
            criteria = await order_filter(StoreFacts(walk, store), walk.setup)
            sales = Sales(store, in_flight_rule(criteria), _since(walk), walk.now)
            skus = await asyncio.to_thread(walk.house.platform.skus, walk.client)
            reading = await ProductMap(walk).read(store, skus)
            count = await _count(walk, sales)
        except StoreError:
            # The warehouse's own figures are worth keeping; they are not pushed.
            _finish_snapshot(walk, await _count_platform(walk))
            raise
        _finish_snapshot(walk, count)
        for order in sales.unreadable:
            walk.say(
                f"the order {order.order_id} can't be read, so that what it holds is not taken off: {order.reason}"
            )
        if not walk.wants(STOCK_PUSH):
            return
        setup = walk.setup.stock
        in_flight = count.in_flight or {}
        wanted = {figure.sku: wanted_amount(figure, in_flight.get(figure.sku, 0), setup) for figure in count.figures}
        rows = plan(wanted, reading.products, reading.unread, to_all=setup.same_sku == "all")
        del reading  # The largest thing in memory; the rows have all of it that matters.
        stopped = brake(rows, setup.brake, is_first=before.is_first) if not release_brake else ""
        if walk.dry_run:
            rows = [_left(row, StockOutcome.PLANNED, {None}) for row in rows]
        elif stopped:
            # Of a first push also what is right by chance: the next one is still the first.
            held = {None, StockOutcome.ALREADY_RIGHT} if before.is_first else {None}
            rows = [_left(row, StockOutcome.BRAKED, held) for row in rows]
        else:
            if any(row.outcome is None for row in rows):
                walk.begin()
            rows = await push_amounts(store, rows, wanted, sales, lease, location=setup.store_location)
        walk.say(f"{len(rows)} products compared, {store.requests} requests, {store.writes} writes")
    _finish_push(walk, rows, before, stopped)


def _finish_push(walk: ClientWalk, rows: list[StockRow], before: _Before, stopped: str) -> None:
    waiting = [row for row in rows if row.outcome is StockOutcome.WAITING]
    write = walk.leave_open if stopped or waiting else walk.finish
    write(STOCK_PUSH, _push_rows(walk, rows, before))
    if stopped and walk.dry_run:
        walk.say(f"the brake would fall: {stopped}")
    elif stopped:
        raise ClientFailure(
            f"{BRAKE_FELL}: {stopped}. Nothing was written. Look at the rows; if they are right, run stock for this "
            f"client with the brake released: npf run stock --client {walk.client} --release-brake, or in the UI with "
            f"the run config {RELEASED}"
        )
    if waiting:
        raise ClientFailure(f"{len(waiting)} products wait for the store; the first: {waiting[0].reason}")


def _left(row: StockRow, outcome: StockOutcome, held: Collection[StockOutcome | None]) -> StockRow:
    return replace(row, outcome=outcome) if row.outcome in held else row


async def _count_platform(walk: ClientWalk) -> _Count:
    figures, _ = await asyncio.to_thread(walk.house.platform.count_stock, walk.client, [])
    return _Count(figures, None)


async def _count(walk: ClientWalk, sales: Sales) -> _Count:
    """Figures and in-flight units of one moment: an order that is imported meanwhile is in just one of them."""
    ids = {order_number(walk.setup.orders.prefix, order_id): order_id for order_id in await sales.listed()}
    figures, known = await asyncio.to_thread(walk.house.platform.count_stock, walk.client, ids)
    return _Count(figures, await sales.in_flight([ids[number] for number in ids.keys() - known]))


def _since(walk: ClientWalk) -> datetime:
    return walk.now - timedelta(days=walk.setup.stock.in_flight_days)


def _finish_snapshot(walk: ClientWalk, count: _Count) -> None:
    def in_flight(sku: str) -> int | None:
        return None if count.in_flight is None else count.in_flight.get(sku, 0)

    rows = [
        asdict(figure) | {"available": available(figure), "in_flight": in_flight(figure.sku), "taken_at": walk.now}
        for figure in count.figures
    ]
    walk.finish(STOCK_SNAPSHOTS, rows, notes=functools.partial(_units, walk, rows))


def _units(walk: ClientWalk, rows: Sequence[Mapping[str, Any]]) -> dict[str, dg.MetadataValue]:
    totals: dict[str, dg.MetadataValue] = {
        f"units_{name}": dg.MetadataValue.int(sum(row[name] or 0 for row in rows))
        for name in ("on_hand", "in_process", "back_orders", "in_flight", "available")
    }
    return totals | {"last_weeks": _last_weeks(walk, rows)}


def _before(walk: ClientWalk) -> _Before:
    columns = ["sku", "product_id", "outcome", "differs_since"]
    rows = walk.house.lake.columns(STOCK_PUSH, columns, client=walk.client)
    differed = rows.filter(rows["differs_since"].is_valid()).to_pylist()
    return _Before(
        is_first=RIGHT.isdisjoint(rows["outcome"].unique().to_pylist()),
        since={(row["sku"], row["product_id"]): row["differs_since"] for row in differed},
    )


def _last_weeks(walk: ClientWalk, now: Sequence[Mapping[str, Any]]) -> dg.MetadataValue:
    """The units on hand and available at each day's last snapshot, and now."""
    since = f"{walk.now - _WEEKS_SHOWN:%Y-%m-%d}"
    days = (
        walk.house.lake.connect_to_stock(walk.client)
        .execute(_DAYS_STOCK, {"client": walk.client, "since": since})
        .fetchall()
    )
    totals = [*days, (sum(row["on_hand"] for row in now), sum(row["available"] for row in now))]
    return sparkline({"on hand": [int(one) for one, _ in totals], "available": [int(two) for _, two in totals]})


def _push_rows(walk: ClientWalk, rows: Sequence[StockRow], before: _Before) -> list[dict[str, Any]]:
    return [
        asdict(row)
        | {
            "differs_since": before.since.get((row.sku, row.product_id), walk.now) if row.outcome in DIFFERS else None,
            "pushed_at": walk.now,
        }
        for row in rows
    ]


def stock_assets(house: House) -> dg.AssetsDefinition:
    """The two assets, made by one walk."""

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
    def stock(context: dg.AssetExecutionContext, config: StockConfig) -> Iterator[dg.MaterializeResult[None]]:
        each = functools.partial(walk_stock, release_brake=config.release_brake)
        yield from walk_clients(context, house, each, config)

    return stock

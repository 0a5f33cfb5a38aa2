"""Stock, from the platform to the store: stock_snapshots → stock_push, by client.

Thin: read the store, count, push, write. The store's amounts are read before its orders, and those before the count:
whatever is sold later shows as an amount that moved, and no sale is overwritten by an older count. So a push always
counts anew. Not here: the figures (rules/stock.py), the push itself (reconcile/amounts.py).
"""

import asyncio
import functools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any

import dagster as dg
from pydantic import Field

from npf_pipelines.assets.old_holds import hold_window, keep_holds
from npf_pipelines.assets.order_filter import order_filter
from npf_pipelines.assets.product_map import ProductMap, Reading
from npf_pipelines.assets.pushed_skus import PushedSkus
from npf_pipelines.assets.sparkline import sparkline
from npf_pipelines.assets.specs import NPF_PLATFORM, STORE_ORDERS, asset_spec
from npf_pipelines.assets.store_facts import StoreFacts
from npf_pipelines.cscart.errors import StoreError
from npf_pipelines.domain.outcomes import StockOutcome
from npf_pipelines.domain.platform_orders import StockFigure
from npf_pipelines.domain.products import Product
from npf_pipelines.lake.tables import STOCK_PUSH, STOCK_SNAPSHOTS
from npf_pipelines.reconcile.amounts import push_amounts
from npf_pipelines.reconcile.sales import Sales
from npf_pipelines.rules.change_limit import LIMIT_EXCEEDED, why_stopped
from npf_pipelines.rules.in_flight import in_flight_rule
from npf_pipelines.rules.stock import DIFFERS, StockRow, Wanted, available, plan, wanted_amount
from npf_pipelines.rules.stock_left import NONE_LEFT, left_skus, name_left
from npf_pipelines.rules.stock_location import Scope
from npf_pipelines.rules.stock_uncounted import uncounted, with_uncounted
from npf_pipelines.runs.client_run import ClientFailure, ClientRun, FlowConfig, run_clients
from npf_pipelines.runs.partitions import CLIENTS
from npf_pipelines.runs.services import Services


class StockConfig(FlowConfig):
    """What a run of stock takes, and whether it may exceed the change limit."""

    override_change_limit: bool = Field(
        default=False, description="Push although the change limit is exceeded: a person has checked the amounts."
    )
    release_brake: bool = Field(default=False, description="The earlier name of override_change_limit.")


OVERRIDE_CONFIG = "{ops: {stock: {config: {override_change_limit: true}}}}"
"""The run config, as it is typed into the UI's Launchpad."""
_FIGURE = tuple(one.name for one in fields(StockFigure))
_ROW = tuple(one.name for one in fields(StockRow))
"""Their columns: `asdict` would copy each value of a hundred thousand rows."""
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
    uncounted: Mapping[str, str] = field(default_factory=dict)
    """Why the count of a SKU can't be read, by SKU: `figures` are the others."""


@dataclass(frozen=True)
class _Before:
    """The previous push: when each difference began, and units at other store locations."""

    since: Mapping[tuple[str, str | None], datetime] = field(default_factory=dict)
    elsewhere: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Plan:
    """What a push is to do: the amounts by SKU, the rows, the SKUs that left the count, and why it has to stop."""

    wanted: Mapping[str, Wanted]
    rows: list[StockRow]
    left: frozenset[str]
    stopped: str


async def run_stock(client_run: ClientRun, *, override_change_limit: bool = False) -> None:
    """Count one client's stock, and bring it into its store."""
    history = await asyncio.to_thread(PushedSkus, client_run)
    if client_run.setup.stock.quantity == "off":
        await _turned_off(client_run, history)
        return
    async with client_run.lease("stock") as lease, client_run.store() as store:
        before = await asyncio.to_thread(_before, client_run)
        await asyncio.to_thread(history.add)  # This push may replace the only table that it is known from.
        window = hold_window(client_run)
        try:
            criteria = await order_filter(StoreFacts(client_run, store), client_run.setup)
            sales = Sales(store, in_flight_rule(criteria), window, client_run.now)
            skus = await asyncio.to_thread(client_run.services.platform.skus, client_run.client)
            products = await asyncio.to_thread(ProductMap, client_run)
            reading = await products.read(store, history.skus.union(skus))
            del products
            count = await _count(client_run, sales)
        except StoreError:
            # The warehouse's own figures are worth keeping; they are not pushed.
            await _finish_snapshot(client_run, await _count_platform(client_run))
            raise
        await _finish_snapshot(client_run, count)
        keep_holds(client_run, window, sales.old_holds if client_run.setup.stock.takes_sales_off else {})
        for order in sales.unreadable:
            named = order.order_id or "without a number"
            client_run.log(f"the order {named} can't be read, so that what it holds is not taken off: {order.reason}")
        if not client_run.wants(STOCK_PUSH):
            return
        scope = Scope(client_run.setup.stock.store_location, before.elsewhere)
        todo = await asyncio.to_thread(_compare, client_run, count, reading, scope, history)
        del reading  # The largest thing in memory; the rows have all of it that matters.
        stopped = "" if override_change_limit else todo.stopped
        if client_run.dry_run:
            rows = [_left(row, StockOutcome.PLANNED, {None}) for row in todo.rows]
        elif stopped:
            # Of a first push also what is right by chance: the next one is still the first.
            held = {None} if history.skus else {None, StockOutcome.ALREADY_RIGHT}
            rows = [_left(row, StockOutcome.OVER_LIMIT, held) for row in todo.rows]
        else:
            if any(row.outcome is None for row in todo.rows):
                client_run.mark_started()
            ended: list[StockRow] = []
            try:
                rows = await push_amounts(store, todo.rows, todo.wanted, sales, lease, scope=scope, ended=ended.append)
            except BaseException:  # Whatever cuts a push off: what it has brought so far was pushed.
                history.add(ended)
                raise
            await asyncio.to_thread(history.add, rows)
        client_run.log(f"{len(rows)} products compared, {store.requests} requests, {store.writes} writes")
    await _finish_push(client_run, name_left(rows, todo.left), before, scope, stopped)


async def _turned_off(client_run: ClientRun, history: PushedSkus) -> None:
    count = await _count_platform(client_run)
    await _finish_snapshot(client_run, count)
    window = hold_window(client_run)
    if window.known:  # Nothing is offered, so that nothing is held either.
        keep_holds(client_run, window, {})
    if client_run.wants(STOCK_PUSH):
        await asyncio.to_thread(history.add)
        reason = "the master setup turns stock off"
        off = [*(figure.sku for figure in count.figures), *count.uncounted]
        rows = [StockRow(sku, None, None, None, StockOutcome.OFF, reason) for sku in off]
        await client_run.materialize_large(STOCK_PUSH, _push_rows(client_run, rows, _Before(), Scope()))


def _compare(client_run: ClientRun, count: _Count, reading: Reading, scope: Scope, history: PushedSkus) -> _Plan:
    """What there is to do, by the figures and by what the store has."""
    setup, in_flight = client_run.setup.stock, count.in_flight or {}
    wanted = {figure.sku: wanted_amount(figure, in_flight.get(figure.sku, 0), setup) for figure in count.figures}
    readable = [product for product in reading.products if isinstance(product, Product)]
    left = left_skus(history.skus, wanted.keys() | count.uncounted.keys(), readable)
    if setup.missing_sku == "zero":
        wanted |= dict.fromkeys(sorted(left), NONE_LEFT)
    products = (scope.scoped(product) if isinstance(product, Product) else product for product in reading.products)
    rows = plan(wanted, products, reading.unread, to_all=setup.same_sku == "all", left=left)
    rows = list(with_uncounted(rows, count.uncounted))
    if scope.location is not None:
        rows = scope.named(rows, {product.key: product for product in readable})
    stopped = why_stopped(rows, setup.change_limit, is_first=not history.skus, counts_nothing=not count.figures)
    return _Plan(wanted, rows, left, stopped)


async def _finish_push(
    client_run: ClientRun, rows: Sequence[StockRow], before: _Before, scope: Scope, stopped: str
) -> None:
    waiting = [row for row in rows if row.outcome is StockOutcome.WAITING]
    written = await asyncio.to_thread(_push_rows, client_run, rows, before, scope)
    if stopped or waiting:
        await client_run.write_incomplete_large(STOCK_PUSH, written)
    else:
        await client_run.materialize_large(STOCK_PUSH, written)
    if stopped and client_run.dry_run:
        client_run.log(f"the change limit would be exceeded: {stopped}")
    elif stopped:
        raise ClientFailure(
            f"{LIMIT_EXCEEDED}: {stopped}. Nothing was written. Look at the rows; if they are right, run stock for "
            f"this client with the change limit overridden: npf run stock --client {client_run.client} "
            f"--override-change-limit, or in the UI with the run config {OVERRIDE_CONFIG}"
        )
    if waiting:
        raise ClientFailure(f"{len(waiting)} products wait for the store; the first: {waiting[0].reason}")


def _left(row: StockRow, outcome: StockOutcome, held: Collection[StockOutcome | None]) -> StockRow:
    return replace(row, outcome=outcome) if row.outcome in held else row


async def _count_platform(client_run: ClientRun) -> _Count:
    figures, _ = await asyncio.to_thread(client_run.services.platform.count_stock, client_run.client, [])
    return _as_count(figures, None)


def _as_count(figures: Sequence[StockFigure], in_flight: Mapping[str, int] | None) -> _Count:
    return _Count([figure for figure in figures if not figure.unreadable], in_flight, uncounted(figures))


async def _count(client_run: ClientRun, sales: Sales) -> _Count:
    """Figures and in-flight units of one moment: an order that is imported meanwhile is in just one of them."""
    listed = await sales.listed()
    figures, known = await asyncio.to_thread(client_run.services.platform.count_stock, client_run.client, listed)
    return _as_count(figures, await sales.in_flight(listed, known))


async def _finish_snapshot(client_run: ClientRun, count: _Count) -> None:
    rows = await asyncio.to_thread(_snapshot_rows, client_run, count)
    await client_run.materialize_large(STOCK_SNAPSHOTS, rows, notes=functools.partial(_units, client_run, rows))


def _snapshot_rows(client_run: ClientRun, count: _Count) -> list[dict[str, Any]]:
    def in_flight(sku: str) -> int | None:
        return None if count.in_flight is None else count.in_flight.get(sku, 0)

    return [
        {name: getattr(figure, name) for name in _FIGURE}
        | {"available": available(figure), "in_flight": in_flight(figure.sku), "taken_at": client_run.now}
        for figure in count.figures
    ]


def _units(client_run: ClientRun, rows: Sequence[Mapping[str, Any]]) -> dict[str, dg.MetadataValue]:
    totals: dict[str, dg.MetadataValue] = {
        f"units_{name}": dg.MetadataValue.int(sum(row[name] or 0 for row in rows))
        for name in ("on_hand", "in_process", "back_orders", "in_flight", "available")
    }
    return totals | {"last_weeks": _last_weeks(client_run, rows)}


def _before(client_run: ClientRun) -> _Before:
    columns = ["sku", "product_id", "differs_since", "store_location", "elsewhere"]
    rows = client_run.services.lake.columns(STOCK_PUSH, columns, client=client_run.client)
    differed = rows.filter(rows["differs_since"].is_valid()).to_pylist()
    location = client_run.setup.stock.store_location
    rests = rows.filter(rows["elsewhere"].is_valid()).to_pylist() if location else []
    return _Before(
        since={(row["sku"], row["product_id"]): row["differs_since"] for row in differed},
        elsewhere={row["product_id"]: row["elsewhere"] for row in rests if row["store_location"] == location},
    )


def _last_weeks(client_run: ClientRun, now: Sequence[Mapping[str, Any]]) -> dg.MetadataValue:
    """The units on hand and available at each day's last snapshot, and now."""
    since = f"{client_run.now - _WEEKS_SHOWN:%Y-%m-%d}"
    days = (
        client_run.services.lake.connect_to_stock(client_run.client)
        .execute(_DAYS_STOCK, {"client": client_run.client, "since": since})
        .fetchall()
    )
    totals = [*days, (sum(row["on_hand"] for row in now), sum(row["available"] for row in now))]
    return sparkline({"on hand": [int(one) for one, _ in totals], "available": [int(two) for _, two in totals]})


def _push_rows(client_run: ClientRun, rows: Sequence[StockRow], before: _Before, scope: Scope) -> list[dict[str, Any]]:
    return [
        {name: getattr(row, name) for name in _ROW}
        | {
            "differs_since": before.since.get((row.sku, row.product_id), client_run.now)
            if row.outcome in DIFFERS
            else None,
            "store_location": client_run.setup.stock.store_location,
            "elsewhere": scope.elsewhere.get(row.product_id or ""),
            "pushed_at": client_run.now,
        }
        for row in rows
    ]


def stock_assets(services: Services) -> dg.AssetsDefinition:
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
        each = functools.partial(run_stock, override_change_limit=config.override_change_limit or config.release_brake)
        yield from run_clients(context, services, each, config)

    return stock

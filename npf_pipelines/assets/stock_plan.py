"""The plan of a stock push, by the count and the store's amounts, and its rows in stock_push.

Not here: the amount of each SKU (rules/stock.py), the count (stock_count.py), the push (reconcile/amounts.py).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from npf_pipelines.assets.product_map import Reading
from npf_pipelines.assets.pushed_skus import PushedSkus
from npf_pipelines.assets.stock_count import Count
from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.outcomes import StockOutcome
from npf_pipelines.domain.products import Product
from npf_pipelines.domain.sku_map import NO_MAP, SkuMap
from npf_pipelines.domain.writes import Writes
from npf_pipelines.lake.tables import STOCK_PUSH
from npf_pipelines.rules.change_limit import why_stopped
from npf_pipelines.rules.kit_stock import deciding_parts, scarcest_first, uncounted_kits, with_kits, with_parts_named
from npf_pipelines.rules.orders import TEST_SKUS
from npf_pipelines.rules.stock import DIFFERS, StockRow, TargetAmount, plan, target_amount
from npf_pipelines.rules.stock_left import NONE_LEFT, left_skus
from npf_pipelines.rules.stock_location import Scope
from npf_pipelines.rules.stock_uncounted import with_uncounted
from npf_pipelines.runs.client_run import ClientRun

_ROW = tuple(column.name for column in fields(StockRow))
"""Its columns: `asdict` would copy each value of a hundred thousand rows."""


@dataclass(frozen=True)
class PreviousPush:
    """The values of the previous push in stock_push.

    Attributes:
        since: when each difference began, by SKU and product.
        elsewhere: units at other store locations, by product.
    """

    since: Mapping[tuple[str, str | None], datetime] = field(default_factory=dict)
    elsewhere: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class PushPlan:
    """The plan of a push.

    Attributes:
        amounts: the amount that the store should have, by SKU.
        rows: a row for each SKU and product; without an outcome if its amount is to be pushed.
        left: the SKUs that are no longer counted.
        stopped: why the change limit stops the push; empty if it doesn't.
    """

    amounts: Mapping[str, TargetAmount]
    rows: Sequence[StockRow]
    left: frozenset[str]
    stopped: str


def previous_push(client_run: ClientRun) -> PreviousPush:
    """Read the values of the previous push."""
    columns = ["sku", "product_id", "differs_since", "store_location", "elsewhere"]
    rows = client_run.tables.columns(STOCK_PUSH, columns)
    differed = rows.filter(rows["differs_since"].is_valid()).to_pylist()
    location = client_run.setup.stock.store_location
    with_rest = rows.filter(rows["elsewhere"].is_valid()).to_pylist() if location else []
    return PreviousPush(
        since={(row["sku"], row["product_id"]): row["differs_since"] for row in differed},
        elsewhere={row["product_id"]: row["elsewhere"] for row in with_rest if row["store_location"] == location},
    )


def plan_push(
    setup: MasterSetup,
    count: Count,
    reading: Reading,
    scope: Scope,
    history: PushedSkus,
    *,
    sku_map: SkuMap = NO_MAP,
) -> PushPlan:
    """Compare the count with the store's amounts."""
    stock, in_flight = setup.stock, count.in_flight or {}
    amounts = {figure.sku: target_amount(figure, in_flight.get(figure.sku, 0), stock) for figure in count.figures}
    in_store = {product.sku for product in (*reading.products, *reading.unread)} if sku_map.parts else set()
    count = replace(count, uncounted={**count.uncounted, **uncounted_kits(sku_map, count.uncounted, in_store)})
    amounts = with_kits(sku_map, amounts, in_store)
    readable = [product for product in reading.products if isinstance(product, Product)]
    left = left_skus(history.skus, amounts.keys() | count.uncounted.keys(), readable)
    if stock.missing_sku == "zero":
        amounts |= dict.fromkeys(sorted(left), NONE_LEFT)
    products = (scope.scoped(product) if isinstance(product, Product) else product for product in reading.products)
    rows = plan(amounts, products, reading.unread, to_all=stock.same_sku == "all", left=left)
    rows = list(with_uncounted(rows, count.uncounted))
    rows = scarcest_first(with_parts_named(rows, sku_map, in_store, amounts), sku_map)
    if scope.location is not None:
        rows = scope.named(rows, {product.key: product for product in readable})
    stopped = why_stopped(
        rows,
        stock.change_limit,
        is_first=not history.skus,
        counts_nothing=not count.figures,
        deciding=deciding_parts(amounts),
    )
    return PushPlan(amounts, rows, left, stopped)


def with_planned_rows(todo: PushPlan, writes: Writes) -> PushPlan:
    """The plan with the rows that the run may not write as planned."""
    rows = [
        replace(row, outcome=StockOutcome.PLANNED)
        if row.outcome is None and not writes.allow(is_test=row.sku in TEST_SKUS)
        else row
        for row in todo.rows
    ]
    return replace(todo, rows=rows)


def stopped_rows(todo: PushPlan, *, is_first: bool) -> list[StockRow]:
    """The rows of a push that the change limit stops.

    Of a first push amounts that are right by chance are included: the next push is still the first.
    """
    replaced = {None, StockOutcome.ALREADY_RIGHT} if is_first else {None}
    return _with_outcome(todo.rows, StockOutcome.OVER_LIMIT, replaced)


def turned_off_rows(count: Count) -> list[StockRow]:
    """The rows of a client whose master setup turns stock off."""
    reason = "the master setup turns stock off"
    skus = [*(figure.sku for figure in count.figures), *count.uncounted]
    return [StockRow(sku, None, None, None, StockOutcome.OFF, reason) for sku in skus]


def push_rows(
    client_run: ClientRun, rows: Sequence[StockRow], previous: PreviousPush, scope: Scope
) -> list[dict[str, Any]]:
    """The rows of a push as stock_push has them."""
    return [
        {name: getattr(row, name) for name in _ROW}
        | {
            "differs_since": previous.since.get((row.sku, row.product_id), client_run.now)
            if row.outcome in DIFFERS
            else None,
            "store_location": client_run.setup.stock.store_location,
            "elsewhere": scope.elsewhere.get(row.product_id or ""),
            "pushed_at": client_run.now,
        }
        for row in rows
    ]


def _with_outcome(
    rows: Sequence[StockRow], outcome: StockOutcome, replaced: Collection[StockOutcome | None]
) -> list[StockRow]:
    return [replace(row, outcome=outcome) if row.outcome in replaced else row for row in rows]

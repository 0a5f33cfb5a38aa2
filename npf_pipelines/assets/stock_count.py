"""The count of a client's stock, and its snapshot: the figures of the platform, with what of each SKU is in flight.

Not here: the figures themselves (rules/stock.py), the orders in flight (reconcile/sales.py), the push (stock.py).
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Any

import dagster as dg

from npf_pipelines.assets.sparkline import sparkline
from npf_pipelines.domain.platform_orders import StockFigure
from npf_pipelines.lake.tables import STOCK_SNAPSHOTS
from npf_pipelines.reconcile.sales import Sales
from npf_pipelines.rules.stock import available
from npf_pipelines.rules.stock_uncounted import uncounted
from npf_pipelines.runs.client_run import ClientRun

_FIGURE = tuple(column.name for column in fields(StockFigure))
"""Its columns: `asdict` would copy each value of a hundred thousand rows."""
_WEEKS_SHOWN = timedelta(weeks=4)


@dataclass(frozen=True)
class Count:
    """The platform's figures, and what of each SKU is in flight.

    Attributes:
        figures: the figures that can be read.
        in_flight: units by SKU; None if the store was not asked.
        uncounted: why the figure of a SKU can't be read, by SKU.
    """

    figures: Sequence[StockFigure]
    in_flight: Mapping[str, int] | None
    uncounted: Mapping[str, str] = field(default_factory=dict)


async def count_stock(client_run: ClientRun, sales: Sales) -> Count:
    """Figures and in-flight units of one moment: an order that is imported meanwhile is in exactly one of them."""
    listed = await sales.listed()
    figures, known = client_run.services.platform.count_stock(client_run.client, listed, client_run.own_numbers)
    return _count(figures, await sales.in_flight(listed, known))


def count_platform(client_run: ClientRun) -> Count:
    """The platform's figures alone."""
    figures, _ = client_run.services.platform.count_stock(client_run.client, [])
    return _count(figures, None)


def _count(figures: Sequence[StockFigure], in_flight: Mapping[str, int] | None) -> Count:
    return Count([figure for figure in figures if not figure.unreadable], in_flight, uncounted(figures))


def write_snapshot(client_run: ClientRun, count: Count) -> None:
    """Write the count as stock_snapshots."""
    rows = _snapshot_rows(client_run, count)
    notes = functools.partial(_units, client_run, rows)
    client_run.partitions.materialize(STOCK_SNAPSHOTS, rows, notes=notes)


def _snapshot_rows(client_run: ClientRun, count: Count) -> list[dict[str, Any]]:
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


def _last_weeks(client_run: ClientRun, now: Sequence[Mapping[str, Any]]) -> dg.MetadataValue:
    """The units on hand and available at each day's last snapshot, and now."""
    days = client_run.tables.daily_units((client_run.now - _WEEKS_SHOWN).date())
    totals = [*days, (sum(row["on_hand"] for row in now), sum(row["available"] for row in now))]
    return sparkline(
        {"on hand": [on_hand for on_hand, _ in totals], "available": [available for _, available in totals]}
    )

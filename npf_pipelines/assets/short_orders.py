"""The days of orders that the warehouse has shipped short since they were pulled: they are pulled again.

Nothing in the store changes when that happens, and after a day the nightly look-back finds it anyway. Not here: which
orders count as short (rules/after_shipping.py).
"""

from datetime import date, datetime, timedelta

from npf_pipelines.domain.days import day_of
from npf_pipelines.domain.outcomes import OrderOutcome
from npf_pipelines.lake.broken_files import BrokenFile
from npf_pipelines.lake.tables import PLATFORM_ORDERS
from npf_pipelines.reconcile.orders_of_day import AGREES
from npf_pipelines.rules.after_shipping import SHORT_AFTER
from npf_pipelines.runs.client_run import ClientRun

_FOLLOWED_FOR = timedelta(days=1)
"""For how long an order that counts as short is read from the platform."""


def days_of_short_orders(client_run: ClientRun, start: datetime, *, follow_up: bool) -> set[date]:
    """The days before the run's own with an order that was shipped short and that no run has judged so yet.

    Args:
        client_run: the client's part of the run.
        start: earlier orders are ignored.
        follow_up: whether orders that are known to be short are included, because the store can't list what has
            changed.
    """
    end = client_run.now - SHORT_AFTER
    platform = client_run.services.platform
    placed = platform.short_orders(client_run.client, end - _FOLLOWED_FOR, end, client_run.own_numbers)
    by_day: dict[date, set[str]] = {}
    for order_id, placed_at in placed.items():
        day = day_of(placed_at, client_run.setup.zone)
        if placed_at >= start and day < client_run.days[0]:
            by_day.setdefault(day, set()).add(order_id)
    return {day for day, orders in by_day.items() if _is_due(client_run, day, orders, follow_up=follow_up)}


def _is_due(client_run: ClientRun, day: date, orders: set[str], *, follow_up: bool) -> bool:
    try:
        rows = client_run.tables.read_if_written(PLATFORM_ORDERS, day)
    except BrokenFile:  # The day is pulled, and its failure names the file.
        return True
    # After `AGREES` the reason may name SKUs that the warehouse doesn't know.
    return any(
        row["reason"].startswith(AGREES) or (follow_up and row["outcome"] == OrderOutcome.DIFFERS)
        for row in rows
        if row["order_id"] in orders
    )

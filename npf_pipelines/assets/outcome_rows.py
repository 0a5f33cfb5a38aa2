"""The rows of platform_orders: each order's outcome, since when it differs, and the cut-off that it missed.

Not here: the outcomes (reconcile/platform_orders.py), the missed cut-offs (cut_offs.py).
"""

from datetime import date, datetime
from typing import Any

from npf_pipelines.assets.cut_offs import with_missed_cut_offs
from npf_pipelines.domain.outcomes import OrderOutcome
from npf_pipelines.lake.tables import PLATFORM_ORDERS
from npf_pipelines.reconcile.orders_of_day import OrderRow
from npf_pipelines.runs.client_run import ClientRun


def outcome_rows(client_run: ClientRun, day: date, outcomes: list[OrderRow]) -> list[dict[str, Any]]:
    """The rows of a day's outcomes."""
    since = _differing_since(client_run, day) if any(_differs(row) for row in outcomes) else {}
    rows = [
        vars(row) | {"differs_since": since.get(row.order_number, client_run.now) if _differs(row) else None}
        for row in outcomes
    ]
    return with_missed_cut_offs(client_run, day, rows)


def _differs(row: OrderRow) -> bool:
    return row.outcome is OrderOutcome.DIFFERS


def _differing_since(client_run: ClientRun, day: date) -> dict[str, datetime]:
    """Since when orders differ by the day's table, by order number."""
    rows = client_run.tables.read_if_written(PLATFORM_ORDERS, day)
    return {row["order_number"]: row["differs_since"] for row in rows if row["differs_since"]}

"""The statuses about which a person is asked: one row for each that the setup doesn't explain and open orders have.

Not here: what a status means (rules/status_meaning.py).
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from npf_pipelines.domain.days import day_of
from npf_pipelines.lake.tables import FILTERED_ORDERS, STATUS_QUESTIONS
from npf_pipelines.rules.status_meaning import Meaning, StatusMeanings
from npf_pipelines.runs.client_run import ClientRun


async def keep_status_questions(client_run: ClientRun, meanings: StatusMeanings) -> None:
    """Rebuild the client's questions from its tables' rows of the orders that are open on the platform."""
    placed = await asyncio.to_thread(client_run.services.platform.open_orders, client_run.client)
    before = client_run.services.lake.read_if_written(STATUS_QUESTIONS, client=client_run.client)
    since: dict[str, datetime] = {row["status"]: row["since"] for row in before}
    found = (status for _, status in await asyncio.to_thread(_statuses, client_run, placed))
    orders = Counter(status for status in found if meanings.of(status) is Meaning.UNCLEAR)
    rows = [
        _row(meanings.name(status), status, count, since.get(status, client_run.now))
        for status, count in sorted(orders.items())
    ]
    # One that has rows and gave none can't be read.
    if rows != before or (not before and client_run.services.lake.has_rows(STATUS_QUESTIONS, client=client_run.client)):
        client_run.queue_recount([None])
        client_run.write_cache(STATUS_QUESTIONS, rows)


async def days_of_answered_questions(client_run: ClientRun, meanings: StatusMeanings) -> set[date]:
    """The days of the open orders in a status that the setup, or the store, explains by now."""
    asked = client_run.services.lake.read_if_written(STATUS_QUESTIONS, client=client_run.client)
    answered = {row["status"] for row in asked if meanings.of(row["status"]) is not Meaning.UNCLEAR}
    if not answered:
        return set()
    placed = await asyncio.to_thread(client_run.services.platform.open_orders, client_run.client)
    return {day for day, status in await asyncio.to_thread(_statuses, client_run, placed) if status in answered}


def _statuses(client_run: ClientRun, placed: Mapping[str, datetime]) -> list[tuple[date, str]]:
    """The day of each open order, and the status that it had when it was judged last."""
    by_day: dict[date, set[str]] = {}
    for order_id, placed_at in placed.items():
        by_day.setdefault(day_of(placed_at, client_run.setup.zone), set()).add(order_id)
    found: list[tuple[date, str]] = []
    for day, orders in by_day.items():
        rows = client_run.services.lake.columns(
            FILTERED_ORDERS, ["order_id", "status"], client=client_run.client, day=day
        )
        found += [(day, row["status"]) for row in rows.to_pylist() if row["order_id"] in orders]
    return found


def _row(name: str, status: str, orders: int, since: datetime) -> dict[str, Any]:
    has = "order that is open on the platform has" if orders == 1 else "orders that are open on the platform have"
    reason = (
        f"{orders} {has} the status {name}, which keeps the stock and which the master setup doesn't name: the "
        "warehouse goes on with them. Write it under orders.stop_statuses if they are to stop, else under "
        "orders.continue_statuses"
    )
    return {"status": status, "name": name, "orders": orders, "reason": reason, "since": since}

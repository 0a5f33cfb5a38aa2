"""The statuses that need a person's answer: open orders have them, and the master setup doesn't explain them.

Kept between runs as the table status_questions. Not here: what a status means (rules/status_meaning.py).
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from npf_pipelines.domain.days import day_of
from npf_pipelines.lake.tables import FILTERED_ORDERS, STATUS_QUESTIONS
from npf_pipelines.platform.gateway import Platform
from npf_pipelines.rules.status_meaning import Meaning, StatusMeanings
from npf_pipelines.runs.client_tables import ClientTables
from npf_pipelines.runs.open_items import Recounts


class StatusQuestions:
    """One client's questions."""

    def __init__(self, tables: ClientTables, platform: Platform, client: str, zone: ZoneInfo) -> None:
        self._tables, self._platform, self._client, self._zone = tables, platform, client, zone

    async def rebuild(self, meanings: StatusMeanings, now: datetime, recounts: Recounts) -> None:
        """Rebuild the questions from the last decisions on the orders that are open on the platform.

        Args:
            meanings: what the store's statuses mean.
            now: since when a new question is open.
            recounts: takes the table if it has changed.
        """
        before = self._tables.read_if_written(STATUS_QUESTIONS)
        since: dict[str, datetime] = {row["status"]: row["since"] for row in before}
        open_orders = await self._statuses_of_open_orders()
        counts = Counter(status for _, status in open_orders if meanings.of(status) is Meaning.UNCLEAR)
        rows = [
            _row(meanings.name(status), status, count, since.get(status, now))
            for status, count in sorted(counts.items())
        ]
        # A table that has rows although none was read is broken.
        if rows != before or (not before and self._tables.has_rows(STATUS_QUESTIONS)):
            recounts.queue([None])
            self._tables.write_cache(STATUS_QUESTIONS, rows)

    async def days_answered(self, meanings: StatusMeanings) -> set[date]:
        """The days of the open orders in a status that the setup, or the store, explains by now."""
        asked = self._tables.read_if_written(STATUS_QUESTIONS)
        answered = {row["status"] for row in asked if meanings.of(row["status"]) is not Meaning.UNCLEAR}
        if not answered:
            return set()
        return {day for day, status in await self._statuses_of_open_orders() if status in answered}

    async def _statuses_of_open_orders(self) -> list[tuple[date, str]]:
        placed = await asyncio.to_thread(self._platform.open_orders, self._client)
        return await asyncio.to_thread(self._statuses, placed)

    def _statuses(self, placed: Mapping[str, datetime]) -> list[tuple[date, str]]:
        """The day of each open order, and its status at the last decision on it."""
        by_day: dict[date, set[str]] = {}
        for order_id, placed_at in placed.items():
            by_day.setdefault(day_of(placed_at, self._zone), set()).add(order_id)
        found: list[tuple[date, str]] = []
        for day, orders in by_day.items():
            rows = self._tables.columns(FILTERED_ORDERS, ["order_id", "status"], day)
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

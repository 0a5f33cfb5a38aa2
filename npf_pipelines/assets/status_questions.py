"""The statuses that need a person's answer: open orders have them, and the master setup doesn't explain them.

Kept between runs as the table status_questions. The statuses of the open orders are kept too, as open_statuses: only
days on which a run has decided, and orders that were not open before, are read. Not here: what a status means
(rules/status_meaning.py).
"""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from npf_pipelines.domain.days import day_of
from npf_pipelines.lake.tables import FILTERED_ORDERS, OPEN_STATUSES, STATUS_QUESTIONS
from npf_pipelines.rules.status_meaning import Meaning, StatusMeanings
from npf_pipelines.runs.client_run import ClientRun
from npf_pipelines.runs.open_items import Recounts


class StatusQuestions:
    """One client's questions."""

    def __init__(self, client_run: ClientRun) -> None:
        self._client_run, self._tables, self._zone = client_run, client_run.tables, client_run.setup.zone

    def rebuild(self, meanings: StatusMeanings, decided: Collection[date], now: datetime, recounts: Recounts) -> None:
        """Rebuild the questions from the last decisions on the orders that are open on the platform.

        Args:
            meanings: what the store's statuses mean.
            decided: the days on which the run has decided.
            now: since when a new question is open.
            recounts: takes the table if it has changed.
        """
        before = self._tables.read_if_written(STATUS_QUESTIONS)
        since: dict[str, datetime] = {row["status"]: row["since"] for row in before}
        open_orders = self._statuses_of_open_orders(decided)
        counts = Counter(status for _, status in open_orders if meanings.of(status) is Meaning.UNCLEAR)
        rows = [
            _row(meanings.name(status), status, count, since.get(status, now))
            for status, count in sorted(counts.items())
        ]
        if rows != before or self._tables.is_broken(STATUS_QUESTIONS, before):
            recounts.queue([None])
            self._tables.write_cache(STATUS_QUESTIONS, rows)
            recounts.note(STATUS_QUESTIONS, rows)

    def days_answered(self, meanings: StatusMeanings) -> set[date]:
        """The days of the open orders in a status that the setup, or the store, explains by now."""
        asked = self._tables.read_if_written(STATUS_QUESTIONS)
        answered = {row["status"] for row in asked if meanings.of(row["status"]) is not Meaning.UNCLEAR}
        if not answered:
            return set()
        return {day for day, status in self._statuses_of_open_orders() if status in answered}

    def forget_statuses(self) -> None:
        """Forget the kept statuses, because a run decides that doesn't rebuild the questions."""
        if self._tables.has_rows(OPEN_STATUSES):
            self._tables.write_cache(OPEN_STATUSES, [])

    def _statuses_of_open_orders(self, decided: Collection[date] = ()) -> list[tuple[date, str]]:
        run = self._client_run
        return self._statuses(run.services.platform.open_orders(run.client, run.own_numbers), decided)

    def _statuses(self, placed: Mapping[str, datetime], decided: Collection[date]) -> list[tuple[date, str]]:
        """The day of each open order, and its status at the last decision on it."""
        before = self._tables.read_if_written(OPEN_STATUSES)
        known = {(row["order_id"], row["placed_on"]): row["status"] for row in before}
        by_day: dict[date, set[str]] = {}
        for order_id, placed_at in placed.items():
            by_day.setdefault(day_of(placed_at, self._zone), set()).add(order_id)
        found: dict[tuple[str, date], str] = {}
        for day, orders in by_day.items():
            keys = [(order_id, day) for order_id in sorted(orders)]
            if day in decided or not known.keys() >= set(keys):
                rows = self._tables.columns(FILTERED_ORDERS, ["order_id", "status"], day).to_pylist()
                now = {row["order_id"]: row["status"] for row in rows}
                found |= {(order_id, day): now.get(order_id, "") for order_id, _ in keys}
            else:
                found |= {key: known[key] for key in keys}
        if found != known or self._tables.is_broken(OPEN_STATUSES, before):
            rows = [
                {"order_id": order_id, "placed_on": day, "status": status} for (order_id, day), status in found.items()
            ]
            self._tables.write_cache(OPEN_STATUSES, rows)
        return [(day, status) for (_, day), status in found.items() if status]


def _row(name: str, status: str, orders: int, since: datetime) -> dict[str, Any]:
    has = "order that is open on the platform has" if orders == 1 else "orders that are open on the platform have"
    reason = (
        f"{orders} {has} the status {name}, which keeps the stock and which the master setup doesn't name: the "
        "warehouse goes on with them. Write it under orders.stop_statuses if they are to stop, else under "
        "orders.continue_statuses"
    )
    return {"status": status, "name": name, "orders": orders, "reason": reason, "since": since}

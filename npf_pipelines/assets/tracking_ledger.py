"""What is remembered of earlier pushes of tracking: the table tracking_push, read back as the ledger of the next run.

A run announces in it what it may make before it makes anything: whoever comes after one that was cut off then knows
what to look for, and that a day isn't done. Not here: the push itself (reconcile/tracking.py).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from npf_pipelines.domain.outcomes import PushOutcome, StatusOutcome
from npf_pipelines.domain.platform_orders import LodgedShipment
from npf_pipelines.lake.broken_files import BrokenFile
from npf_pipelines.lake.tables import TRACKING_PUSH
from npf_pipelines.reconcile.tracking_work import (
    NOT_READ_BACK,
    OrderShipments,
    PushedBefore,
    content_hash,
    has_content,
)
from npf_pipelines.rules.shipments import IN_STORE, fingerprint, normalised_fingerprint
from npf_pipelines.runs.client_run import ClientRun

Row = dict[str, Any]


def what_waits(row: Mapping[str, Any]) -> str:
    """Why a row of tracking_push is to be tried again; empty if it isn't."""
    if row["outcome"] == PushOutcome.WAITING:
        return str(row["reason"])
    is_waiting = row["outcome"] in IN_STORE and row["status_outcome"] == StatusOutcome.WAITING
    return str(row["status_reason"]) if is_waiting else ""


class TrackingLedger:
    """What earlier runs wrote into tracking_push, by day and our shipment_id, as it was before this run."""

    def __init__(self, client_run: ClientRun) -> None:
        self._client_run = client_run
        self._days: dict[date, dict[str, Row]] = {}

    def of_day(self, day: date) -> Mapping[str, Row]:
        """The rows of a day; none if it was never pushed.

        Raises:
            BrokenFile: the day's table can't be read: what was put into the store is not known.
        """
        if day not in self._days:
            rows = self._client_run.services.lake.read_if_written(
                TRACKING_PUSH, client=self._client_run.client, day=day
            )
            self._days[day] = {row["shipment_id"]: row for row in rows}
        return self._days[day]

    def pushed(self, shipment_id: str, day: date) -> PushedBefore | None:
        """What was, or may have been, put into the store for a shipment lodged on the day.

        Raises:
            BrokenFile: the day's table can't be read.
        """
        row = self._row(shipment_id, day)
        if row is None or row["outcome"] == PushOutcome.WITHDRAWN or not (row["store_shipment_id"] or row["sent"]):
            return None
        return PushedBefore(
            row["store_shipment_id"],
            row["content"] or NOT_READ_BACK,
            frozenset(_fingerprints(row)),
            differs=row["reason"] if row["outcome"] == PushOutcome.DIFFERS_IN_STORE else "",
        )

    def announce(self, lodged: Mapping[date, Sequence[LodgedShipment]], orders: Iterable[OrderShipments]) -> None:
        """Write down what may be made now, on the days on which it isn't written already."""
        to_push = {one.state.order_number for one in orders}
        for day, shipments in lodged.items():
            rows = self.of_day(day)
            before = {one.shipment_id: self._row(one.shipment_id, day) for one in shipments}
            new = [
                one for one in shipments if one.order_number in to_push and self._is_new(before[one.shipment_id], one)
            ]
            if new:
                announced = {one.shipment_id: self._announced(before[one.shipment_id], one) for one in new}
                self._client_run.write_intent(TRACKING_PUSH, list((dict(rows) | announced).values()), day)

    def table(
        self,
        day: date,
        lodged: Mapping[date, Sequence[LodgedShipment]],
        rows: Mapping[str, Row],
        held: Collection[str],
    ) -> list[Row]:
        """The day's table after the push, from what came of each shipment.

        What was withdrawn keeps its row on the day on which it was lodged.

        Args:
            day: the day.
            lodged: the shipments of all days of the run.
            rows: what came of each shipment.
            held: the shipments that were not compared with the store: it has of them what it had before.
        """
        now = {shipment.shipment_id: shipment for shipment in lodged[day]}
        elsewhere = {shipment.shipment_id for shipments in lodged.values() for shipment in shipments}
        of_day = [*now, *(one for one in self.of_day(day) if one in rows and one not in elsewhere)]
        return [
            rows[one]
            | (self._as_before(one, day) if one in held else self._as_pushed(rows[one], day, now.get(one)))
            | {"pushed_at": self._client_run.now}
            for one in of_day
        ]

    def _as_before(self, shipment_id: str, day: date) -> Row:
        before = self._row(shipment_id, day) or {}
        return {"sent": sorted(_fingerprints(before))} | {
            name: before.get(name) for name in ("content", "confirmed_at")
        }

    def _as_pushed(self, row: Row, day: date, now: LodgedShipment | None) -> Row:
        return {
            "sent": self._sent(row, day, now),
            "content": self._content(row, day, now),
            "confirmed_at": self._confirmed_at(row, day),
        }

    def _row(self, shipment_id: str, day: date) -> Row | None:
        """The earlier row of a shipment lodged on the day; in another time zone that may have been the day beside."""
        if row := self.of_day(day).get(shipment_id):
            return row
        for shift in (-1, 1):
            try:
                row = self.of_day(day + timedelta(days=shift)).get(shipment_id)
            except BrokenFile:  # It costs its own day: that another zone has moved a shipment from it is rare.
                continue
            if row:
                return row
        return None

    def _announced(self, before: Row | None, shipment: LodgedShipment) -> Row:
        row = before or dict.fromkeys(TRACKING_PUSH.arrow_schema.names)
        return row | {
            "shipment_id": shipment.shipment_id,
            "order_number": shipment.order_number,
            "outcome": PushOutcome.WAITING,
            "reason": "on its way into the store; if this lasts, the run was cut off and the next one goes on",
            "sent": sorted({*_fingerprints(row), _fingerprint(shipment)}),
            "status_outcome": StatusOutcome.WAITING,
            "status_reason": "not every shipment of the order is in the store yet",
            "confirmed_at": None,
            "pushed_at": self._client_run.now,
        }

    @staticmethod
    def _is_new(row: Row | None, shipment: LodgedShipment) -> bool:
        return (
            row is None or not has_content(shipment, row["content"]) or _fingerprint(shipment) not in _fingerprints(row)
        )

    def _sent(self, row: Row, day: date, now: LodgedShipment | None) -> list[str]:
        """All that the store may have of the shipment: what was made and seen leaves nothing else."""
        before = self._row(row["shipment_id"], day)
        older = _fingerprints(before) if before else set()
        outcome = row["outcome"]
        if outcome == PushOutcome.WITHDRAWN:
            return []
        if now is None or outcome in {PushOutcome.REFUSED, PushOutcome.SET_ASIDE}:
            return sorted(older)
        return sorted({_fingerprint(now)} if outcome in IN_STORE else {*older, _fingerprint(now)})

    def _content(self, row: Row, day: date, now: LodgedShipment | None) -> str | None:
        """The print of what the store has of the shipment: what waits is as it was before, if it was there at all."""
        if row["outcome"] != PushOutcome.WAITING:
            return content_hash(now) if now else None
        before = self._same_in_store(row, day)
        if before:
            content: str | None = before["content"]
            return content
        return NOT_READ_BACK if row["store_shipment_id"] else None

    def _confirmed_at(self, row: Row, day: date) -> datetime | None:
        """Since when the store is known to have the shipment as this row names it."""
        if row["outcome"] not in IN_STORE:
            return None
        before = self._same_in_store(row, day)
        return (before and before["confirmed_at"]) or self._client_run.now

    def _same_in_store(self, row: Row, day: date) -> Row | None:
        """The earlier row of the shipment, if it names the same shipment of the store."""
        before = self._row(row["shipment_id"], day)
        return before if before and before["store_shipment_id"] == row["store_shipment_id"] else None


def _fingerprints(row: Row) -> set[str]:
    """The marks of all that the store may have of a row's shipment."""
    return {normalised_fingerprint(written) for written in row.get("sent") or ()}


def _fingerprint(shipment: LodgedShipment) -> str:
    return fingerprint(shipment.tracking_number, shipment.quantities)

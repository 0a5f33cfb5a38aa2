"""The ledger of tracking pushes: the table tracking_push, as earlier runs have written it.

A run writes into it what it is about to create in the store before it creates anything. So the run after a killed one
knows what to search for in the store, and that the day isn't done. Not here: the push itself (reconcile/tracking.py),
the writing of a table (shipments.py).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from npf_pipelines.domain.outcomes import IN_STORE, SETTLED, PushOutcome, StatusOutcome
from npf_pipelines.domain.platform_orders import LodgedShipment
from npf_pipelines.lake.broken_files import BrokenFile
from npf_pipelines.lake.tables import TRACKING_PUSH
from npf_pipelines.reconcile.tracking_plan import (
    NOT_READ_BACK,
    OrderShipments,
    PushedBefore,
    content_hash,
    has_content,
)
from npf_pipelines.rules.shipments import fingerprint, normalised_fingerprint
from npf_pipelines.runs.client_tables import ClientTables

Row = dict[str, Any]


def what_waits(row: Mapping[str, Any]) -> str:
    """Why a row of tracking_push must be tried again; empty if it needn't."""
    if row["outcome"] == PushOutcome.WAITING:
        return str(row["reason"])
    is_waiting = row["outcome"] in SETTLED and row["status_outcome"] == StatusOutcome.WAITING
    return str(row["status_reason"]) if is_waiting else ""


class TrackingLedger:
    """The rows of tracking_push by day and the platform's shipment_id, as they were before this run."""

    def __init__(self, tables: ClientTables, now: datetime, only: Collection[str] | None = None) -> None:
        """Read nothing yet.

        Args:
            tables: the client's tables.
            now: the time of the push, for its rows.
            only: the numbers of the orders that the run takes; None for all. The rows of other orders are in no
                answer but `others`.
        """
        self._tables, self._now, self._only = tables, now, only
        self._days: dict[date, dict[str, Row]] = {}
        self._others: dict[date, list[Row]] = {}

    def of_day(self, day: date) -> Mapping[str, Row]:
        """The rows of a day; none if it was never pushed.

        Raises:
            BrokenFile: the day's table can't be read, so that it is unknown what the store has.
        """
        if day not in self._days:
            rows = self._tables.read_if_written(TRACKING_PUSH, day)
            taken = [row for row in rows if self._only is None or row["order_number"] in self._only]
            self._days[day] = {row["shipment_id"]: row for row in taken}
            self._others[day] = [row for row in rows if row["shipment_id"] not in self._days[day]]
        return self._days[day]

    def others(self, day: date) -> Sequence[Row]:
        """The day's rows of orders that the run doesn't take: they stay in its table as they are.

        Raises:
            BrokenFile: the day's table can't be read.
        """
        self.of_day(day)
        return self._others[day]

    def pushed(self, shipment_id: str, day: date) -> PushedBefore | None:
        """The shipment that earlier runs created, or may have created, in the store for one lodged on the day.

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

    def intents(
        self, lodged: Mapping[date, Sequence[LodgedShipment]], orders: Iterable[OrderShipments]
    ) -> Mapping[date, list[Row]]:
        """The tables to write before the push, with what it may create; only days whose table lacks some of it.

        They are whole, with the rows of other orders.
        """
        to_push = {order.state.order_number for order in orders}
        tables = {}
        for day, shipments in lodged.items():
            before = {shipment.shipment_id: self._row(shipment.shipment_id, day) for shipment in shipments}
            new = {
                shipment.shipment_id: self._intent(before[shipment.shipment_id], shipment)
                for shipment in shipments
                if shipment.order_number in to_push and self._is_new(before[shipment.shipment_id], shipment)
            }
            if new:
                tables[day] = [*(dict(self.of_day(day)) | new).values(), *self.others(day)]
        return tables

    def table(
        self,
        day: date,
        lodged: Mapping[date, Sequence[LodgedShipment]],
        rows: Mapping[str, Row],
        held: Collection[str],
    ) -> list[Row]:
        """The day's rows of the run's orders after the push, from the outcome of each shipment.

        A withdrawn shipment keeps its row on the day on which it was lodged.

        Args:
            day: the day.
            lodged: the shipments of all days of the run.
            rows: the outcome of each shipment.
            held: the shipments that were not compared with the store, which has of them what it had before.
        """
        now = {shipment.shipment_id: shipment for shipment in lodged[day]}
        elsewhere = {shipment.shipment_id for shipments in lodged.values() for shipment in shipments}
        of_day = [*now, *(before for before in self.of_day(day) if before in rows and before not in elsewhere)]
        return [
            rows[shipment_id]
            | (
                self._as_before(shipment_id, day)
                if shipment_id in held or rows[shipment_id]["outcome"] == PushOutcome.PLANNED
                else self._as_pushed(rows[shipment_id], day, now.get(shipment_id))
            )
            | {"pushed_at": self._now}
            for shipment_id in of_day
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
        """The earlier row of a shipment lodged on the day, or in another time zone on the day before or after."""
        if row := self.of_day(day).get(shipment_id):
            return row
        for shift in (-1, 1):
            try:
                row = self.of_day(day + timedelta(days=shift)).get(shipment_id)
            except BrokenFile:  # It fails its own day; that a zone has moved a shipment from there is rare.
                continue
            if row:
                return row
        return None

    def _intent(self, before: Row | None, shipment: LodgedShipment) -> Row:
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
            "pushed_at": self._now,
        }

    @staticmethod
    def _is_new(row: Row | None, shipment: LodgedShipment) -> bool:
        return (
            row is None or not has_content(shipment, row["content"]) or _fingerprint(shipment) not in _fingerprints(row)
        )

    def _sent(self, row: Row, day: date, now: LodgedShipment | None) -> list[str]:
        """The fingerprints of all that the store may have of the shipment; of a confirmed one only its own."""
        before = self._row(row["shipment_id"], day)
        older = _fingerprints(before) if before else set()
        outcome = row["outcome"]
        if outcome == PushOutcome.WITHDRAWN:
            return []
        if now is None or outcome in {PushOutcome.REFUSED, PushOutcome.SET_ASIDE, PushOutcome.PART_OF_KIT}:
            return sorted(older)
        return sorted({_fingerprint(now)} if outcome in IN_STORE else {*older, _fingerprint(now)})

    def _content(self, row: Row, day: date, now: LodgedShipment | None) -> str | None:
        """The hash of the content that the store has of the shipment; while it waits, that of the content before."""
        if row["outcome"] != PushOutcome.WAITING:
            return content_hash(now) if now else None
        before = self._same_in_store(row, day)
        if before:
            content: str | None = before["content"]
            return content
        return NOT_READ_BACK if row["store_shipment_id"] else None

    def _confirmed_at(self, row: Row, day: date) -> datetime | None:
        """Since when the store is known to have the shipment under the id in this row."""
        if row["outcome"] not in IN_STORE:
            return None
        before = self._same_in_store(row, day)
        return (before and before["confirmed_at"]) or self._now

    def _same_in_store(self, row: Row, day: date) -> Row | None:
        """The earlier row of the shipment, if it names the same shipment of the store."""
        before = self._row(row["shipment_id"], day)
        return before if before and before["store_shipment_id"] == row["store_shipment_id"] else None


def _fingerprints(row: Row) -> set[str]:
    """The fingerprints of all that the store may have of a row's shipment."""
    return {normalised_fingerprint(written) for written in row.get("sent") or ()}


def _fingerprint(shipment: LodgedShipment) -> str:
    return fingerprint(shipment.tracking_number, shipment.quantities)

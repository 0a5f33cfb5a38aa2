"""Selects the orders whose tracking is pushed, and makes the rows of shipments that need no push.

Four phases, each of which returns what the next one needs: the shipments in question, what the platform has of their
orders, what earlier runs pushed of them, and the selection. Not here: the push (reconcile/tracking.py), why an order is
held (held_shipments.py, broken_days.py).
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from npf_pipelines.assets.broken_days import waiting_for_file
from npf_pipelines.assets.held_shipments import held_shipments
from npf_pipelines.assets.shipment_records import Lodged
from npf_pipelines.assets.tracking_ledger import Row, TrackingLedger
from npf_pipelines.domain.days import day_of
from npf_pipelines.domain.keys import shown
from npf_pipelines.domain.outcomes import PushOutcome, StatusOutcome
from npf_pipelines.domain.platform_orders import LodgedShipment, OrderState
from npf_pipelines.lake.broken_files import BrokenFile
from npf_pipelines.reconcile.tracking import Pushed
from npf_pipelines.reconcile.tracking_plan import OrderShipments, PushedBefore
from npf_pipelines.rules.kit_parcels import lay_back
from npf_pipelines.runs.client_run import ClientRun


@dataclass(frozen=True)
class Selection:
    """The orders to push, and what is known without a push.

    Attributes:
        lodged: the shipments in question in the codes of the store.
        orders: the orders to push, each with all its lodged shipments.
        rows: the rows of tracking_push of shipments that need no push, by shipment.
        held: the shipments of `rows` that were not compared with the store because of their order.
    """

    lodged: Lodged
    orders: Sequence[OrderShipments]
    rows: Mapping[str, Row]
    held: Collection[str]


@dataclass(frozen=True)
class _Missing:
    """A shipment in the ledger that is no longer lodged on its day: withdrawn, or moved to another day."""

    row: Row
    day: date


@dataclass(frozen=True)
class _OnPlatform:
    """The platform's data of the orders in question, by order number; `laid` are shipments of orders with kits.

    Of orders of the client's other carts it has the numbers alone.
    """

    states: Mapping[str, OrderState]
    shipments: Mapping[str, Sequence[LodgedShipment]]
    laid: Mapping[str, LodgedShipment]
    of_other_carts: Collection[str]

    def of(self, order_number: str) -> Sequence[LodgedShipment]:
        return self.shipments.get(order_number, [])

    def as_laid(self, lodged: Lodged) -> Lodged:
        return {
            day: [
                self.laid.get(shipment.shipment_id, shipment)
                for shipment in shipments
                if shipment.order_number not in self.of_other_carts
            ]
            for day, shipments in lodged.items()
        }


@dataclass(frozen=True)
class _Earlier:
    """The earlier pushes by order number and shipment; the error for an order with a day that can't be read."""

    pushed: Mapping[str, Mapping[str, PushedBefore]]
    unknown: Mapping[str, BrokenFile]


def select_pushes(client_run: ClientRun, lodged: Lodged, ledger: TrackingLedger) -> Selection:
    """Select the orders with a shipment on the days, or with one that was pushed before and is no longer there."""
    zone = client_run.setup.zone
    missing = _missing(lodged, ledger)
    on_platform = _read_platform(client_run, lodged, missing)
    # An earlier release took the orders of other carts for the store's: their rows go.
    missing = {
        shipment_id: shipment
        for shipment_id, shipment in missing.items()
        if shipment.row["order_number"] not in on_platform.of_other_carts
    }
    lodged = on_platform.as_laid(lodged)
    earlier = _earlier(client_run, on_platform, missing, ledger)
    held: dict[str, Mapping[str, Row]] = {
        number: waiting_for_file(on_platform.of(number), error, ledger, zone)
        for number, error in earlier.unknown.items()
    }
    known = {number: state for number, state in on_platform.states.items() if number not in earlier.unknown}
    held |= held_shipments(known, on_platform.shipments, ledger, zone)
    now = _numbers(lodged)
    orders = [
        OrderShipments(
            state,
            on_platform.of(number),
            frozenset(now.get(number, ())),
            earlier.pushed[number],
            has_kits=any(shipment.shipment_id in on_platform.laid for shipment in on_platform.of(number)),
        )
        for number, state in sorted(known.items())
        if number not in held and (number in now or earlier.pushed[number])
    ]
    held_rows = {
        shipment_id: row
        for number, rows in held.items()
        for shipment_id, row in rows.items()
        if shipment_id in now.get(number, ())
    }
    rows = _rows_without_order(lodged, on_platform) | _withdrawn_rows(missing, on_platform) | held_rows
    return Selection(lodged, orders, rows, held_rows.keys())


def _numbers(lodged: Lodged) -> Mapping[str, set[str]]:
    """The shipments of the days by order number."""
    numbers: defaultdict[str, set[str]] = defaultdict(set)
    for shipments in lodged.values():
        for shipment in shipments:
            numbers[shipment.order_number].add(shipment.shipment_id)
    return numbers


def _missing(lodged: Lodged, ledger: TrackingLedger) -> Mapping[str, _Missing]:
    missing: dict[str, _Missing] = {}
    for day, shipments in lodged.items():
        present = {shipment.shipment_id for shipment in shipments}
        missing |= {
            shipment_id: _Missing(row, day)
            for shipment_id, row in ledger.of_day(day).items()
            if shipment_id not in present
        }
    return missing


def _read_platform(client_run: ClientRun, lodged: Lodged, missing: Mapping[str, _Missing]) -> _OnPlatform:
    numbers = _numbers(lodged).keys() | {shipment.row["order_number"] for shipment in missing.values()}
    platform, own = client_run.services.platform, client_run.own_numbers
    found = platform.order_states(client_run.client, numbers)
    states = {number: state for number, state in found.items() if own.has(number, state.store_order_id)}
    shipments = platform.shipments_of(client_run.client, states)
    laid = {
        number: lay_back(lines, shipments.get(number, ()))
        for number, lines in platform.kit_lines(client_run.client, shipments).items()
    }
    by_id = {shipment.shipment_id: shipment for parcels in laid.values() for shipment in parcels}
    return _OnPlatform(states, shipments | laid, by_id, found.keys() - states.keys())


def _earlier(
    client_run: ClientRun, on_platform: _OnPlatform, missing: Mapping[str, _Missing], ledger: TrackingLedger
) -> _Earlier:
    zone = client_run.setup.zone
    pushed: dict[str, Mapping[str, PushedBefore]] = {}
    unknown: dict[str, BrokenFile] = {}
    missing_days: defaultdict[str, dict[str, date]] = defaultdict(dict)
    for shipment_id, shipment in missing.items():
        missing_days[shipment.row["order_number"]][shipment_id] = shipment.day
    for number in on_platform.states:
        days = {shipment.shipment_id: day_of(shipment.lodged_at, zone) for shipment in on_platform.of(number)}
        for shipment_id, day in missing_days[number].items():
            days.setdefault(shipment_id, day)
        try:
            before = {shipment_id: ledger.pushed(shipment_id, day) for shipment_id, day in days.items()}
        except BrokenFile as error:
            unknown[number] = error
            continue
        pushed[number] = {shipment_id: known for shipment_id, known in before.items() if known}
    return _Earlier(pushed, unknown)


def _withdrawn_rows(missing: Mapping[str, _Missing], on_platform: _OnPlatform) -> dict[str, Row]:
    still_lodged = {shipment.shipment_id for shipments in on_platform.shipments.values() for shipment in shipments}
    return {
        shipment_id: _withdrawn(shipment.row)
        for shipment_id, shipment in missing.items()
        if shipment_id not in still_lodged
    }


def _withdrawn(row: Row) -> Row:
    """The row of a shipment that is no longer lodged, until it is deleted from the store."""
    if row["outcome"] == PushOutcome.WITHDRAWN:
        return row
    if row["store_shipment_id"] is None and not row["sent"]:
        return row | {"outcome": PushOutcome.WITHDRAWN, "reason": "withdrawn before it was in the store"}
    reason = "withdrawn by the warehouse, but still to be deleted from the store"
    return row | {"outcome": PushOutcome.WAITING, "reason": reason}


def _rows_without_order(lodged: Lodged, on_platform: _OnPlatform) -> dict[str, Row]:
    return {
        shipment.shipment_id: asdict(_without_order(shipment))
        for shipments in lodged.values()
        for shipment in shipments
        if shipment.order_number not in on_platform.states
    }


def _without_order(shipment: LodgedShipment) -> Pushed:
    return Pushed(
        shipment.shipment_id,
        shipment.order_number,
        PushOutcome.SET_ASIDE,
        f"the platform has no order {shown(shipment.order_number)}: correct the shipment there",
        None,
        None,
        StatusOutcome.NOT_ASKED,
        "the shipment belongs to no order",
    )

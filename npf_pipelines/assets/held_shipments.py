"""Shipments that are not pushed because the platform's row of their order, or of a shipment of it, can't be read.

The order is left as it is in the store, because not everything about it is known. Not here: how a row is read
(platform/).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo

from npf_pipelines.assets.tracking_ledger import TrackingLedger
from npf_pipelines.domain.days import day_of
from npf_pipelines.domain.outcomes import IN_STORE, PushOutcome, StatusOutcome
from npf_pipelines.domain.platform_orders import LodgedShipment, OrderState
from npf_pipelines.reconcile.tracking import Pushed

_Rows = Mapping[str, dict[str, Any]]


def held_shipments(
    states: Mapping[str, OrderState],
    lodged: Mapping[str, Sequence[LodgedShipment]],
    ledger: TrackingLedger,
    zone: ZoneInfo,
) -> Mapping[str, _Rows]:
    """The rows of the shipments that are held, by order number and shipment; orders that can be pushed have none.

    Args:
        states: the orders, by their number.
        lodged: all lodged shipments of each.
        ledger: the earlier pushes; a readable shipment that is in the store keeps its row.
        zone: the client's time zone.
    """
    held = {}
    for number, state in states.items():
        shipments = lodged.get(number, [])
        reason = _why_held(state, shipments)
        if reason:
            held[number] = {shipment.shipment_id: _row(shipment, reason, ledger, zone) for shipment in shipments}
    return held


def _why_held(state: OrderState, shipments: Sequence[LodgedShipment]) -> str:
    wrong = [f"the shipment {bad.shipment_id}: {bad.unreadable}" for bad in shipments if bad.unreadable]
    if not state.status.is_known:
        wrong.insert(0, f"the order's status {str(state.status)[:40]!r} is no word of the contract")
    return f"can't be read on the platform: {'; '.join(wrong)}. Ask the warehouse to correct it" if wrong else ""


def _row(shipment: LodgedShipment, reason: str, ledger: TrackingLedger, zone: ZoneInfo) -> dict[str, Any]:
    before = ledger.of_day(day_of(shipment.lodged_at, zone)).get(shipment.shipment_id)
    if before and before["outcome"] in IN_STORE and not shipment.unreadable:
        return before
    return asdict(
        Pushed(
            shipment.shipment_id,
            shipment.order_number,
            PushOutcome.SET_ASIDE,
            reason,
            before["store_shipment_id"] if before else None,
            before["order_status"] if before else None,
            StatusOutcome.NOT_ASKED,
            "something of the order can't be read on the platform",
        )
    )

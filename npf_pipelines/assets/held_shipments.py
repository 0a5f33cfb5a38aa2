"""Shipments that are not pushed because the platform's row of one of them, or of their order, can't be read.

The order is left as it is in the store: what is known of it is not all. Not here: how a row is read (platform/).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo

from npf_pipelines.assets.tracking_ledger import TrackingLedger
from npf_pipelines.domain.days import day_of
from npf_pipelines.domain.outcomes import PushOutcome, StatusOutcome
from npf_pipelines.domain.platform_orders import LodgedShipment, OrderState
from npf_pipelines.reconcile.tracking import Pushed
from npf_pipelines.rules.shipments import IN_STORE

_Rows = Mapping[str, dict[str, Any]]


def held_shipments(
    states: Mapping[str, OrderState],
    lodged: Mapping[str, Sequence[LodgedShipment]],
    ledger: TrackingLedger,
    zone: ZoneInfo,
) -> Mapping[str, _Rows]:
    """The rows of the shipments that are held, by order number and shipment; orders that can be pushed are left out.

    Args:
        states: the orders, by their number.
        lodged: all lodged shipments of each.
        ledger: what earlier runs put into the store; a readable shipment that is there keeps its row.
        zone: the client's time zone.
    """
    held = {}
    for number, state in states.items():
        shipments = lodged.get(number, [])
        reason = _why_held(state, shipments)
        if reason:
            held[number] = {one.shipment_id: _row(one, reason, ledger, zone) for one in shipments}
    return held


def _why_held(state: OrderState, shipments: Sequence[LodgedShipment]) -> str:
    wrong = [f"the shipment {one.shipment_id}: {one.unreadable}" for one in shipments if one.unreadable]
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

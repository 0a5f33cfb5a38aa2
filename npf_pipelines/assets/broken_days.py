"""Days of tracking_push whose file can't be read: they are not pushed, nor is an order with a shipment on such a day.

The store may have a shipment that only the lost rows name: without them it could be created a second time.
Not here: how the file is repaired (lake/broken_files.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from npf_pipelines.assets.tracking_ledger import TrackingLedger
from npf_pipelines.domain.days import day_of
from npf_pipelines.domain.outcomes import PushOutcome, StatusOutcome
from npf_pipelines.domain.platform_orders import LodgedShipment
from npf_pipelines.lake.broken_files import BrokenFile
from npf_pipelines.reconcile.tracking import Pushed


def broken_days(ledger: TrackingLedger, days: Iterable[date]) -> Mapping[date, BrokenFile]:
    """The days whose rows can't be read, with the error."""
    found: dict[date, BrokenFile] = {}
    for day in days:
        try:
            ledger.of_day(day)
        except BrokenFile as error:
            found[day] = error
    return found


def waiting_for_file(
    shipments: Sequence[LodgedShipment], error: BrokenFile, ledger: TrackingLedger, zone: ZoneInfo
) -> Mapping[str, dict[str, Any]]:
    """The rows of an order's shipments, by shipment: they wait until the file is repaired.

    Shipments on days whose file can't be read have none.

    Args:
        shipments: all lodged shipments of the order.
        error: about the file.
        ledger: the earlier pushes; a shipment that was pushed keeps its row.
        zone: the client's time zone.
    """
    rows: dict[str, dict[str, Any]] = {}
    for shipment in shipments:
        day, shipment_id = day_of(shipment.lodged_at, zone), shipment.shipment_id
        if not broken_days(ledger, [day]):
            rows[shipment_id] = dict(ledger.of_day(day).get(shipment_id) or asdict(_waiting(shipment, error)))
    return rows


def _waiting(shipment: LodgedShipment, error: BrokenFile) -> Pushed:
    return Pushed(
        shipment.shipment_id,
        shipment.order_number,
        PushOutcome.WAITING,
        f"another shipment of the order is in a table that can't be read: {error}",
        None,
        None,
        StatusOutcome.WAITING,
        "not every shipment of the order is known to be in the store",
    )

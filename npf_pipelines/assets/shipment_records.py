"""The lodged shipments of a client's days: read from the platform and written as shipment_records, or read from it.

Not here: which days these are (shipments.py, late_lodgements.py), the push (shipments.py).
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from npf_pipelines.domain.days import day_of, end_of_day, start_of_day
from npf_pipelines.domain.platform_orders import LodgedShipment, normalised
from npf_pipelines.lake.lake import NotWritten
from npf_pipelines.lake.tables import SHIPMENT_RECORDS
from npf_pipelines.runs.client_run import ClientRun
from npf_pipelines.runs.partitions import consecutive

_FIELDS = frozenset(SHIPMENT_RECORDS.arrow_schema.names)

Lodged = Mapping[date, Sequence[LodgedShipment]]
"""Shipments by the day of their lodgement."""


def read_records(client_run: ClientRun, days: Sequence[date], only: Collection[str] | None = None) -> Lodged:
    """Read the shipments lodged on the days from the platform, and write their partitions.

    Args:
        client_run: the client's part of the run.
        days: the days.
        only: the numbers of the orders whose shipments are read, the others left as they are; None for all.
    """
    zone, platform = client_run.setup.zone, client_run.services.platform
    by_day: dict[date, list[LodgedShipment]] = {day: [] for day in days}
    for first, last in consecutive(days):
        start, end = start_of_day(first, zone), end_of_day(last, zone)
        for shipment in platform.lodged_between(client_run.client, start, end, client_run.own_numbers):
            day = day_of(shipment.lodged_at, zone)
            if day in by_day and (
                only is None or shipment.order_number in only
            ):  # A moment that can't be read may be sorted anywhere by the database.
                by_day[day].append(shipment)
    for day, shipments in by_day.items():
        rows = [_row_of(shipment) | {"read_at": client_run.now} for shipment in shipments]
        if only is not None:
            rows += [row for row in _rows_before(client_run, day) if row["order_number"] not in only]
        client_run.partitions.materialize(SHIPMENT_RECORDS, rows, day)
    return by_day


def records_as_written(client_run: ClientRun, only: Collection[str] | None = None) -> Lodged:
    """The shipments of the run's days as shipment_records has them.

    Args:
        client_run: the client's part of the run.
        only: the numbers of the orders; None for all.

    Raises:
        NotWritten: a day was never read.
        BrokenFile: a day's file can't be read.
    """
    return {
        day: [
            _shipment_of(row)
            for row in client_run.tables.read(SHIPMENT_RECORDS, day)
            if only is None or row["order_number"] in only
        ]
        for day in client_run.days
    }


def _rows_before(client_run: ClientRun, day: date) -> list[dict[str, Any]]:
    """The day's rows; none if it was never read. A file that can't be read is an error here: its rows would be lost."""
    try:
        return client_run.tables.read(SHIPMENT_RECORDS, day)
    except NotWritten:
        return []


def _row_of(shipment: LodgedShipment) -> dict[str, Any]:
    quantities = [{"sku": sku, "quantity": quantity} for sku, quantity in shipment.quantities.items()]
    row = {name: value for name, value in vars(shipment).items() if name in _FIELDS}
    return row | {"quantities": quantities, "unreadable": shipment.unreadable or None}


def _shipment_of(row: dict[str, Any]) -> LodgedShipment:
    fields = {name: value for name, value in row.items() if name != "read_at"}
    quantities = {line["sku"]: line["quantity"] for line in row["quantities"]}
    return normalised(LodgedShipment(**fields | {"quantities": quantities, "unreadable": row["unreadable"] or ""}))

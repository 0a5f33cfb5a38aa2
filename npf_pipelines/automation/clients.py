"""The sensor that makes every client with a master setup a partition, without a manual step.

No client is ever removed: a file that is missing or can't be read deletes nothing. No day with tables is removed
either, although an order start date is moved later.
"""

from collections.abc import Mapping
from datetime import date

import dagster as dg
from pydantic import TypeAdapter

from npf_pipelines.automation.cursors import remembered
from npf_pipelines.config.master_setup import SetupError
from npf_pipelines.lake.tables import RAW_ORDERS, SHIPMENT_RECORDS
from npf_pipelines.runs.dagster_internals import instance_of_tick
from npf_pipelines.runs.machine_failures import machine_failure
from npf_pipelines.runs.partitions import client_days, lacks_days
from npf_pipelines.runs.services import Services

_OLD_DAYS = (
    "; the UI doesn't offer all days of all clients: restart the code server. Sweeps and sensors include them already"
)

_STARTS = TypeAdapter(dict[str, date])
"""The clients' order start dates at the last tick."""


def clients_sensor(partitions: dg.MultiPartitionsDefinition, services: Services) -> dg.SensorDefinition:
    """Registers new clients every three minutes.

    Args:
        partitions: clients and days as the definitions were loaded; a new client may have more days.
        services: of setups, lake and cell.
    """

    @dg.sensor(
        name="clients_sensor",
        description="Registers the clients of the master setups as partitions, and names the setups that are wrong.",
        minimum_interval_seconds=180,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def clients(context: dg.SensorEvaluationContext) -> dg.SkipReason | dg.SensorResult:
        try:
            setups = services.setups()
        except SetupError as error:
            return dg.SkipReason(str(error))
        for wrong_setup in setups.errors:
            context.log.error(wrong_setup)
        cell, instance = services.cell, instance_of_tick(context)
        elsewhere = cell.elsewhere(instance, setups.clients)
        for sentence in elsewhere.values():
            context.log.error(sentence)
        new = cell.register(instance, setups.clients.keys() - elsewhere.keys())
        if too_many := cell.too_many(len(cell.registered(instance))):
            context.log.warning(too_many)
        paused = [setup.id for setup in setups.clients.values() if setup.paused]
        pauses = f"; paused: {', '.join(paused)}" if paused else ""
        errors = [*setups.errors, *elsewhere.values()]
        wrong = f"; wrong setups: {'; '.join(errors)}" if errors else ""
        starts = {client: setup.orders.start_date for client, setup in setups.clients.items()}
        before = remembered(_STARTS, context.cursor, {})
        try:
            first = _first_day(services, starts, before)
        except OSError as error:  # The next tick lists the days again.
            return dg.SkipReason(
                f"registered: {', '.join(new) or 'nothing new'}{pauses}{wrong}; the lake can't be read: "
                f"{machine_failure(error) or error}"
            )
        days = _OLD_DAYS if lacks_days(partitions, client_days(setups, first, cell)) else ""
        more = f"; {too_many}" if too_many else ""
        summary = f"registered: {', '.join(new) or 'nothing new'}{pauses}{wrong}{days}{more}"
        return dg.SensorResult(skip_reason=summary, cursor=_STARTS.dump_json(before | starts).decode())

    return clients


def _first_day(services: Services, starts: Mapping[str, date], before: Mapping[str, date]) -> date | None:
    """The first day that has tables and is before its client's start date; kept in the lake.

    Only the tables of clients that are new, or whose date has changed, are listed: there may be very many clients.
    """
    known = services.lake.first_day()
    earlier = [
        day
        for client, start in starts.items()
        if before.get(client) != start
        for table in (RAW_ORDERS, SHIPMENT_RECORDS)
        for day in services.lake.days(table, client=client)[:1]
        if day < start
    ]
    first = min([*earlier, *([known] if known else [])], default=None)
    if first and first != known:
        services.lake.keep_first_day(first)
    return first

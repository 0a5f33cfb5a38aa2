"""The sensors that notice changes on the platform: each with one query for all clients.

A change that is noticed while a client's run isn't over yet is noticed again at the next tick. Not here: the queries
(platform/change_marks.py), the clients for which a run may be requested (run_requests.py).
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import dagster as dg
import sqlalchemy as sa
from pydantic import TypeAdapter

from npf_pipelines.automation.cursors import remembered
from npf_pipelines.automation.default_status import sensor_status
from npf_pipelines.automation.flows import SHIPMENTS, STOCK, Flow
from npf_pipelines.automation.run_requests import Eligibility, clients_in, eligibility_of, requests, shipment_requests
from npf_pipelines.config.master_setup import SetupError
from npf_pipelines.platform.change_marks import lodgements, stock_movements
from npf_pipelines.runs.dagster_internals import instance_of_tick
from npf_pipelines.runs.partitions import LOOK_BACK
from npf_pipelines.runs.services import Services


@dataclass(frozen=True)
class _Requested:
    """A client's change mark when a run was requested for it, and that moment."""

    mark: str
    asked_at: datetime


_CURSOR = TypeAdapter(dict[str, _Requested])


@dataclass(frozen=True)
class _Watch:
    """A sensor: the changes that it watches, how many times longer than usual it pauses, and the runs it requests."""

    name: str
    flow: Flow
    pauses: int
    description: str
    marks: Callable[[sa.Engine, Collection[str]], Mapping[str, str]]
    requests_for: Callable[[Eligibility, Collection[str]], list[dg.RunRequest]]


def _shipments(eligibility: Eligibility, clients: Collection[str]) -> list[dg.RunRequest]:
    return shipment_requests(eligibility, clients, LOOK_BACK)


def _stock(eligibility: Eligibility, clients: Collection[str]) -> list[dg.RunRequest]:
    pushed = [client for client in clients if eligibility.ready[client].stock.quantity != "off"]
    return requests(eligibility, pushed, None)


_WATCHED = (
    _Watch(
        "new_lodgements",
        SHIPMENTS,
        1,
        "Notices new lodgements of the warehouse, and requests a run for their clients only.",
        lodgements,
        _shipments,
    ),
    _Watch(
        "stock_movements",
        STOCK,
        2,  # Sales move stock all the time, and each run takes all that has moved.
        "Notices changes of the warehouse's stock and orders, and requests a run for their clients only.",
        stock_movements,
        _stock,
    ),
)


def platform_sensors(services: Services) -> list[dg.SensorDefinition]:
    """The two sensors."""
    return [_sensor(watch, services) for watch in _WATCHED]


def _sensor(watch: _Watch, services: Services) -> dg.SensorDefinition:
    @dg.sensor(
        name=watch.name,
        job_name=watch.flow.job,
        minimum_interval_seconds=watch.pauses * services.settings.sensor_seconds,
        default_status=sensor_status(services.settings),
        description=watch.description,
    )
    def notice(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        try:
            eligibility = eligibility_of(instance_of_tick(context), services, watch.flow, datetime.now(UTC))
        except SetupError as error:
            return dg.SkipReason(str(error))
        seen = remembered(_CURSOR, context.cursor)
        found = watch.marks(services.platform_engine, eligibility.registered)

        def has_changes(client: str) -> bool:
            before = seen.get(client)
            return before is None or before.mark != found[client] or eligibility.is_lost(client, before.asked_at)

        changed = [client for client in eligibility.free if client in found and has_changes(client)]
        requested = watch.requests_for(eligibility, changed)
        covered = clients_in(requested)
        seen |= {client: _Requested(mark, eligibility.now) for client, mark in found.items() if client in covered}
        cursor = _CURSOR.dump_json(seen).decode()
        if requested:
            return dg.SensorResult(run_requests=requested, cursor=cursor)
        return dg.SensorResult(skip_reason=eligibility.skip_reason("nothing has changed"), cursor=cursor)

    return notice

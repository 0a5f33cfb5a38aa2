"""The sensors that notice what the warehouse did: one question to the platform for all clients, each.

What was noticed while a client's run isn't over yet is noticed again at the next look. Not here: the questions
(platform/change_marks.py), whom runs are asked for (asking.py).
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
from npf_pipelines.config.settings import Settings
from npf_pipelines.platform.change_marks import lodgements, stock_movements
from npf_pipelines.runs.partitions import LOOK_BACK
from npf_pipelines.runs.services import Services


@dataclass(frozen=True)
class _Requested:
    """The mark of a client for which a run was asked, and when."""

    mark: str
    asked_at: datetime


_CURSOR = TypeAdapter(dict[str, _Requested])


@dataclass(frozen=True)
class _Watch:
    """What one of the sensors watches, and the runs it asks for."""

    name: str
    flow: Flow
    description: str
    marks: Callable[[sa.Engine], Mapping[str, str]]
    ask: Callable[[Eligibility, Collection[str]], list[dg.RunRequest]]


def _shipments(eligibility: Eligibility, news: Collection[str]) -> list[dg.RunRequest]:
    return shipment_requests(eligibility, news, LOOK_BACK)


def _stock(eligibility: Eligibility, news: Collection[str]) -> list[dg.RunRequest]:
    return requests(eligibility, [one for one in news if eligibility.ready[one].stock.quantity != "off"], None)


_WATCHED = (
    _Watch(
        "new_lodgements",
        SHIPMENTS,
        "Notices what the warehouse has lodged, and asks for runs over the clients concerned only.",
        lodgements,
        _shipments,
    ),
    _Watch(
        "stock_movements",
        STOCK,
        "Notices what moved in the warehouse's stock and orders, and asks for runs over the clients concerned only.",
        stock_movements,
        _stock,
    ),
)


def platform_sensors(services: Services, settings: Settings) -> list[dg.SensorDefinition]:
    """The two sensors."""
    return [_sensor(watch, services, settings) for watch in _WATCHED]


def _sensor(watch: _Watch, services: Services, settings: Settings) -> dg.SensorDefinition:
    @dg.sensor(
        name=watch.name,
        job_name=watch.flow.job,
        minimum_interval_seconds=settings.sensor_seconds,
        default_status=sensor_status(settings),
        description=watch.description,
    )
    def notice(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        try:
            eligibility = eligibility_of(context.instance, services, watch.flow, datetime.now(UTC))
        except SetupError as error:
            return dg.SkipReason(str(error))
        seen = remembered(_CURSOR, context.cursor)
        found = watch.marks(services.engine)

        def has_changes(client: str) -> bool:
            before = seen.get(client)
            return before is None or before.mark != found[client] or eligibility.is_lost(client, before.asked_at)

        asked = watch.ask(
            eligibility, [client for client in eligibility.free if client in found and has_changes(client)]
        )
        served = clients_in(asked)
        seen |= {client: _Requested(mark, eligibility.now) for client, mark in found.items() if client in served}
        cursor = _CURSOR.dump_json(seen).decode()
        if asked:
            return dg.SensorResult(run_requests=asked, cursor=cursor)
        return dg.SensorResult(skip_reason=eligibility.skip_reason("nothing has moved"), cursor=cursor)

    return notice

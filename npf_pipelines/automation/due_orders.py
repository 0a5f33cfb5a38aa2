"""The sensor that requests runs of orders at known times: when held orders are released, and at each client's cut-off.

It asks no store: the times are the pipeline's own. Not here: the times (rules/holds.py, rules/cut_off.py), what is
noticed in the stores (new_orders.py), the usual intervals (sweeps.py).
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime

import dagster as dg
from pydantic import TypeAdapter

from npf_pipelines.automation.cursors import remembered
from npf_pipelines.automation.default_status import sensor_status
from npf_pipelines.automation.flows import ORDERS
from npf_pipelines.automation.run_requests import Eligibility, clients_in, eligibility_of, requests
from npf_pipelines.config.master_setup import SetupError
from npf_pipelines.rules.due import is_last_pull_due, is_release_due
from npf_pipelines.runs.dagster_internals import instance_of_tick
from npf_pipelines.runs.services import Services
from npf_pipelines.state.due_decisions import latest_due

_CURSOR = TypeAdapter(dict[str, datetime])
"""When a run was last requested, by client."""


def due_orders(services: Services) -> dg.SensorDefinition:
    """Requests a run of orders for clients whose held orders are released now, and for clients at their cut-off."""

    @dg.sensor(
        name="due_orders",
        job_name=ORDERS.job,
        minimum_interval_seconds=2 * services.settings.sensor_seconds,
        default_status=sensor_status(services.settings),
        description="Requests a run for clients whose held orders are released now, and for clients at their cut-off.",
    )
    def request(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        now = datetime.now(UTC)
        try:
            eligibility = eligibility_of(instance_of_tick(context), services, ORDERS, now)
        except SetupError as error:
            return dg.SkipReason(str(error))
        asked_at = remembered(_CURSOR, context.cursor)
        clients = _due(eligibility, latest_due(services.state, now), asked_at)
        if not clients:
            return eligibility.skip_reason("no order is released, and no client is at its cut-off")
        days = eligibility.todays()
        requested = requests(eligibility, clients, (days[0], days[-1]))
        asked_at |= dict.fromkeys(clients_in(requested), now)
        registered = {client: asked_at[client] for client in eligibility.registered if client in asked_at}
        return dg.SensorResult(run_requests=requested, cursor=_CURSOR.dump_json(registered).decode())

    return request


def _due(
    eligibility: Eligibility, released: Mapping[str, datetime], asked_at: Mapping[str, datetime]
) -> Collection[str]:
    """The clients for which a moment has come, and no run has been requested or has begun since."""

    def is_due(client: str) -> bool:
        tried_at = eligibility.health(client).tried_at
        asked = asked_at.get(client)
        # A run that was requested and is lost counts as never requested.
        last = tried_at if asked is None or eligibility.is_lost(client, asked) else max(asked, tried_at or asked)
        setup = eligibility.free[client]
        is_released = client in released and is_release_due(last, released[client], eligibility.now)
        return is_released or is_last_pull_due(last, eligibility.now, setup.orders.cut_off, setup.zone)

    return [client for client in eligibility.free if is_due(client)]

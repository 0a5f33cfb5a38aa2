"""The sensor that has the checks evaluated once a client has been through its first sweep: until then they are empty.

Not here: the nightly audit (nightly.py), the checks (checks.py).
"""

import json

import dagster as dg
from pydantic import TypeAdapter

from npf_pipelines.automation.cursors import remembered
from npf_pipelines.automation.default_status import sensor_status
from npf_pipelines.automation.flows import FLOWS
from npf_pipelines.automation.jobs import AUDIT, ENDED_AFTER_HOURS
from npf_pipelines.runs.dagster_internals import instance_of_tick
from npf_pipelines.runs.services import Services
from npf_pipelines.state.health import read_health

_AUDITED = TypeAdapter(set[str])
"""The clients of whom the checks have been evaluated."""


def first_audit(services: Services) -> dg.SensorDefinition:
    """Requests one run of the audit for all clients that are new since the last one."""

    @dg.sensor(
        name="first_audit",
        job_name=AUDIT,
        minimum_interval_seconds=600,
        default_status=sensor_status(services.settings),
        description="Runs the audit once for each new client, after the first runs of all its flows.",
    )
    def notice(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        registered = set(services.cell.registered(instance_of_tick(context)))
        tried = [{client for client, _ in read_health(services.state, flow.name)} for flow in FLOWS]
        audited = remembered(_AUDITED, context.cursor, set()) & registered
        new = registered.intersection(*tried) - audited
        cursor = json.dumps(sorted(audited | new))
        if new:
            request = dg.RunRequest(tags=ENDED_AFTER_HOURS)
            return dg.SensorResult(run_requests=[request], cursor=cursor)
        waiting = len(registered - audited)
        return dg.SensorResult(skip_reason=f"{waiting} new clients have not been swept yet", cursor=cursor)

    return notice

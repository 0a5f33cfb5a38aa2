"""The sensor that ends runs whose process is gone: killed, or lost with its machine.

Dagster itself would keep them in progress for ever, with a place in its queue, and no sweep would ask for their clients
again. Each run holds a lease while its process lives. What it left undone is done by the next run.
"""

import json
from datetime import UTC, datetime, timedelta

import dagster as dg

from npf_pipelines.automation.flows import FLOWS
from npf_pipelines.house import House
from npf_pipelines.platform.lease import RUN_FLOW, held_now
from npf_pipelines.rules.clock import is_future

_TO_BEGIN = timedelta(minutes=2)
"""How long a run may take from its start to its lease."""


def lost_runs(house: House) -> dg.SensorDefinition:
    """Reports a run as failed that two looks in a row found without a living process."""

    @dg.sensor(
        name="lost_runs",
        description="Ends runs whose process was killed: Dagster would keep them in progress for ever.",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def lost(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        instance = context.instance
        now = datetime.now(UTC)
        started = {
            record.dagster_run.run_id: record.dagster_run
            for flow in FLOWS
            for record in flow.unfinished(instance)
            # A run of another job may have checks to make when its walk is over.
            if record.dagster_run.job_name == flow.job
            and record.dagster_run.status is dg.DagsterRunStatus.STARTED
            and record.start_time
            and _has_had_time(datetime.fromtimestamp(record.start_time, UTC), now)
        }
        silent = started.keys() - held_now(house.engine, RUN_FLOW) if started else set()
        # A run that is just ending has given its lease back and is over at the second look.
        ended = silent & set(json.loads(context.cursor or "[]"))
        for run_id in sorted(ended):
            instance.report_run_failed(started[run_id], "the run's process is gone: the next run takes up its work")
        said = f"ended: {', '.join(sorted(ended)) or 'none'}; in progress: {len(started.keys() - ended)}"
        return dg.SensorResult(skip_reason=said, cursor=json.dumps(sorted(silent - ended)))

    return lost


def _has_had_time(started: datetime, now: datetime) -> bool:
    """Whether a run should hold its lease by now; by its clock it may have started in the future."""
    return started < now - _TO_BEGIN or is_future(started, now)

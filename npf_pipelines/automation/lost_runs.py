"""The sensor that ends runs whose process is gone: killed, or lost with its machine.

Dagster itself would keep them in progress for ever, with a place in its queue, and no sweep would ask for their clients
again. Each run holds a lease while its process lives. What it left undone is done by the next run.
"""

import json
from datetime import timedelta

import dagster as dg

from npf_pipelines.automation.flows import FLOWS
from npf_pipelines.runs.services import Services
from npf_pipelines.state.database_clock import shared_seconds
from npf_pipelines.state.lease import RUN_FLOW, held_now

_TO_BEGIN = timedelta(minutes=2)
"""How long a run may take from its start to its lease, and from giving it back to its end."""


def lost_runs(services: Services) -> dg.SensorDefinition:
    """Reports a run as failed that has been without a living process for two minutes, at two ticks at least."""

    @dg.sensor(
        name="lost_runs",
        description="Ends runs whose process was killed: Dagster would keep them in progress for ever.",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def lost(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        instance = context.instance
        started = {
            record.dagster_run.run_id: record.dagster_run
            for flow in FLOWS
            for record in flow.unfinished(instance)
            # A run of another job may have checks to make when its walk is over.
            if record.dagster_run.job_name == flow.job and record.dagster_run.status is dg.DagsterRunStatus.STARTED
        }
        silent = started.keys() - held_now(services.engine, RUN_FLOW) if started else set()
        # Neither this machine's clock nor that of the run's machine decides, only the one that judges the leases.
        now = shared_seconds(services.engine) if silent else 0.0
        before = _silent_before(context.cursor)
        # In SQLite the clock begins again when the machine is started.
        since = {run_id: min(before.get(run_id, now), now) for run_id in silent}
        ended = {run_id for run_id in silent & before.keys() if now - since[run_id] >= _TO_BEGIN.total_seconds()}
        for run_id in sorted(ended):
            instance.report_run_failed(started[run_id], "the run's process is gone: the next run takes up its work")
        said = f"ended: {', '.join(sorted(ended)) or 'none'}; in progress: {len(started.keys() - ended)}"
        left = {run_id: since[run_id] for run_id in sorted(silent - ended)}
        return dg.SensorResult(skip_reason=said, cursor=json.dumps(left))

    return lost


def _silent_before(cursor: str | None) -> dict[str, float]:
    """Since when each run was without a lease at the last tick; the release before wrote only which were."""
    before = json.loads(cursor or "{}")
    return before if isinstance(before, dict) else {}

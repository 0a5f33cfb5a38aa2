"""The sensor that ends runs whose process is gone: killed, or lost with its machine.

Dagster itself would show them as in progress for ever, with a place in its queue, and no sweep would request a run for
their clients. Each run holds a lease while its process lives. The next run continues the work.
Not here: the lease (runs/services_resource.py), the maximum runtime by which Dagster ends a run that hangs (jobs.py).
"""

from datetime import timedelta

import dagster as dg
from dagster import RunsFilter
from pydantic import FiniteFloat, TypeAdapter

from npf_pipelines.automation.cursors import remembered
from npf_pipelines.automation.flows import FLOWS
from npf_pipelines.runs.dagster_internals import fail_run, instance_of_tick
from npf_pipelines.runs.services import Services
from npf_pipelines.state.database_clock import shared_seconds
from npf_pipelines.state.lease import RUN_FLOW, leased

_GRACE = timedelta(minutes=3)
"""How long a run may take from its start to its lease, and from giving it back to its end."""
_RENEWAL = timedelta(seconds=45)
"""How long a lease that ran out is left to its run, which renews it when the state's database answers again.

A run whose process was killed thus ends within four minutes: its lease runs out after 80 to 120 s, and two ticks see
that."""
_SILENT_SINCE = TypeAdapter(dict[str, FiniteFloat])
"""Since when each run has had no lease, in seconds of the state database's clock."""


def lost_runs(services: Services) -> dg.SensorDefinition:
    """Fails a run that has had no living process at all ticks of three minutes, or less if its lease ran out.

    A lease that ran out is of a run of this cell, of any job. Where there is none, only the runs of the flows are known
    to have had the time to take it: another code location may have a job of the same name as the others.
    """

    @dg.sensor(
        name="lost_runs",
        description="Ends runs whose process was killed: Dagster would show them as in progress for ever.",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def end(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        instance, cell = instance_of_tick(context), services.cell
        records = instance.get_run_records(RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
        started = {run.run_id: run for record in records if cell.has_run(run := record.dagster_run)}
        held, run_out = leased(services.state, RUN_FLOW) if started else (set[str](), set[str]())
        of_flows = {run_id for run_id, run in started.items() if any(flow.has_run(run, cell) for flow in FLOWS)}
        silent = (started.keys() & run_out) | (of_flows - held)
        # The clock of the leases' database decides: this machine's and that of the run's machine may be wrong.
        now = shared_seconds(services.state) if silent else 0.0
        before = remembered(_SILENT_SINCE, context.cursor, {})
        # SQLite's clock starts again with the machine.
        since = {run_id: min(before.get(run_id, now), now) for run_id in silent}

        def is_over(run_id: str) -> bool:
            return now - since[run_id] >= (_RENEWAL if run_id in run_out else _GRACE).total_seconds()

        ended = {run_id for run_id in silent & before.keys() if is_over(run_id)}
        for run_id in sorted(ended):
            fail_run(instance, started[run_id], "the run's process is gone: the next run takes up its work")
        summary = f"ended: {', '.join(sorted(ended)) or 'none'}; in progress: {len(started.keys() - ended)}"
        left = {run_id: since[run_id] for run_id in sorted(silent - ended)}
        return dg.SensorResult(skip_reason=summary, cursor=_SILENT_SINCE.dump_json(left).decode())

    return end

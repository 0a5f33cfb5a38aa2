"""The run queue where cells have Celery workers: each cell's runs go to its own workers, which have its settings.

Dagster's run coordinator sees each run before its launch, from every source. A tag of the jobs would miss the runs that
the UI launches over assets. `deploy/cluster/dagster.yaml` names the class.
Not here: which cell a run is of (cell.py).
"""

import dagster as dg

from npf_pipelines.runs.cell import Cell

QUEUE_TAG = "dagster-celery/queue"
"""The tag by which Dagster's CeleryRunLauncher chooses a run's queue; without it, the default queue (documented)."""


class CellQueue(dg.QueuedRunCoordinator):
    """Dagster's queue, which tags each run of a cell with the cell's name as its Celery queue."""

    def submit_run(self, context: dg.SubmitRunContext) -> dg.DagsterRun:
        """Queue the run. A run without a cell goes to the default queue, as without this class."""
        run = context.dagster_run
        if cell := Cell.of_run(run).name:
            context.workspace.instance.add_run_tags(run.run_id, {QUEUE_TAG: cell})
        return super().submit_run(context)

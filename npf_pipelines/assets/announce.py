"""What a run that names its clients is about to make, told to Dagster, which knows that only of runs over partitions.

The UI then shows these partitions as in progress, and as failed where the run fails without having made them.
"""

import logging
from collections.abc import Sequence
from datetime import date

import dagster as dg
from dagster._core.events import AssetMaterializationPlannedData

from npf_pipelines.partitions import day_key


def announce(context: dg.AssetExecutionContext, client: str, days: Sequence[date]) -> None:
    """Announce the partitions of one client, of all the tables that the run makes.

    Args:
        context: of the run.
        client: its id.
        days: none for tables without days.
    """
    run = context.run
    for key in sorted(context.selected_asset_keys):
        for partition in [str(day_key(client, day)) for day in days] or [client]:
            event = dg.DagsterEvent.build_asset_materialization_planned_event(
                run.job_name, context.op_execution_context.op.name, AssetMaterializationPlannedData(key, partition)
            )
            context.instance.report_dagster_event(event, run.run_id, logging.DEBUG)

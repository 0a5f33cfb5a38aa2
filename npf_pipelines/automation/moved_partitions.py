"""Materializes a client's partitions again, in its new cell or under its new id: Dagster knows them by the old one.

Not here: the tables themselves (lake/lake.py), which clients are partitions (runs/cell.py).
"""

import dagster as dg

from npf_pipelines.lake.tables import TABLES
from npf_pipelines.runs.cell import Cell
from npf_pipelines.runs.dagster_internals import ever_materialized


def materialize_again(
    instance: dg.DagsterInstance, old: tuple[Cell, str], new: tuple[Cell, str], description: str
) -> None:
    """Materialize all that was ever materialized of a client, without a run.

    Args:
        instance: of both cells.
        old: the cell and the id that the client had.
        new: the cell and the id that it gets.
        description: of each materialization.
    """
    (old_cell, old_id), (new_cell, new_id) = old, new
    for name in TABLES:
        done = ever_materialized(instance, old_cell.key(name))
        # In another cell all of them: an earlier stay there may have ended with a partition that failed.
        there = done if new_cell == old_cell else ()
        for partition in sorted(done):
            client, bar, day = partition.partition("|")
            if client == old_id and f"{new_id}{bar}{day}" not in there:
                event = dg.AssetMaterialization(
                    new_cell.key(name),
                    partition=dg.MultiPartitionKey({"client": new_id, "day": day}) if day else new_id,
                    description=description,
                )
                instance.report_runless_asset_event(event)

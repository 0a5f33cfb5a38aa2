"""A run as a whole in Dagster: the tags by which it is found, its first line of log, its changes by client at its step.

Not here: what is shown of one partition (partition_status.py).
"""

from collections.abc import Mapping, Sequence
from datetime import date

import dagster as dg

from npf_pipelines.domain.text import one_line
from npf_pipelines.runs.dagster_internals import note_step, tag_run
from npf_pipelines.runs.metadata import records_value
from npf_pipelines.runs.partition_status import PartitionStatus
from npf_pipelines.runs.run_scope import name_clients, name_days, run_tags, span

_NAMED = 50
"""The clients that the first line names."""
_LISTED = 200
"""The clients that the step lists."""
_LONGEST_REASON = 200


def begin_record(context: dg.AssetExecutionContext, flow: str, days_of: Mapping[str, Sequence[date]]) -> None:
    """Tag the run and log its scope.

    A run that the UI launched over partitions has none of the tags yet.

    Args:
        context: the run's.
        flow: the flow's name.
        days_of: the days of each client; empty for a flow without days.
    """
    days = span(days_of)
    when = f" from {name_days(*days)}" if days else ""
    context.log.info("%s of %s%s: %s", flow, _counted(len(days_of)), when, name_clients(days_of, _NAMED))
    tag_run(context, run_tags(days_of, days))


def end_record(
    context: dg.AssetExecutionContext,
    flow: str,
    statuses: Mapping[str, PartitionStatus],
    failed: Mapping[str, str],
) -> None:
    """Show at the step what has changed at each client.

    Args:
        context: the run's.
        flow: the flow's name.
        statuses: the partitions of each client that the run has worked on.
        failed: by client, why it failed.
    """
    records = [_record(client, status, failed.get(client, "")) for client, status in sorted(statuses.items())]
    changed = sum(1 for status in statuses.values() if status.materialized_days)
    note_step(
        context,
        f"{flow} of {_counted(len(statuses))}: {changed} changed, {len(failed)} failed",
        {
            "clients": dg.MetadataValue.int(len(statuses)),
            "changed": dg.MetadataValue.int(changed),
            "failed": dg.MetadataValue.int(len(failed)),
            "by_client": records_value(records[:_LISTED]),
        },
    )


def _counted(clients: int) -> str:
    return "1 client" if clients == 1 else f"{clients} clients"


def _record(client: str, status: PartitionStatus, reason: str) -> dict[str, str]:
    made = ", ".join(f"{asset} {count}" for asset, count in sorted(status.materialized_days.items()))
    return {
        "client": client,
        "days": name_days(status.days[0], status.days[-1]) if status.days else "",
        "materialized": made or "nothing",
        "unchanged": str(status.unchanged_days),
        "failed": one_line(reason)[:_LONGEST_REASON],
    }

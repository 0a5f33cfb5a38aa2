"""Runs without the UI: a job over clients and days, on the same instance, in this process.

Not here: what a job does (jobs.py), what started it (schedules, sensors, the command line).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import dagster as dg

from npf_pipelines.partitions import CLIENTS, client_ranges, range_tags, register_clients


@dataclass(frozen=True)
class Change:
    """What a dry run would change in one partition: how many rows, and those of them that are shown."""

    table: str
    partition: str
    rows: int
    shown: Sequence[Mapping[str, object]]


@dataclass(frozen=True)
class Launched:
    """A finished run. `failure` says which clients failed and why; empty when all went well."""

    run_id: str
    failure: str
    changes: tuple[Change, ...] = ()
    """Of a dry run, what it would have changed."""


def launch(
    defs: dg.Definitions,
    instance: dg.DagsterInstance,
    job: str,
    clients: Sequence[str],
    days: tuple[date, date] | None,
    **config: bool,
) -> list[Launched]:
    """Run a job to its end, in as few runs as possible: one for each stretch of clients that are neighbours.

    Args:
        defs: the definitions.
        instance: where the runs are kept.
        job: the job's name.
        clients: client ids; those that are no partition yet become one.
        days: first and last day, for a job that is partitioned by day.
        config: how the run walks: `dry_run`, for stock also `release_brake`.
    """
    register_clients(instance, clients)
    definition = defs.resolve_job_def(job)
    ops = {"ops": {job.removesuffix("_job"): {"config": config}}} if config else {}
    launched = []
    for stretch in client_ranges(instance.get_dynamic_partitions(CLIENTS.name or ""), clients):
        result = definition.execute_in_process(
            instance=instance,
            raise_on_error=False,
            tags=range_tags(stretch, days),
            # Without a word of it Dagster would put its own logger in the place of ours.
            run_config={"loggers": {"console": {}}} | ops,
        )
        failure = "" if result.success else _what_failed(result)
        launched.append(Launched(result.run_id, failure, tuple(_changes(result))))
    return launched


def _changes(result: dg.ExecuteInProcessResult) -> Iterator[Change]:
    for event in result.all_events:
        if event.event_type != dg.DagsterEventType.ASSET_OBSERVATION:
            continue
        observed = event.asset_observation_data.asset_observation
        count, shown = (observed.metadata.get(name) for name in ("would_change", "changes"))
        if isinstance(count, dg.IntMetadataValue) and count.value:
            records = shown.records if isinstance(shown, dg.TableMetadataValue) else []
            key = observed.asset_key.to_user_string()
            yield Change(key, observed.partition or "", count.value, [record.data for record in records])


def _what_failed(result: dg.ExecuteInProcessResult) -> str:
    said = []
    for event in result.all_events:
        if event.is_step_failure:
            data = event.step_failure_data
            told = data.user_failure_data.description if data.user_failure_data else None
            said.append(told or (data.error.message if data.error else "") or "the step failed")
    return "\n".join(said) or "the run failed before its step began: see its log"

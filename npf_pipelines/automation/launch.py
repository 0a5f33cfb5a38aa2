"""Launches a run without the UI: a job over clients and days, on the same instance, in this process.

Not here: the jobs (jobs.py), the command line (cli/run.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import dagster as dg

from npf_pipelines.automation.jobs import AUDIT
from npf_pipelines.runs.cell import CELL_TAG, Cell
from npf_pipelines.runs.run_clients import BUSY
from npf_pipelines.runs.run_scope import scope_config, scope_tags


@dataclass(frozen=True)
class Change:
    """The changes that a dry run would make in one partition: the number of rows, and the rows that are shown."""

    table: str
    partition: str
    rows: int
    shown: Sequence[Mapping[str, object]]


@dataclass(frozen=True)
class Launched:
    """A finished run. `failure` says which clients failed and why; empty if none did."""

    run_id: str
    failure: str
    changes: tuple[Change, ...] = ()
    """The changes that a dry run would have made."""
    busy: tuple[str, ...] = ()
    """The failed clients that were left alone, because another run is at work on them."""

    @property
    def is_only_busy(self) -> bool:
        """Whether no client failed for another reason than another run's work on it."""
        return bool(self.busy) and not self.failure_but_busy

    @property
    def failure_but_busy(self) -> str:
        """The failure without the clients that another run is at work on."""
        lines = self.failure.splitlines()
        rest = [line for line in lines[1:] if not line.startswith(tuple(f"{client}: " for client in self.busy))]
        return "\n".join(rest) if self.busy else self.failure


def launch(  # noqa: PLR0917 - the keywords are the run config's fields
    defs: dg.Definitions,
    instance: dg.DagsterInstance,
    job: str,
    clients: Sequence[str],
    days: tuple[date, date] | None,
    log_level: str = "INFO",
    /,
    **config: object,
) -> Launched:
    """Run a job over clients to its end.

    Args:
        defs: the definitions.
        instance: where the runs are kept.
        job: the job's name.
        clients: client ids, at least one; a client that is no partition yet becomes one.
        days: first and last day, for a job that is partitioned by day, unless `orders` names orders.
        log_level: of what is printed of the run's log.
        config: further fields of the run config, as `dry_run` or `orders`.

    Raises:
        InTwoCells: another cell has one of the clients; nothing runs.
        KeyboardInterrupt: the run was interrupted; Dagster has recorded it as failed.
    """
    definition = defs.resolve_job_def(job)
    Cell(definition.tags.get(CELL_TAG, "")).register(instance, clients)
    op = job.removesuffix("_job")
    result = definition.execute_in_process(
        instance=instance,
        raise_on_error=False,
        tags=scope_tags(op, clients, days),
        # If the run config doesn't name it, Dagster uses its own logger in its place.
        run_config={
            "loggers": {"console": {"config": {"log_level": log_level}}},
            **scope_config(op, clients, days, **config),
        },
    )
    if _was_interrupted(result):
        raise KeyboardInterrupt
    failure = "" if result.success else _what_failed(result)
    return Launched(result.run_id, failure, tuple(_changes(result)), tuple(_busy(result)))


def evaluate_checks(
    defs: dg.Definitions, instance: dg.DagsterInstance
) -> tuple[Sequence[dg.AssetCheckEvaluation], str]:
    """Run the audit to its end: the evaluations of all checks, and what failed; empty if every check was evaluated."""
    result = defs.resolve_job_def(AUDIT).execute_in_process(
        instance=instance, raise_on_error=False, run_config={"loggers": {"console": {}}}
    )
    return result.get_asset_check_evaluations(), "" if result.success else _what_failed(result)


def _was_interrupted(result: dg.ExecuteInProcessResult) -> bool:
    """Whether a signal ended the run: Dagster doesn't raise it, but records it as the step's error."""
    name = dg.DagsterExecutionInterruptedError.__name__
    steps = [event.step_failure_data for event in result.all_events if event.is_step_failure]
    return any(data.error is not None and data.error.cls_name == name for data in steps)


def _changes(result: dg.ExecuteInProcessResult) -> Iterator[Change]:
    for event in result.all_events:
        if event.event_type != dg.DagsterEventType.ASSET_OBSERVATION:
            continue
        observed = event.asset_observation_data.asset_observation
        count, shown = (observed.metadata.get(name) for name in ("would_change", "changes"))
        if isinstance(count, dg.IntMetadataValue) and count.value:
            records = shown.records if isinstance(shown, dg.TableMetadataValue) else []
            key = observed.asset_key.path[-1]
            yield Change(key, observed.partition or "", count.value, [record.data for record in records])


def _busy(result: dg.ExecuteInProcessResult) -> Iterator[str]:
    for event in result.all_events:
        if event.is_step_failure and (data := event.step_failure_data.user_failure_data):
            busy = data.metadata.get(BUSY)
            if isinstance(busy, dg.JsonMetadataValue):
                yield from map(str, busy.value or ())


def _what_failed(result: dg.ExecuteInProcessResult) -> str:
    reasons = []
    for event in result.all_events:
        if event.is_step_failure:
            data = event.step_failure_data
            reason = data.user_failure_data.description if data.user_failure_data else None
            reasons.append(reason or (data.error.message if data.error else "") or "the step failed")
    return "\n".join(reasons) or "the run failed before its step began: see its log"

"""`npf audit`: the asset checks headless, on the same instance as the UI.

Not here: the checks and their severities (automation/checks.py and its siblings).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import dagster as dg
import typer
from dagster_shared.error import SerializableErrorInfo

from npf_pipelines.cli.exit_codes import FAILED
from npf_pipelines.cli.instance import open_instance
from npf_pipelines.cli.output import (
    AsCsv,
    AsJson,
    OutputFormat,
    fail,
    output_format,
    print_json,
    print_rows,
    stderr,
    stdout,
)
from npf_pipelines.cli.plain import plain
from npf_pipelines.config.settings import Settings
from npf_pipelines.database import DatabaseUnusable
from npf_pipelines.definitions import build_defs
from npf_pipelines.runs.cell import OfAnotherCell
from npf_pipelines.runs.services import Services

_STYLES = {"passed": "green", "warning": "yellow", "failed": "red"}


def audit(
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 for warnings, too.")] = False,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Check stores, tables and platform for missing or differing things; exit with 1 if a check failed."""
    form = output_format(as_json=as_json, as_csv=as_csv)
    settings = Settings()
    setups = Services(settings).setups()
    if not setups.clients and not setups.errors:
        fail(f"nothing was checked: no client, for {settings.clients} has no master setup")
    with open_instance(settings) as instance:
        job = build_defs(settings).resolve_job_def("audit_job")
        result = job.execute_in_process(
            instance=instance, raise_on_error=False, run_config={"loggers": {"console": {}}}
        )
    checks = [
        {"check": each.check_name, "result": _result(each), "findings": dict(_findings(each))}
        for each in result.get_asset_check_evaluations()
    ]
    _print(checks, form)
    for event in result.all_events:
        if event.is_step_failure:
            stderr().print(plain(f"{event.node_name}: {_why(event.step_failure_data.error)}"), style="red")
    wrong = {"failed", "warning"} if strict else {"failed"}
    if not result.success or any(check["result"] in wrong for check in checks):
        raise typer.Exit(FAILED)


def _result(evaluation: dg.AssetCheckEvaluation) -> str:
    if evaluation.passed:
        return "passed"
    return "failed" if evaluation.severity is dg.AssetCheckSeverity.ERROR else "warning"


def _findings(evaluation: dg.AssetCheckEvaluation) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    """The lists of a check that have rows, by name."""
    for name, value in evaluation.metadata.items():
        if isinstance(value, dg.TableMetadataValue) and value.records:
            yield name, [record.data for record in value.records]


def _print(checks: Sequence[Mapping[str, Any]], form: OutputFormat) -> None:
    if form is OutputFormat.JSON:
        print_json(checks)
        return
    if form is OutputFormat.CSV:
        rows = list(_flat(checks))
        print_rows(rows, list(dict.fromkeys(name for row in rows for name in row)), form)
        return
    for check in checks:
        stdout().print(plain(f"{check['check']}: {check['result']}"), style=_STYLES[check["result"]])
        for name, records in check["findings"].items():
            print_rows(records, list(records[0]), title=name)


def _flat(checks: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """A row for each finding; for a check without one, a row that says its result."""
    for check in checks:
        of_check = {"check": check["check"], "result": check["result"]}
        yield from (
            {**of_check, "list": name, **record} for name, records in check["findings"].items() for record in records
        )
        if not check["findings"]:
            yield {**of_check, "list": ""}


def _why(error: "SerializableErrorInfo | None") -> str:
    """Why a check could not be made. Any other error's text may quote a row, and is left out."""
    name = "the step failed"
    while error is not None:
        name = error.cls_name or name
        if name in {DatabaseUnusable.__name__, OfAnotherCell.__name__}:
            return error.message.partition(": ")[2].strip()
        error = error.cause
    return f"{name}: see the log of the run"

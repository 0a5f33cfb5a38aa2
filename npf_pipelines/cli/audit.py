"""`npf audit`: the asset checks headless, on the same instance as the UI."""

import dagster as dg
import typer
from dagster_shared.error import SerializableErrorInfo
from rich.console import Console
from rich.table import Table

from npf_pipelines.cli.instance import open_instance
from npf_pipelines.cli.plain import plain
from npf_pipelines.config.settings import Settings
from npf_pipelines.definitions import build_defs
from npf_pipelines.platform.tables import PlatformUnusable

_CONSOLE = Console()


def audit() -> None:
    """Ask stores, tables and platform whether anything is missing or differs; exit with 1 if so."""
    settings = Settings()
    with open_instance(settings) as instance:
        job = build_defs(settings).resolve_job_def("audit_job")
        result = job.execute_in_process(
            instance=instance, raise_on_error=False, run_config={"loggers": {"console": {}}}
        )
    evaluations = result.get_asset_check_evaluations()
    for evaluation in evaluations:
        style = "green" if evaluation.passed else "red"
        _CONSOLE.print(f"{evaluation.check_name}: {'passed' if evaluation.passed else 'FAILED'}", style=style)
        for name, value in evaluation.metadata.items():
            if isinstance(value, dg.TableMetadataValue) and value.records:
                _CONSOLE.print(_shown(name, value))
    for event in result.all_events:
        if event.is_step_failure:
            _CONSOLE.print(plain(f"{event.node_name}: {_why(event.step_failure_data.error)}"), style="red")
    if not result.success or not all(evaluation.passed for evaluation in evaluations):
        raise typer.Exit(1)


def _why(error: SerializableErrorInfo | None) -> str:
    """Why a check could not be made. The text of any error but a database's may quote a row: it stays out."""
    name = "the step failed"
    while error is not None:
        name = error.cls_name or name
        if name == PlatformUnusable.__name__:
            return error.message.partition(": ")[2].strip()
        error = error.cause
    return f"{name}: see the log of the run"


def _shown(name: str, value: dg.TableMetadataValue) -> Table:
    table = Table(*value.records[0].data, title=name, title_justify="left")
    for record in value.records:
        table.add_row(*map(plain, record.data.values()))
    return table

"""Ticks without a daemon: schedules and sensors evaluated at a moment as Dagster does, and the runs they ask for.

Not here: what is expected of them.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from npf_pipelines.config.settings import Settings
from npf_pipelines.definitions import build_defs
from npf_pipelines.runs.cell import Cell
from npf_pipelines.runs.run_scope import clients_of
from npf_pipelines_tests.loop import Loop


def register(loop: Loop, *clients: str) -> None:
    """Make the clients partitions, in this order; all clients of the world if none is named."""
    for client in clients or sorted(loop.stores):
        Cell().register(loop.instance, [client])


def tick(
    loop: Loop, schedule: str, at: datetime | None = None, *, defs: dg.Definitions | None = None, **settings: Any
) -> list[dg.RunRequest] | str:
    """A schedule's run requests at a moment, or its skip reason; `defs` are definitions loaded before."""
    defs = defs or build_defs(Settings(**loop.settings.model_dump() | settings))
    definition = defs.resolve_schedule_def(schedule)
    moment = at or datetime.now(UTC)
    with dg.build_schedule_context(loop.instance, moment) as context:
        said = definition.evaluate_tick(context)
    return list(said.run_requests) if said.run_requests else str(said.skip_message)


def look(
    loop: Loop, sensor: str, cursor: str | None = None, *, defs: dg.Definitions | None = None
) -> tuple[list[dg.RunRequest], str, str]:
    """A sensor's run requests now, its next cursor, and its skip reason; `defs` are definitions loaded before."""
    defs = defs or loop.defs
    definition = defs.resolve_sensor_def(sensor)
    with dg.build_sensor_context(loop.instance, cursor) as context:
        said = definition.evaluate_tick(context)
    return list(said.run_requests or []), said.cursor or "", said.skip_message or ""


def look_at_platform(
    loop: Loop, flow: str, cursor: str | None = None, *, defs: dg.Definitions | None = None
) -> tuple[list[dg.RunRequest], str, str]:
    """The run requests of two ticks of `platform_changes` for a flow, as `look`: every second tick leaves stock out."""
    first, between, said = look(loop, "platform_changes", cursor, defs=defs)
    second, after, then_said = look(loop, "platform_changes", between, defs=defs)
    asked = [request for request in (*first, *second) if request.job_name == f"{flow}_job"]
    return asked, after, f"{said}; {then_said}"


def execute(
    loop: Loop, job: str, asked: Iterable[dg.RunRequest], *, defs: dg.Definitions | None = None
) -> list[dg.ExecuteInProcessResult]:
    """The runs asked for, brought to their ends; `defs` are those loaded before."""
    definition = (defs or loop.defs).resolve_job_def(job)
    return [
        definition.execute_in_process(
            instance=loop.instance, run_config=dict(one.run_config), tags=dict(one.tags), raise_on_error=False
        )
        for one in asked
    ]


def clients(asked: Iterable[dg.RunRequest]) -> list[Sequence[str]]:
    """The clients that each request takes."""
    return [list(clients_of(one.run_config, one.tags, ())) for one in asked]


def days(asked: Iterable[dg.RunRequest]) -> list[tuple[str, str]]:
    """The first and the last day of each request."""
    configs = [op["config"] for one in asked for op in one.run_config["ops"].values()]
    return [(config["first_day"], config["last_day"]) for config in configs]

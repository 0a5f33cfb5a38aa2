"""The cost of a client among few and among many: `python -m benchmarks.per_client`. Exits with 1 above a limit.

Measured are the parts of the automation that take all clients at once: the audit of the orders, an evaluation of the
alerts, a tick of the sensor of new orders, a night, the reports, the retention. The processor's time is this process's;
the pretend stores have a process of their own. Not here: many clients at work (clients.py), the town (town.py).
"""

import argparse
import asyncio
import logging
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import dagster as dg
from rich.console import Console
from rich.table import Table

from benchmarks.clients import settled
from npf_pipelines.automation.gap_audit import find_gaps
from npf_pipelines.config.settings import Settings
from npf_pipelines.definitions import build_defs
from npf_pipelines.runs.partitions import LOOK_BACK
from npf_pipelines.runs.run_scope import scope_config
from npf_pipelines.runs.services import Services

SIZES = (20, 200)
LARGEST_RATIO = 1.5
"""Of the audit's cost for a client, among many and among few."""
_CONSOLE = Console(soft_wrap=True)
_Cost = tuple[float, float]
"""Seconds of the processor, and seconds."""


def costs(clients: int) -> Mapping[str, _Cost]:
    """The cost of each part for so many clients, by its name."""
    with settled(clients) as (_, town, instance):
        settings = Settings()
        services, defs = Services(settings), build_defs(settings)
        today = datetime.now(UTC).date() + timedelta(days=1)
        night = scope_config("orders", town.clients, (today - LOOK_BACK, today))
        by_schedule = {"dagster/schedule_name": "nightly_look_back"}
        reports = scope_config("reports", town.clients, None)
        partition = {"dagster/partition": min(town.clients)}
        cursor = ""

        def job(name: str, **values: object) -> Callable[[], object]:
            return lambda: defs.resolve_job_def(name).execute_in_process(instance=instance, **values)  # type: ignore[arg-type]

        def tick(name: str) -> Callable[[], object]:
            def evaluate() -> None:
                nonlocal cursor
                with dg.build_sensor_context(instance, cursor) as context:
                    cursor = defs.resolve_sensor_def(name).evaluate_tick(context).cursor or ""

            return evaluate

        parts: Mapping[str, Callable[[], object]] = {
            "first tick of new_orders": tick("new_orders"),
            "later tick of new_orders": tick("new_orders"),
            "gap_audit": lambda: asyncio.run(find_gaps(services)),
            "first night's look-back": job("orders_job", run_config=night, tags=by_schedule),
            "later night's look-back": job("orders_job", run_config=night, tags=by_schedule),
            "reports": job("reports_job", run_config=reports, tags=partition),
            "retention": job("retention_job"),
        }
        found: dict[str, _Cost] = {}
        for name, part in parts.items():
            found[name] = _cost(part)
            _CONSOLE.print(
                f"{clients} clients, {name}: {found[name][0]:.2f} s of the processor, {found[name][1]:.2f} s"
            )
        _CONSOLE.print(f"{clients} clients: the cursor of new_orders has {len(cursor)} characters")
        cursor = ""
        return {**found, "alerts": _cost(tick("alerts"))}


def _cost(part: Callable[[], object]) -> _Cost:
    cpu, begun = time.process_time(), time.monotonic()
    part()
    return time.process_time() - cpu, time.monotonic() - begun


def main() -> None:
    """Measure and print; exit with 1 when a limit is exceeded."""
    arguments = argparse.ArgumentParser(description="The cost of a client among few and among many.")
    arguments.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="clients; first and second are compared")
    sizes: list[int] = arguments.parse_args().sizes
    logging.disable(logging.WARNING)
    few, many, *_ = sizes
    measured = {clients: costs(clients) for clients in sizes}
    table = Table(title="processor for each client, and seconds in all", title_justify="left")
    for column in ("", *(f"{clients} clients" for clients in sizes), f"{many} : {few}"):
        table.add_column(column, justify="right")
    ratios: dict[str, float] = {}
    for name in measured[few]:
        each = {clients: measured[clients][name][0] / clients for clients in sizes}
        ratios[name] = each[many] / each[few]
        shown = [f"{each[clients] * 1000:.1f} ms, {measured[clients][name][1]:.1f} s" for clients in sizes]
        table.add_row(name, *shown, f"{ratios[name]:.2f}")
    _CONSOLE.print(table)
    sys.exit(0 if ratios["gap_audit"] <= LARGEST_RATIO else 1)


if __name__ == "__main__":
    main()

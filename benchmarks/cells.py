"""Cells of many clients, with the real daemon: `python -m benchmarks.cells`. Exits with 1 above a limit.

One cell whose clients each order and lodge every two minutes on average. `--idle 4` measures four cells in which
nothing happens: a code server for each, one daemon.
Not here: the stores and the load (town.py), what is measured of a load (clients.py), the processes (running.py), the
cost of a pause (pauses.py).
"""

import argparse
import contextlib
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console

from benchmarks.clients import figures, missed_goals, under_load
from benchmarks.pauses import after_pauses
from benchmarks.running import Cell, automation
from benchmarks.town import Town, client_names

CLIENTS = 250
LONGEST_P95 = 60.0
LARGEST_SHARE = 0.8
"""Of two cores."""
LARGEST_IDLE = 0.15
"""Of one core, for four cells."""
_WARM_UP = 900.0
"""Seconds in which the processes start, sweep and audit every client once, and the stores become quiet."""
_NPF = [sys.executable, "-c", "from npf_pipelines.cli import app; app()"]
_CONSOLE = Console(soft_wrap=True)


def at_rest(cells: int, clients: int, minutes: float) -> tuple[float, float]:
    """The share of one core that cells take in which nothing happens, and what a pause costs here (pauses.py)."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name, contextlib.ExitStack() as towns:
        folder = Path(name)
        prepared = [towns.enter_context(_settled(folder, number, cells, clients)) for number in range(cells)]
        with automation(folder, prepared) as meter:
            time.sleep(_WARM_UP)
            begun, cpu = time.time(), meter.cpu_seconds
            with after_pauses() as pauses:
                time.sleep(minutes * 60)
            return (meter.cpu_seconds - cpu) / (time.time() - begun), pauses.ratio


@contextlib.contextmanager
def _settled(folder: Path, number: int, cells: int, clients: int) -> Iterator[Cell]:
    """A cell with its stores, its past on the platform and its stock in the stores."""
    cell = Cell(f"cell{number}" if cells > 1 else "", folder / f"cell{number}")
    cell.folder.mkdir()
    environment = cell.environment(folder / "dagster")
    (folder / "dagster").mkdir(exist_ok=True)
    with Town(cell.folder, client_names(clients, number * clients)):
        first = str((datetime.now(UTC) - timedelta(days=2)).date())
        for words in (
            ("init",),
            ("run", "orders", "--from", first),
            ("run", "shipments", "--from", first),
            ("run", "stock", "--override-change-limit"),
        ):
            subprocess.run([*_NPF, *words], env=os.environ | environment, stdout=subprocess.DEVNULL, check=True)  # noqa: S603
        yield cell


def main() -> None:
    """Measure and print; exit with 1 when a goal is missed."""
    arguments = argparse.ArgumentParser(description="Cells of many clients, with the real daemon.")
    arguments.add_argument("--clients", type=int, default=CLIENTS, help="of each cell")
    arguments.add_argument("--minutes", type=float, help="15; of idle cells 60, in which each sweep comes")
    arguments.add_argument("--idle", type=int, metavar="CELLS", help="only what cells cost in which nothing happens")
    given = arguments.parse_args()
    minutes = given.minutes or (60 if given.idle else 15)
    logging.disable(logging.INFO)
    if given.idle:
        share, ratio = at_rest(given.idle, given.clients, minutes)
        _CONSOLE.print(
            f"{given.idle} idle cells of {given.clients} take {share:.1%} of a core ({LARGEST_IDLE:.0%}). After a "
            f"pause a piece of work takes {ratio:.1f} times the processor here."
        )
        sys.exit(0 if share < LARGEST_IDLE else 1)
    measured = under_load(given.clients, minutes)
    _CONSOLE.print(figures(measured, given.clients, minutes))
    missed = missed_goals(measured, longest_p95=LONGEST_P95, largest_share=LARGEST_SHARE)
    for goal in missed:
        _CONSOLE.print(goal, style="red")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()

"""`make day`: the long form, 24 hours of 20 clients, with progress and a table.

Ends with 1 if a store, the platform and the tables don't agree in the end, or an alert is missing or not resolved.
"""

import logging
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from npf_pipelines_tests.day.day import CALM, STEP, Day, live_day

_CONSOLE = Console()


def main(
    seed: Annotated[int, typer.Option(help="Of the shoppers, the troubles and the kills.")] = 1,
    clients: Annotated[int, typer.Option(min=3, help="With a store each.")] = 20,
    hours: Annotated[float, typer.Option(help="Simulated, before two hours of calm; events take two.")] = 24,
) -> None:
    """Let many clients live a day, with troubles and kills, and check that all is right in the end."""
    logging.disable(logging.CRITICAL)
    length = timedelta(hours=hours)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=_CONSOLE) as progress, tempfile.TemporaryDirectory() as folder:
        task = progress.add_task("", total=(length + CALM) / STEP)

        def on_progress(moment: datetime, day: Day) -> None:
            said = f"{moment:%a %H:%M}, {day.runs} runs, {day.kills} killed"
            progress.update(task, advance=1, description=said)

        day = live_day(Path(folder), clients, length, seed, on_progress)
    table = Table("what", "how many", title=f"{hours:g} hours of {clients} clients, seed {seed}")
    for name in ("orders", "parcels", "runs", "kills"):
        table.add_row(name, str(getattr(day, name)))
    table.add_row("ticks with several runs", str(day.split_ticks))
    table.add_row("events", str(len(day.events)))
    for trouble, times in sorted(day.troubles.items()):
        table.add_row(f"troubles: {trouble}", str(times))
    table.add_row("wrong in the end", str(len(day.wrongs)))
    _CONSOLE.print(table)
    for wrong in day.wrongs:
        _CONSOLE.print(wrong, style="red", markup=False)
    sys.exit(1 if day.wrongs else 0)


if __name__ == "__main__":
    typer.run(main)

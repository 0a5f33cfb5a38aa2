"""`python -m npf_pipelines_tests.faults`: the long form of the campaign, with progress and a table of what it found.

Ends with 1 unless the tracking push came through without a wrong, and the naive pusher did not.
"""

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from npf_pipelines_tests.faults.lives import Pusher
from npf_pipelines_tests.faults.tracking_campaign import NAIVE, TRACKING_PUSH, Result, run_campaign

_CONSOLE = Console()


def main(
    seed: Annotated[int, typer.Option(help="Of the world, the faults and the kills.")] = 1,
    shipments: Annotated[int, typer.Option(help="Lodged shipments, at least.")] = 2000,
    kills: Annotated[int, typer.Option(help="Processes that end by SIGKILL.")] = 200,
) -> None:
    """Push thousands of shipments into a store that breaks, by processes that are killed, and compare the end."""
    results = {
        name: _run(name, pusher, seed, shipments, kills)
        for name, pusher in (("tracking push", TRACKING_PUSH), ("naive pusher", NAIVE))
    }
    _CONSOLE.print(_table(results, seed))
    came_through = not any(results["tracking push"].wrongs.values())
    sys.exit(0 if came_through and results["naive pusher"].duplicates else 1)


def _run(name: str, pusher: Pusher, seed: int, shipments: int, kills: int) -> Result:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("kills"))
    with Progress(*columns, TimeElapsedColumn(), console=_CONSOLE) as progress:
        task = progress.add_task(name, total=kills)

        def tell(killed: int, writes: int) -> None:
            progress.update(task, completed=killed, description=f"{name}, {writes} writes at the store")

        return run_campaign(seed, shipments, kills, pusher, tell)


def _table(results: dict[str, Result], seed: int) -> Table:
    table = Table(title=f"The fault campaign, seed {seed}")
    table.add_column("")
    for name in results:
        table.add_column(name, justify="right")
    for wrong in next(iter(results.values())).wrongs:
        table.add_row(wrong, *(str(result.wrongs[wrong]) for result in results.values()))
    table.add_section()
    for name in ("shipments", "changes"):
        table.add_row(name, *(str(getattr(result, name)) for result in results.values()))
    for name in ("kills", "lives", "requests"):
        table.add_row(name, *(str(getattr(result.lives, name)) for result in results.values()))
    table.add_row("faults", *(str(sum(result.lives.faults.values())) for result in results.values()))
    return table


if __name__ == "__main__":
    typer.run(main)

"""`make cluster`: workers that are lost in mid-push, one after the other, with a table.

Ends with 1 if a run was not ended within five minutes, or if stores, platform and tables don't agree in the end.
"""

import logging
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from npf_pipelines_tests.cluster.campaign import GaveUp, Loss, lose_a_worker, settle
from npf_pipelines_tests.cluster.world import running_cluster

_CONSOLE = Console()


def main(
    seeds: Annotated[int, typer.Option(help="How many workers are lost.")] = 20,
    first: Annotated[int, typer.Option(help="The first seed: of when a worker is lost, and which.")] = 1,
    keep: Annotated[Path | None, typer.Option(help="A new folder that stays, with the logs.")] = None,
) -> None:
    """Lose a worker in the middle of a push, again and again, and check what the other one makes of it."""
    logging.disable(logging.CRITICAL)
    wrongs: list[str] = []
    with tempfile.TemporaryDirectory() as temporary, running_cluster(keep or Path(temporary)) as cluster:
        table = Table(*_COLUMNS, title="A worker lost in mid-push, the other one goes on")
        for seed in range(first, first + seeds):
            try:
                loss = lose_a_worker(cluster, seed)
            except GaveUp as error:
                wrongs.append(f"seed {seed}: {error}")
                break
            _CONSOLE.print(" ".join(_row(seed, loss)), markup=False)
            table.add_row(*_row(seed, loss))
            wrongs += [f"seed {seed}: {wrong}" for wrong in loss.wrongs]
        wrongs += settle(cluster)
    _CONSOLE.print(table)
    for wrong in wrongs:
        _CONSOLE.print(wrong, style="red", markup=False)
    sys.exit(1 if wrongs else 0)


_COLUMNS = ("seed", "lost", "parcels pushed", "runs lost", "ended after s", "done after s", "taken up by", "wrong")


def _row(seed: int, loss: Loss) -> tuple[str, ...]:
    return (
        str(seed),
        loss.worker,
        f"{loss.after} of {loss.parcels}",
        str(loss.runs),
        f"{loss.seconds_to_end:.0f}",
        f"{loss.seconds_to_finish:.0f}",
        ", ".join(sorted(loss.taken_up_by)),
        str(len(loss.wrongs)),
    )


if __name__ == "__main__":
    typer.run(main)

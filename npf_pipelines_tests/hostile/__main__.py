"""`python -m npf_pipelines_tests.hostile`: the long forms of the two campaigns, each with a table.

Against the wire: ends with 1 if a call ended neither as a usable answer nor as a store's error; Hypothesis then prints
the reply. With bad neighbours: ends with 1 if they slow the good ones down, if a good one isn't served, or if nothing
says what is wrong with a bad one.
"""

import logging
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from hypothesis import HealthCheck, Verbosity, given, seed, settings
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from npf_pipelines_tests.hostile.answers import Reply
from npf_pipelines_tests.hostile.neighbours_campaign import Outcome, at_share, run_campaign
from npf_pipelines_tests.hostile.wire import HostileWire, calls

_CONSOLE = Console()


def main(
    answers: Annotated[int, typer.Option(help="Answers that are given on the wire; 0 for none.")] = 10_000,
    first_seed: Annotated[int, typer.Option("--seed", help="Of the answers.")] = 1,
    rounds: Annotated[int, typer.Option(help="Rounds of sweeps with bad neighbours, 15 minutes each; 0 for none.")] = 4,
) -> None:
    """Answer each call of the client as no store should; then put stores of each bad kind beside good ones."""
    if answers:
        _against_the_wire(answers, first_seed)
    if rounds:
        sys.exit(_with_bad_neighbours(rounds))


def _against_the_wire(answers: int, first_seed: int) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with HostileWire() as wire, Progress(*columns, console=_CONSOLE) as progress:
        task = progress.add_task("answers", total=answers)

        @seed(first_seed)
        @settings(
            max_examples=answers,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            verbosity=Verbosity.normal,
        )
        @given(call=calls())
        def campaign(call: tuple[str, Reply]) -> None:
            wire.call(*call)
            progress.advance(task)

        campaign()
    table = Table("the call ended as", "times", title="The campaign against the wire", title_justify="left")
    for end, times in wire.ends.most_common():
        table.add_row(end, str(times))
    _CONSOLE.print(table)


def _with_bad_neighbours(rounds: int) -> int:
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, _CONSOLE.status("") as status:
        outcome = run_campaign(Path(folder), rounds, status.update)
    _CONSOLE.print(_waits(outcome))
    reasons = Table("bad store", "what health says of it", title="The bad neighbours", title_justify="left")
    for client, reason in sorted(outcome.reasons.items()):
        reasons.add_row(client, escape(reason))
    _CONSOLE.print(reasons)
    for wrong in outcome.wrongs:
        _CONSOLE.print(wrong, style="red", markup=False)
    return 1 if outcome.wrongs else 0


def _waits(outcome: Outcome) -> Table:
    sorts = {"without": outcome.alone, "with": outcome.beside}
    title = ", ".join(f"{sort.sweeps} sweeps {name}" for name, sort in sorts.items())
    table = Table(title=f"The good clients' waits: {title} bad neighbours", title_justify="left")
    for column in ("", *(f"{name}: {what}" for name in sorts for what in ("times", "median", "p95"))):
        table.add_column(column, justify="right" if column else "left")
    for flow in outcome.alone.served:
        for begin in ("run", "work"):
            cells = []
            for sort in sorts.values():
                seconds = [getattr(one, f"from_{begin}") for one in sort.served[flow]]
                cells += [str(len(seconds)), f"{at_share(seconds, 0.5):.1f} s", f"{at_share(seconds, 0.95):.1f} s"]
            table.add_row(f"{flow}, from the {begin}", *cells)
    return table


if __name__ == "__main__":
    typer.run(main)

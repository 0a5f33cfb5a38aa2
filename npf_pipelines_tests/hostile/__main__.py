"""`python -m npf_pipelines_tests.hostile`: the long form of the campaign against the wire, with a table of the ends.

Ends with 1 if a call ended neither as a usable answer nor as a store's error; Hypothesis then prints the reply.
"""

from typing import Annotated

import typer
from hypothesis import HealthCheck, Verbosity, given, seed, settings
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from npf_pipelines_tests.hostile.answers import Reply
from npf_pipelines_tests.hostile.wire import HostileWire, calls

_CONSOLE = Console()


def main(
    answers: Annotated[int, typer.Option(help="Answers that are given.")] = 10_000,
    first_seed: Annotated[int, typer.Option("--seed", help="Of the answers.")] = 1,
) -> None:
    """Answer each call of the client as no store should, and see how it ends."""
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


if __name__ == "__main__":
    typer.run(main)

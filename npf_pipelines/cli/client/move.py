"""`npf client move`: a client goes to another cell with all that is known of it.

Not here: what is moved, and in which order (automation/move.py).
"""

import os
from pathlib import Path
from typing import Annotated

import typer

from npf_pipelines.automation.move import move_client
from npf_pipelines.cli.instance import open_instance
from npf_pipelines.cli.output import fail, stdout
from npf_pipelines.cli.program import program
from npf_pipelines.config.settings import Settings
from npf_pipelines.config.settings_file import settings_in
from npf_pipelines.runs.services import Services


def move(
    client: Annotated[str, typer.Argument(help="The client's id.")],
    to: Annotated[
        Path, typer.Option("--to", help="The file with the other cell's environment, as /etc/npf/south.env.")
    ],
) -> None:
    """Move a client from the cell of this environment to another: setup, SKU map, tables, state, partitions.

    Nothing is pulled or pushed twice. If the command is cut off, run it again.
    """
    settings = Settings()
    there, home = settings_in(to)
    with open_instance(settings) as instance:
        if home and Path(home).resolve() != Path(os.environ["DAGSTER_HOME"]).resolve():
            fail(f"{to}: DAGSTER_HOME is {home}, that of this cell is {os.environ['DAGSTER_HOME']}: cells share one")
        target = Services(there)
        is_paused = move_client(Services(settings), target, instance, client)
    stdout().print(f"{client} is in {target.cell.label} now.", markup=False)
    if is_paused:
        stdout().print(
            f"It is still paused there. To go on, in that environment: {program()} client resume {client}", markup=False
        )

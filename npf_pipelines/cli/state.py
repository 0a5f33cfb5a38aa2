"""`npf state`: the pipeline's own database, where it goes to another place.

Not here: what is copied (state/copy.py).
"""

import typer

from npf_pipelines.cli.old_environment import OldEnvironment, print_copied
from npf_pipelines.config.settings import Settings
from npf_pipelines.config.settings_file import settings_in
from npf_pipelines.runs.database_copies import copy_state_from

app = typer.Typer(help="The pipeline's own database.", no_args_is_help=True)


@app.callback()
def _state() -> None:
    """The pipeline's own database."""


@app.command("copy")
def copy(old: OldEnvironment) -> None:
    """Copy the state of an earlier environment into the empty one that NPF_STATE_URL names, pauses and holds included.

    The old one keeps its rows, and gets the tables of this release. All processes have to be stopped.
    """
    print_copied("state", copy_state_from(settings_in(old)[0], Settings()))

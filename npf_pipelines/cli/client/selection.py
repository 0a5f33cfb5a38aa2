"""The clients that a command's arguments name: each must be known, so that a slip of the pen pauses nobody unnoticed.

Not here: the commands.
"""

from collections.abc import Collection, Sequence

import typer

from npf_pipelines.cli.output import fail
from npf_pipelines.cli.program import program
from npf_pipelines.config.master_setup import SetupError
from npf_pipelines.config.setup_files import any_setup_file
from npf_pipelines.runs.services import Services


def chosen_clients(services: Services, named: Sequence[str] | None, paused: Collection[str] = ()) -> list[str]:
    """The named clients, each once.

    Args:
        services: of the master setups.
        named: the ids as they were typed.
        paused: ids that are known in any case.

    Raises:
        typer.BadParameter: none is named.
        typer.Exit: one is unknown.
    """
    chosen = list(dict.fromkeys(named or ()))
    if not chosen:
        raise typer.BadParameter("name the clients, or give --all")
    unknown = [client for client in chosen if client not in paused and not _has_setup(services, client)]
    if unknown:
        fail(f"no master setup: {', '.join(unknown)}. Nothing was changed")
    return chosen


def _has_setup(services: Services, client: str) -> bool:
    """Whether the client has a file, be it wrong."""
    try:
        return any_setup_file(services.settings.clients, client) is not None
    except SetupError as error:
        fail(f"{error}. To pause every client: {program()} client pause --all")

"""`npf client resume`: the end of a pause.

Not here: `paused: true` in a master setup, which a person takes out of the file; it is named.
"""

from typing import Annotated

import typer

from npf_pipelines.cli.client.selection import chosen_clients
from npf_pipelines.cli.output import stderr, stdout
from npf_pipelines.config.master_setup import SetupError
from npf_pipelines.config.settings import Settings
from npf_pipelines.runs.paused import why_paused
from npf_pipelines.runs.services import Services
from npf_pipelines.state.pauses import EVERY_CLIENT, Pauses, read_pauses, resume_clients


def resume(
    clients: Annotated[list[str] | None, typer.Argument(help="The ids of the clients.", show_default=False)] = None,
    *,
    every_client: Annotated[bool, typer.Option("--all", help="End the pause of every client.")] = False,
) -> None:
    """End the clients' pauses. The next runs catch up from the last success.

    `--all` ends what `pause --all` began: a client that was paused by its own id stays paused. The exit code is 1 if a
    named client is still paused.
    """
    services = Services(Settings())
    if every_client and clients:
        raise typer.BadParameter("give either the clients or --all")
    if every_client:
        resume_clients(services.state, [EVERY_CLIENT])
        others = ", ".join(read_pauses(services.state).by_client)
        stdout().print("The pause of every client is over.", markup=False)
        if others:
            stderr().print(f"Still paused, each by its own id: {others}.", style="yellow", markup=False)
        return
    chosen = chosen_clients(services, clients, paused=read_pauses(services.state).by_client)
    resume_clients(services.state, chosen)
    if _still_paused(services, chosen, read_pauses(services.state)):
        raise typer.Exit(1)


def _still_paused(services: Services, clients: list[str], pauses: Pauses) -> bool:
    """Whether any of the clients is paused all the same; each is named."""
    try:
        setups = services.setups().clients
    except SetupError:
        setups = {}
    is_any = False
    for client in clients:
        pause = pauses.of(client)
        setup = setups.get(client)
        if pause:
            why = f"{pause.words}: {pause.resume_command}"
        elif setup and (paused := why_paused(setup, pauses)):
            why = f"{paused}: take the line `paused: true` out of it"
        else:
            stdout().print(f"{client} goes on.", markup=False)
            continue
        stderr().print(f"{client}: still {why}", style="yellow", markup=False)
        is_any = True
    return is_any

"""`npf client pause`: nothing more is written for a client, or for any, from this moment on.

Not here: what a pause is (state/pauses.py), where it is checked (state/lease.py), its end (resume.py).
"""

from typing import Annotated

import typer

from npf_pipelines.cli.client.selection import chosen_clients
from npf_pipelines.cli.order_hold import the_user
from npf_pipelines.cli.output import stdout
from npf_pipelines.config.settings import Settings
from npf_pipelines.domain.text import one_line
from npf_pipelines.runs.services import Services
from npf_pipelines.state.pauses import EVERY_CLIENT, pause_clients, read_pauses

_LONGEST_REASON = 200


def pause(
    clients: Annotated[list[str] | None, typer.Argument(help="The ids of the clients.", show_default=False)] = None,
    *,
    every_client: Annotated[
        bool, typer.Option("--all", help="Pause every client, also one that is added later.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why: shown wherever the pause is.")] = "",
) -> None:
    """Stop every write to the clients' stores and of their orders to the platform now, also of a run at work.

    Only a call that is on its way to a store at this moment may still be carried out. Dry runs go on working.
    """
    services = Services(Settings())
    chosen = [EVERY_CLIENT] if every_client else chosen_clients(services, clients)
    if every_client and clients:
        raise typer.BadParameter("give either the clients or --all")
    pause_clients(services.state, chosen, the_user(), one_line(reason, _LONGEST_REASON))
    pauses = read_pauses(services.state)
    for client in chosen:
        held = pauses.by_client[client]
        who = "Every client" if client == EVERY_CLIENT else client
        stdout().print(f"{who} is paused {held.since_when}. To go on: {held.resume_command}", markup=False)

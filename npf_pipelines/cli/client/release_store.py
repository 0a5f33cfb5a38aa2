"""`npf client release-store`: a store that a client has left becomes free for another."""

from typing import Annotated

import typer

from npf_pipelines.cli.output import fail, stdout
from npf_pipelines.config.settings import Settings
from npf_pipelines.config.setup_files import scopes_of
from npf_pipelines.config.store_address import do_overlap
from npf_pipelines.runs.services import Services
from npf_pipelines.state.client_stores import forget_stores
from npf_pipelines.state.health import forget_health


def release_store(client: Annotated[str, typer.Argument(help="The client that has left a store.")]) -> None:
    """Release the stores that a client has left, so that another client may work with them. Orders stay as they are.

    The store that the client's master setup names now is kept.
    """
    services = Services(Settings())
    setups = services.setups().clients
    present = scopes_of(setups[client]) if client in setups else []
    addresses = forget_stores(services.state, client, except_for=present)
    for setup in setups.values():
        if any(do_overlap(scope, left) for scope in scopes_of(setup) for left in addresses):
            forget_health(services.state, setup.id)
    if not addresses and present:
        fail(
            f"{client} has left no store: its master setup names {', '.join(present)}. "
            "Change store.url or remove the file first"
        )
    said = f"{client} has left {', '.join(addresses)}" if addresses else f"{client} has worked with no store"
    stdout().print(f"{said}.", markup=False)

"""`npf client`: which id and which store a client has, where only a person can know."""

from typing import Annotated, NoReturn

import sqlalchemy as sa
import typer
from rich.console import Console

from npf_pipelines.automation.rename import CannotRename, rename_client
from npf_pipelines.cli.instance import open_instance
from npf_pipelines.config.master_setup import SetupError
from npf_pipelines.config.settings import Settings
from npf_pipelines.config.store_address import comparable_address
from npf_pipelines.platform.rename import warehouse_rows
from npf_pipelines.runs.services import Services
from npf_pipelines.state.client_stores import forget_stores
from npf_pipelines.state.health import forget_health

_CONSOLE = Console(highlight=False, soft_wrap=True)

app = typer.Typer(help="A client's id, and the store that it works with.", no_args_is_help=True)


@app.command("rename")
def rename(
    old: Annotated[str, typer.Argument(help="The id that the client had.")],
    new: Annotated[str, typer.Argument(help="The id that its master setup has now.")],
) -> None:
    """Move all that is known of a client to its new id: tables, partitions, imported orders, alerts."""
    settings = Settings()
    services = Services(settings)
    try:
        with open_instance(settings) as instance:
            moved = rename_client(services, instance, old, new)
        left = warehouse_rows(services.engine, old)
    except (CannotRename, SetupError, sa.exc.SQLAlchemyError) as error:
        _fail(str(error))
    _CONSOLE.print(f"{old} is {new} now: {moved} orders on the platform have the new id.", markup=False)
    if left:
        _CONSOLE.print(
            f"The warehouse still has {left} shipments and SKUs under {old}: have them renamed to {new}, too.",
            style="yellow",
            markup=False,
        )


@app.command("release-store")
def release_store(client: Annotated[str, typer.Argument(help="The client that has left its store.")]) -> None:
    """Let another client work with the store that this one has left. Its orders stay what they are."""
    services = Services(Settings())
    try:
        setups = services.setups().clients
        if client in setups:
            _fail(f"{client} has a master setup, so that it still works with its store: remove the file first")
        addresses = forget_stores(services.engine, client)
        for setup in setups.values():
            if comparable_address(setup.store.url) in addresses:
                forget_health(services.engine, setup.id)
    except (SetupError, sa.exc.SQLAlchemyError) as error:
        _fail(str(error))
    said = f"{client} has left {', '.join(addresses)}" if addresses else f"{client} has worked with no store"
    _CONSOLE.print(f"{said}.", markup=False)


def _fail(sentence: str) -> NoReturn:
    _CONSOLE.print(sentence, style="red", markup=False)
    raise typer.Exit(1) from None

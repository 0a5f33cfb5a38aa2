"""`npf lodge-tests`: plays the lodgement of a client's test orders, to prove a new integration end to end.

Nothing leaves the warehouse: test items are never dispatched, and no stock is taken off.
"""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from npf_pipelines.config.master_setup import SetupError
from npf_pipelines.config.settings import Settings
from npf_pipelines.runs.services import Services
from npf_pipelines.sandbox.floor import WarehouseFloor

_CONSOLE = Console(highlight=False)


def lodge_tests(client: Annotated[str, typer.Argument(help="The client's id.")]) -> None:
    """Lodge the client's open test orders (made of Test001 to Test003 only) with a played tracking number."""
    services = Services(Settings())
    try:
        services.setups()[client]
    except SetupError as error:
        _CONSOLE.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from None
    numbers = WarehouseFloor(services.engine, seed=0).lodge_tests(client, datetime.now(UTC))
    if not numbers:
        _CONSOLE.print(f"{client}: no open test order on the platform. Place one in the store, then run orders.")
        raise typer.Exit(1)
    _CONSOLE.print(f"{client}: lodged {', '.join(numbers)}. Now run shipments.", markup=False)

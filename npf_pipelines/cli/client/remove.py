"""`npf client remove`: archives a client that has left.

Not here: what is moved and deleted (automation/remove.py).
"""

from datetime import UTC, datetime
from typing import Annotated

import typer

from npf_pipelines.automation.remove import removable_setup, remove_client
from npf_pipelines.cli.instance import open_instance
from npf_pipelines.cli.output import stdout
from npf_pipelines.cli.program import program
from npf_pipelines.config.places import Place
from npf_pipelines.config.settings import Settings
from npf_pipelines.domain.text import counted
from npf_pipelines.runs.client_tables import ClientTables
from npf_pipelines.runs.own_numbers import KeptNumbers
from npf_pipelines.runs.services import Services


def remove(
    client: Annotated[str, typer.Argument(help="The client's id.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask for confirmation.")] = False,
) -> None:
    """Archive a client that has left: its setup, its partitions, health and alerts. Its tables stay readable.

    Its orders on the platform stay as they are, and nobody follows them any more. Its store is free for another client.
    """
    settings = Settings()
    services = Services(settings)
    with open_instance(settings) as instance:
        _announce(services, client, removable_setup(services, instance, client))
        if not yes:
            typer.confirm(f"Remove {client}?", abort=True)
        archived = remove_client(services, instance, client, datetime.now(UTC))
    where = f" Its setup is {archived} now." if archived else ""
    stdout().print(f"{client} is removed.{where}", markup=False)


def _announce(services: Services, client: str, file: Place | None) -> None:
    setup = services.setups().clients.get(client)
    numbers = KeptNumbers(ClientTables(services.lake, client), setup.orders.prefix if setup else "")
    open_orders = services.platform.count_open(client, numbers.own)
    moved = f"The setup, with a SKU map, moves to the folder removed beside it: {file}"
    lines = [
        moved if file else "It has no master setup.",
        "Its partitions, report pages, health, open items, alerts, holds and pauses are deleted.",
        "Its store becomes free for another client.",
        f"{counted(open_orders, 'open order')} on the platform: no run follows them any more.",
        f"Its tables stay: {program()} sql reads them.",
    ]
    stdout().print("\n".join(lines), markup=False)

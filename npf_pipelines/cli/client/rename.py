"""`npf client rename`: a client's new id, everywhere."""

from typing import Annotated

import typer

from npf_pipelines.automation.rename import rename_client
from npf_pipelines.cli.instance import open_instance
from npf_pipelines.cli.output import stderr, stdout
from npf_pipelines.config.settings import Settings
from npf_pipelines.domain.text import counted
from npf_pipelines.platform.rename import warehouse_rows
from npf_pipelines.runs.services import Services


def rename(
    old: Annotated[str, typer.Argument(help="The id that the client had.")],
    new: Annotated[str, typer.Argument(help="The id that its master setup has now.")],
) -> None:
    """Move everything recorded of a client to its new id: tables, partitions, imported orders, alerts."""
    settings = Settings()
    services = Services(settings)
    with open_instance(settings) as instance:
        moved = rename_client(services, instance, old, new)
    left = warehouse_rows(services.platform_engine, old)
    stdout().print(f"{old} is {new} now: {counted(moved, 'order')} moved on the platform.", markup=False)
    if left:
        stderr().print(
            f"The warehouse still has {left} shipments and SKUs under {old}: have them renamed to {new}, too.",
            style="yellow",
            markup=False,
        )

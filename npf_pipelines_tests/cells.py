"""A second cell beside a world: its own setups, lake and state, in the same Dagster and on the same platform.

Not here: what is asserted of it (test_cells.py, automation/test_move.py, ui/test_cells.py).
"""

from npf_pipelines.config.settings import Settings
from npf_pipelines_tests.loop import Loop, write_setup


def beside(loop: Loop, name: str, *clients: str) -> Loop:
    """A cell of that name; the clients' master setups move into it before anything has happened to them."""
    home = loop.settings.data / "cells" / name
    settings = Settings(
        cell=name,
        data=loop.settings.data,
        clients=home / "clients",
        lake=str(home / "lake"),
        reports=home / "reports",
        platform_url=loop.settings.platform_url,
    )
    settings.clients.mkdir(parents=True)
    for client in clients:
        (loop.settings.clients / f"{client}.yaml").unlink()
        write_setup(settings.clients, client, loop.url)
    return Loop(settings, loop.instance, {client: loop.stores[client] for client in clients}, loop.url)

"""`npf client …`: one client from its first setup to its last day.

Not here: the commands, one file each.
"""

from typing import ClassVar

import typer

from npf_pipelines.cli.lazy import LazyGroup


class _Commands(LazyGroup):
    places: ClassVar = {
        "guide": "npf_pipelines.cli.client.guide:guide",
        "add": "npf_pipelines.cli.client.add:add",
        "check": "npf_pipelines.cli.client.check:check",
        "certify": "npf_pipelines.cli.client.certify:certify",
        "live": "npf_pipelines.cli.client.live:live",
        "list": "npf_pipelines.cli.client.list_clients:list_clients",
        "pause": "npf_pipelines.cli.client.pause:pause",
        "resume": "npf_pipelines.cli.client.resume:resume",
        "rename": "npf_pipelines.cli.client.rename:rename",
        "move": "npf_pipelines.cli.client.move:move",
        "release-store": "npf_pipelines.cli.client.release_store:release_store",
        "remove": "npf_pipelines.cli.client.remove:remove",
    }


app = typer.Typer(help="A client: its setup, its state, its id and its store.", no_args_is_help=True, cls=_Commands)

"""`npf client …`: one client from its first setup to its last day.

Not here: the commands, one file each.
"""

import typer

from npf_pipelines.cli.client import certify, live, release_store, rename

app = typer.Typer(help="A client: its setup, its state, its id and its store.", no_args_is_help=True)

app.command("certify")(certify.certify)
app.command("live")(live.live)
app.command("rename")(rename.rename)
app.command("release-store")(release_store.release_store)

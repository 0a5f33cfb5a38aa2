"""`npf client …`: one client from its first setup to its last day.

Not here: the commands, one file each.
"""

import typer

from npf_pipelines.cli.client import (
    add,
    certify,
    check,
    guide,
    list_clients,
    live,
    move,
    pause,
    release_store,
    remove,
    rename,
    resume,
)

app = typer.Typer(help="A client: its setup, its state, its id and its store.", no_args_is_help=True)

app.command("guide")(guide.guide)
app.command("add")(add.add)
app.command("check")(check.check)
app.command("certify")(certify.certify)
app.command("live")(live.live)
app.command("list")(list_clients.list_clients)
app.command("pause")(pause.pause)
app.command("resume")(resume.resume)
app.command("rename")(rename.rename)
app.command("move")(move.move)
app.command("release-store")(release_store.release_store)
app.command("remove")(remove.remove)

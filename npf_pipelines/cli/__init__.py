"""`npf`: the command line.

Not here: the commands, one file each.
"""

from importlib import metadata
from typing import Annotated

import typer
from pydantic import ValidationError

from npf_pipelines.cli import (
    audit,
    client,
    demo,
    dev,
    hold,
    init,
    lodge_tests,
    orders,
    platform,
    release,
    reports,
    run,
    sandbox,
    shipments,
    sql,
    stock,
    trace,
)
from npf_pipelines.cli.failures import OneSentence
from npf_pipelines.config.settings import Settings
from npf_pipelines.config.umask import OWNER_ONLY, set_umask

app = typer.Typer(
    help="Orders, tracking and stock between CS-Cart stores and the NPF warehouse.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    cls=OneSentence,
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"npf {metadata.version('npf_pipelines')}")
        raise typer.Exit


@app.callback()
def _begin(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    try:
        umask = Settings().umask
    except ValidationError:  # The command itself says so.
        umask = OWNER_ONLY
    set_umask(umask)


app.command("init")(init.init)
app.command("run")(run.run)
app.command("audit")(audit.audit)
app.command("lodge-tests")(lodge_tests.lodge_tests)
app.command("trace")(trace.trace)
app.command("hold")(hold.hold)
app.command("release")(release.release)
app.command("orders")(orders.orders)
app.command("shipments")(shipments.shipments)
app.command("stock")(stock.stock)
app.command("sql")(sql.sql)
app.command("reports")(reports.reports)
app.command("demo")(demo.demo)
app.command("dev")(dev.dev)
app.add_typer(client.app, name="client")
app.add_typer(platform.app, name="platform")
app.add_typer(sandbox.app, name="sandbox")

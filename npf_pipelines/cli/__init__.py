"""`npf`: the command line.

Not here: the commands, one file each.
"""

from importlib import metadata
from typing import Annotated, ClassVar

import typer
from pydantic import ValidationError

from npf_pipelines.cli.failures import OneSentence
from npf_pipelines.cli.lazy import LazyGroup
from npf_pipelines.config.settings import Settings
from npf_pipelines.config.umask import OWNER_ONLY, set_umask


class _Commands(LazyGroup, OneSentence):
    places: ClassVar = {
        "init": "npf_pipelines.cli.init:init",
        "run": "npf_pipelines.cli.run:run",
        "audit": "npf_pipelines.cli.audit:audit",
        "lodge-tests": "npf_pipelines.cli.lodge_tests:lodge_tests",
        "trace": "npf_pipelines.cli.trace:trace",
        "hold": "npf_pipelines.cli.hold:hold",
        "release": "npf_pipelines.cli.release:release",
        "orders": "npf_pipelines.cli.orders:orders",
        "shipments": "npf_pipelines.cli.shipments:shipments",
        "stock": "npf_pipelines.cli.stock:stock",
        "sql": "npf_pipelines.cli.sql:sql",
        "reports": "npf_pipelines.cli.reports:reports",
        "demo": "npf_pipelines.cli.demo:demo",
        "dev": "npf_pipelines.cli.dev:dev",
        "client": "npf_pipelines.cli.client:app",
        "platform": "npf_pipelines.cli.platform:app",
        "state": "npf_pipelines.cli.state:app",
        "sandbox": "npf_pipelines.cli.sandbox:app",
    }


app = typer.Typer(
    help="Orders, tracking and stock between CS-Cart stores and the NPF warehouse.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    cls=_Commands,
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

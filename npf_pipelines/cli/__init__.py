"""`npf`: the command line.

One file for each command; this one only names them.
"""

import typer
from pydantic import ValidationError

from npf_pipelines.cli import audit, client, demo, dev, init, lodge_tests, reports, run, sandbox, sql, trace
from npf_pipelines.cli.failures import OneSentence
from npf_pipelines.config.settings import Settings
from npf_pipelines.config.umask import OWNER_ONLY, set_umask

app = typer.Typer(
    help="Orders, tracking and stock between CS-Cart stores and the NPF warehouse.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    cls=OneSentence,
)


@app.callback()
def _begin() -> None:
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
app.command("sql")(sql.sql)
app.command("reports")(reports.reports)
app.command("demo")(demo.demo)
app.command("dev")(dev.dev)
app.add_typer(client.app, name="client")
app.add_typer(sandbox.app, name="sandbox")

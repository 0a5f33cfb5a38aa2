"""`npf init`: prepares a home before anything is started in it.

Not here: how Dagster's part is prepared (instance.py), nor the platform's tables (platform/tables.py).
"""

import dagster as dg
import typer
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from npf_pipelines.cli.instance import TwoVersions, prepare_home
from npf_pipelines.cli.plain import plain
from npf_pipelines.house import House
from npf_pipelines.settings import Settings

_CONSOLE = Console(highlight=False, soft_wrap=True)


def init() -> None:
    """Prepare DAGSTER_HOME and the platform's database; what is there already stays as it is."""
    settings = Settings()
    try:
        home = prepare_home(settings)
        House(settings).engine.dispose()
    except (OSError, SQLAlchemyError, TwoVersions, dg.DagsterError) as error:
        _CONSOLE.print(plain(str(error).partition("\n")[0]), style="red")
        raise typer.Exit(1) from None
    _CONSOLE.print(plain(f"{home} is prepared: start the code server, the daemon and the webserver."))

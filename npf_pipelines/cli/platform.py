"""`npf platform`: the platform's database, where NPF's own is not there yet.

Not here: how the tables are created (platform/database.py), what is copied (platform/copy.py).
"""

import typer

from npf_pipelines.cli.old_environment import OldEnvironment, print_copied
from npf_pipelines.cli.output import stdout
from npf_pipelines.cli.plain import plain
from npf_pipelines.config.settings import Settings
from npf_pipelines.config.settings_file import settings_in
from npf_pipelines.platform.database import create_platform
from npf_pipelines.platform.tables import metadata
from npf_pipelines.runs.database_copies import copy_platform_from

app = typer.Typer(help="The platform's database.", no_args_is_help=True)


@app.callback()
def _platform() -> None:
    """The platform's database."""


@app.command("init")
def init() -> None:
    """Create the contract's missing tables and optional columns in the database that NPF_PLATFORM_URL names.

    Runs never create anything on a PostgreSQL platform: its tables are NPF's.
    """
    create_platform(Settings().platform_url.get_secret_value()).dispose()
    stdout().print(plain(f"The platform's database has the tables {', '.join(metadata.tables)}."))


@app.command("copy")
def copy(old: OldEnvironment) -> None:
    """Copy all rows of an earlier environment's platform into the empty tables that NPF_PLATFORM_URL names.

    For a platform that was an SQLite file until now, which keeps its rows. All processes have to be stopped.
    """
    print_copied("platform", copy_platform_from(settings_in(old)[0], Settings()))

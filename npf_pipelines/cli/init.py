"""`npf init`: prepares a Dagster home before anything is started in it.

Not here: how Dagster's part is prepared (instance.py), how a database is opened (platform/database.py,
state/database.py).
"""

from pathlib import Path

from npf_pipelines.cli.instance import prepare_home
from npf_pipelines.cli.output import stdout
from npf_pipelines.cli.plain import plain
from npf_pipelines.config.settings import Settings
from npf_pipelines.runs.services import Services


def init() -> None:
    """Prepare DAGSTER_HOME, the folder of the master setups and the databases.

    Existing files stay; existing databases are brought to this release.
    """
    settings = Settings()
    home = prepare_home(settings)
    if isinstance(settings.clients, Path):  # A bucket has no folders.
        settings.clients.mkdir(parents=True, exist_ok=True)
    services = Services(settings)
    services.open_databases()
    services.mark()
    services.close_databases()
    stdout().print(plain(f"{home} is prepared: start the code server, the daemon and the webserver."))

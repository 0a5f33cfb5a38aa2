"""`npf init`: prepares a home before anything is started in it.

Not here: how Dagster's part is prepared (instance.py), nor the platform's tables (platform/tables.py).
"""

from rich.console import Console

from npf_pipelines.cli.instance import prepare_home
from npf_pipelines.cli.plain import plain
from npf_pipelines.config.settings import Settings
from npf_pipelines.runs.services import Services

_CONSOLE = Console(highlight=False, soft_wrap=True)


def init() -> None:
    """Prepare DAGSTER_HOME and the platform's database; what is there already stays as it is."""
    settings = Settings()
    home = prepare_home(settings)
    Services(settings).engine.dispose()
    _CONSOLE.print(plain(f"{home} is prepared: start the code server, the daemon and the webserver."))

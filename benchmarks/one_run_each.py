"""The same definitions, with what one would do first: a run for each client in which something is to be done.

Sensors, sweeps, daemon, jobs and stores are the same. A code location of its own, to be measured by clients.py.
"""

from collections.abc import Collection
from datetime import date

import dagster as dg

from npf_pipelines.automation import new_orders, sweeps
from npf_pipelines.automation import platform_sensors as platform_news
from npf_pipelines.automation import run_requests as asking
from npf_pipelines.automation.run_requests import Standing, requests
from npf_pipelines.config.settings import Settings
from npf_pipelines.definitions import build_defs


def _one_each(stands: Standing, wanted: Collection[str], days: tuple[date, date] | None) -> list[dg.RunRequest]:
    return [one for client in sorted(wanted) for one in requests(stands, [client], days)]


for module in (asking, new_orders, platform_news, sweeps):
    module.requests = _one_each  # type: ignore[attr-defined]


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions of this environment."""
    return build_defs(Settings())

"""The same definitions, with what one would do first: a run for each client in which something is to be done.

Sensors, sweeps, daemon, jobs and stores are the same. A code location of its own, to be measured by clients.py.
"""

from collections.abc import Collection
from datetime import date

import dagster as dg

from npf_pipelines.automation import new_orders, platform_changes, run_requests, sweeps
from npf_pipelines.automation.run_requests import Eligibility, requests
from npf_pipelines.config.settings import Settings
from npf_pipelines.definitions import build_defs


def _one_each(
    eligibility: Eligibility, clients: Collection[str], days: tuple[date, date] | None
) -> list[dg.RunRequest]:
    return [request for client in sorted(clients) for request in requests(eligibility, [client], days)]


for module in (run_requests, new_orders, platform_changes, sweeps):
    module.requests = _one_each  # type: ignore[attr-defined]


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions of this environment."""
    return build_defs(Settings())

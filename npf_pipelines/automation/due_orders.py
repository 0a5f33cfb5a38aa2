"""The clients that are due for a run of orders at known times: at a held order's release, and at their cut-off.

No store is asked: the times are the pipeline's own. Not here: the times (rules/holds.py, rules/cut_off.py), the sensor
that requests the runs (new_orders.py), the usual intervals (sweeps.py).
"""

from collections.abc import Mapping
from datetime import datetime

from npf_pipelines.automation.run_requests import Eligibility
from npf_pipelines.rules.due import is_last_pull_due, is_release_due
from npf_pipelines.runs.services import Services
from npf_pipelines.state.due_decisions import latest_due


def due_clients(services: Services, eligibility: Eligibility, asked_at: Mapping[str, datetime | None]) -> set[str]:
    """The clients for which a moment has come, and no run has been requested or has begun since.

    Args:
        services: of the moments of release.
        eligibility: of all clients.
        asked_at: when a run was last requested, by client; left out or None if a run has taken it up.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the state's database can't be reached.
    """
    released = latest_due(services.state, eligibility.now)

    def is_due(client: str) -> bool:
        tried_at, asked = eligibility.health(client).tried_at, asked_at.get(client)
        # A run that was requested and is lost counts as never requested.
        last = tried_at if asked is None or eligibility.is_lost(client, asked) else max(asked, tried_at or asked)
        setup = eligibility.free[client]
        is_released = client in released and is_release_due(last, released[client], eligibility.now)
        return is_released or is_last_pull_due(last, eligibility.now, setup.orders.cut_off, setup.zone)

    return {client for client in eligibility.free if is_due(client)}

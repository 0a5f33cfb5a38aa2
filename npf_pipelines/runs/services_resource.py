"""The Dagster resource `services`: in a run, it holds the run's lease from before the first step to after the last.

So `lost_runs` sees whether the process of a run lives, of any job, launched by hand or not.
Not here: the services (services.py), the end of a run whose process is gone (automation/lost_runs.py).
"""

import contextlib
from collections.abc import Iterator

import dagster as dg
import sqlalchemy as sa

from npf_pipelines.runs.cell import OfAnotherCell
from npf_pipelines.runs.services import Services
from npf_pipelines.state.lease import RUN_FLOW, Lease


def services_resource(services: Services) -> dg.ResourceDefinition:
    """The resource. Outside a run there is no lease to hold."""

    @dg.resource(description="Master setups, lake, platform and clients' stores, as the settings (NPF_…) name them.")
    def resource(context: dg.InitResourceContext) -> Iterator[Services]:
        with _alive(services, context.run.run_id) if context.run else contextlib.nullcontext():
            yield services

    return resource


@contextlib.contextmanager
def _alive(services: Services, run_id: str) -> Iterator[None]:
    """Hold the run's lease. Its steps say in a sentence that the state can't be used, Dagster would not."""
    try:
        lease = Lease(services.state, run_id, RUN_FLOW)
        lease.take()
    except (sa.exc.SQLAlchemyError, OfAnotherCell):
        yield
        return
    try:
        with lease.renewed():
            yield
    finally:
        with contextlib.suppress(sa.exc.SQLAlchemyError):  # It runs out by itself.
            lease.give_back()

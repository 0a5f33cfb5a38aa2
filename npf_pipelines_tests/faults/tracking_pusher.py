"""One life of the tracking push: the assets' own client run, day by day, without Dagster around it."""

from datetime import UTC, date, datetime
from pathlib import Path

from npf_pipelines.assets.shipments import run_shipments
from npf_pipelines.assets.tracking_ledger import what_waits
from npf_pipelines.cscart.errors import StoreError
from npf_pipelines.lake.tables import TRACKING_PUSH
from npf_pipelines.platform.gateway import Platform
from npf_pipelines.runs.failures import ClientFailure
from npf_pipelines.runs.services import Services
from npf_pipelines_tests.faults.bare_run import BareRun, end_life, services_of
from npf_pipelines_tests.faults.tracking_client import CLIENT, SETUP

ALL_TIME = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


async def push(store_url: str, platform_url: str, folder: Path, timeout: float) -> bool:  # noqa: ASYNC109
    """Bring everything lodged into the store, what waits first; whether all of it is there now.

    Arguments as for `services_of`.
    """
    services = services_of(store_url, platform_url, folder, timeout)
    is_done = True
    for day in _days(services):
        try:
            await run_shipments(BareRun(services, SETUP, day))
        except (ClientFailure, StoreError):
            is_done = False
    return is_done


def _days(services: Services) -> list[date]:
    """Every day of lodgement: first the days that were never done or on which something waits, then the others."""
    written = services.lake.days(TRACKING_PUSH, client=CLIENT)
    lodged = {one.lodged_at.date() for one in Platform(services.platform_engine).lodged_between(CLIENT, *ALL_TIME)}
    days = sorted({*lodged, *written})
    waiting = {
        day for day in written if any(map(what_waits, services.lake.read(TRACKING_PUSH, client=CLIENT, day=day)))
    }
    return sorted(days, key=lambda day: (day in written and day not in waiting, day))


def live(store_url: str, platform_url: str, folder: str, timeout: str) -> None:
    """One life of a process.

    Raises:
        SystemExit: always, with the life's exit code.
    """
    end_life(push(store_url, platform_url, Path(folder), float(timeout)))

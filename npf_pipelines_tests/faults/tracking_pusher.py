"""One life of the tracking push: the walk of the assets itself, day by day, without Dagster around it."""

import asyncio
import logging
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import stamina
from pydantic import SecretStr

from npf_pipelines.assets.shipments import walk_shipments
from npf_pipelines.assets.tracking_ledger import waiting_days
from npf_pipelines.assets.walk import ClientFailure, ClientWalk
from npf_pipelines.cscart.errors import StoreError
from npf_pipelines.cscart.store import Store
from npf_pipelines.house import House
from npf_pipelines.master_setup import MasterSetup
from npf_pipelines.platform.gateway import Platform
from npf_pipelines.platform.lease import LeaseTaken
from npf_pipelines.settings import Settings
from npf_pipelines.tables import TRACKING_PUSH, Table
from npf_pipelines_tests.faults.lives import WAITS
from npf_pipelines_tests.faults.tracking_client import API_KEY, API_USER, CLIENT, SETUP

ALL_TIME = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


class _Walk(ClientWalk):
    """The walk without a run of Dagster's to report to."""

    def __init__(self, house: House, day: date) -> None:
        self.house = house
        self.setup = MasterSetup.model_validate(SETUP)
        self.days = [day]
        self.now = datetime.now(UTC)
        self.dry_run = False

    def wants(self, table: Table) -> bool:  # noqa: ARG002
        return True

    def say(self, text: str) -> None:
        pass

    def finish(self, table: Table, rows: list[dict[str, Any]], day: date | None = None, notes: Any = None) -> None:  # noqa: ARG002
        self.keep(table, rows, day)

    def leave_open(self, table: Table, rows: list[dict[str, Any]], day: date | None = None) -> None:
        self.keep(table, rows, day)


async def push(store_url: str, platform_url: str, folder: Path, timeout: float) -> bool:  # noqa: ASYNC109
    """Bring everything lodged into the store, what waits first; whether all of it is there now.

    Args:
        store_url: the store's address without `/api`.
        platform_url: the platform's database.
        folder: where the lake is.
        timeout: seconds, as for `Store`.
    """

    class LifesHouse(House):
        @staticmethod
        def store(setup: MasterSetup) -> Store:  # noqa: ARG004
            return Store(store_url, API_USER, API_KEY, timeout=timeout)

    house = LifesHouse(Settings(data=folder, platform_url=SecretStr(platform_url)))
    is_done = True
    for day in _days(house):
        try:
            await walk_shipments(_Walk(house, day))
        except (ClientFailure, StoreError):
            is_done = False
        except LeaseTaken:  # A write of this life's own has no known end.
            return False
    return is_done


def _days(house: House) -> list[date]:
    """Every day of lodgement: first those that were never done or on which something waits, then the others."""
    written = house.lake.days(TRACKING_PUSH, client=CLIENT)
    lodged = {one.lodged_at.date() for one in Platform(house.engine).lodged_between(CLIENT, *ALL_TIME)}
    days = sorted({*lodged, *written})
    waiting = waiting_days(house.lake, CLIENT, days[-1])
    return sorted(days, key=lambda day: (day in written and day not in waiting, day))


def live(store_url: str, platform_url: str, folder: str, timeout: str) -> None:
    """One life of a process.

    Raises:
        SystemExit: always, with the life's exit code.
    """
    stamina.set_testing(True, attempts=4, cap=True)  # Repeats without their pauses.
    logging.getLogger("npf_pipelines").setLevel(logging.ERROR)  # It would tell of each repeat.
    sys.exit(0 if asyncio.run(push(store_url, platform_url, Path(folder), float(timeout))) else WAITS)

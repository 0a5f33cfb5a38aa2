"""What every life of a push of ours stands on: the walk of the assets without Dagster, and a house with one store.

Not here: which walk is gone (tracking_pusher.py, stock_pusher.py).
"""

import asyncio
import logging
import sys
from collections.abc import Coroutine, Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import stamina
from pydantic import SecretStr

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.config.settings import Settings
from npf_pipelines.cscart.store import Store
from npf_pipelines.lake.tables import Table
from npf_pipelines.runs.client_run import ClientRun
from npf_pipelines.runs.services import Services
from npf_pipelines_tests.faults.lives import WAITS
from npf_pipelines_tests.faults.tracking_client import API_KEY, API_USER


class BareWalk(ClientRun):
    """The walk without a run of Dagster's to report to."""

    def __init__(self, services: Services, setup: Mapping[str, Any], *days: date) -> None:
        self.services = services
        self.setup = MasterSetup.model_validate(setup)
        self.days = list(days)
        self.dry_run = False
        self.now = datetime.now(UTC)

    def wants(self, table: Table) -> bool:  # noqa: ARG002
        return True

    def say(self, text: str) -> None:
        pass

    def finish(self, table: Table, rows: list[dict[str, Any]], day: date | None = None, notes: Any = None) -> None:  # noqa: ARG002
        self.services.lake.write(table, rows, client=self.client, day=day)

    async def finish_large(self, table: Table, rows: list[dict[str, Any]], notes: Any = None) -> None:
        await asyncio.to_thread(self.finish, table, rows, notes=notes)

    async def leave_open_large(self, table: Table, rows: list[dict[str, Any]]) -> None:
        await asyncio.to_thread(self.leave_open, table, rows)

    def leave_open(self, table: Table, rows: list[dict[str, Any]], day: date | None = None) -> None:
        self.services.lake.write(table, rows, client=self.client, day=day)

    def announce(self, table: Table, rows: list[dict[str, Any]], day: date | None) -> None:
        self.services.lake.write(table, rows, client=self.client, day=day)

    def note(self, days: Iterable[date | None]) -> None:
        pass

    def begin(self, day: date | None = None) -> None:
        pass


def house_of(store_url: str, platform_url: str, folder: Path, timeout: float) -> Services:
    """The house of one life.

    Args:
        store_url: the store's address without `/api`.
        platform_url: the platform's database.
        folder: where the lake is.
        timeout: seconds, as for `Store`.
    """

    class LifesHouse(Services):
        @staticmethod
        def store(setup: MasterSetup) -> Store:  # noqa: ARG004
            return Store(store_url, API_USER, API_KEY, timeout=timeout)

    return LifesHouse(Settings(data=folder, platform_url=SecretStr(platform_url)))


def end_life(push: Coroutine[Any, Any, bool]) -> None:
    """Push, and end the process by whether all is there now.

    Raises:
        SystemExit: always, with the life's exit code.
    """
    stamina.set_testing(True, attempts=4, cap=True)  # Repeats without their pauses.
    logging.getLogger("npf_pipelines").setLevel(logging.ERROR)  # It would tell of each repeat.
    sys.exit(0 if asyncio.run(push) else WAITS)

"""Parts that the fault campaigns share: one client's part of a run without Dagster, and services with one store.

Not here: which flow is run (tracking_pusher.py, stock_pusher.py).
"""

import asyncio
import logging
import sys
from collections.abc import Collection, Coroutine, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import stamina
from pydantic import SecretStr

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.config.settings import Settings
from npf_pipelines.cscart.repeats import ATTEMPTS
from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.flow_counts import FlowCounts
from npf_pipelines.lake.table import Table
from npf_pipelines.lake.tables import TABLES
from npf_pipelines.runs.client_run import ClientRun
from npf_pipelines.runs.client_tables import ClientTables
from npf_pipelines.runs.open_items import Recounts
from npf_pipelines.runs.partition_writer import PartitionWriter
from npf_pipelines.runs.services import Services
from npf_pipelines_tests.faults.lives import WAITS
from npf_pipelines_tests.faults.tracking_client import API_KEY, API_USER


class BareWriter(PartitionWriter):
    """Writes partitions without a run of Dagster to report to."""

    def __init__(self, services: Services, client: str) -> None:
        self._services, self._client = services, client

    def materialize(self, table: Table, rows: list[dict[str, Any]], day: date | None = None, notes: Any = None) -> None:  # noqa: ARG002
        self._services.lake.write(table, rows, client=self._client, day=day)

    def write_incomplete(self, table: Table, rows: list[dict[str, Any]], day: date | None = None) -> None:
        self.materialize(table, rows, day)

    def write_intent(self, table: Table, rows: list[dict[str, Any]], day: date | None) -> None:
        self.materialize(table, rows, day)

    def mark_started(self, day: date | None = None) -> None:
        pass

    def add_days(self, days: Collection[date]) -> None:
        pass


class BareRun(ClientRun):
    """One client's part of a run, over all assets, without Dagster."""

    def __init__(self, services: Services, setup: Mapping[str, Any], *days: date, in_trial: bool = False) -> None:
        master_setup = MasterSetup.model_validate(setup)
        super().__init__(
            services,
            master_setup,
            list(days),
            tables=ClientTables(services.lake, master_setup.id),
            partitions=BareWriter(services, master_setup.id),
            recounts=Recounts(services.state, "", "", master_setup.id, dry_run=True),
            selected=TABLES,
            log=lambda _: None,
            counts=FlowCounts(),
            in_trial=in_trial,
        )


def services_of(store_url: str, platform_url: str, folder: Path, timeout: float) -> Services:
    """The services of one life.

    Args:
        store_url: the store's address without `/api`.
        platform_url: the platform's database.
        folder: where the lake is.
        timeout: seconds, as for `Store`.
    """

    class OneStoreServices(Services):
        @staticmethod
        def store(
            setup: MasterSetup,  # noqa: ARG004
            *,
            read_only: bool = False,  # noqa: ARG004
            attempts: int = ATTEMPTS,
            timeout: float = timeout,
        ) -> Store:
            return Store(store_url, API_USER, API_KEY, timeout=timeout, attempts=attempts)

    return OneStoreServices(Settings(data=folder, platform_url=SecretStr(platform_url)))


def end_life(push: Coroutine[Any, Any, bool]) -> None:
    """Push, and end the process by whether all is there now.

    Raises:
        SystemExit: always, with the life's exit code.
    """
    stamina.set_testing(True, attempts=4, cap=True)  # Repeats without their pauses.
    logging.getLogger("npf_pipelines").setLevel(logging.ERROR)  # It would log each repeat.
    sys.exit(0 if asyncio.run(push) else WAITS)

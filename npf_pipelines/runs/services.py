"""The services of the assets: the master setups, the lake, the platform, the state and the clients' stores.

Nothing is opened before it is used: the definitions load without a database and without a store.
Not here: the Dagster resource `services` (services_resource.py).
"""

import functools
from datetime import date, timedelta

import sqlalchemy as sa

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.config.settings import Settings
from npf_pipelines.config.setup_files import MasterSetups, load_master_setups
from npf_pipelines.cscart.repeats import ATTEMPTS
from npf_pipelines.cscart.store import Store
from npf_pipelines.lake.lake import Lake
from npf_pipelines.platform.gateway import Platform
from npf_pipelines.runs.cell import Cell
from npf_pipelines.runs.databases import platform_of, shared_schema, state_of
from npf_pipelines.state.lease import Lease

_PROBE_TIMEOUT = 5.0
"""Seconds that a store has to answer a sensor."""


class Services:
    """Everything that the settings name, each thing opened once.

    Attributes:
        settings: the settings.
        cell: the cell that they name.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.cell = Cell(settings.cell)

    def setups(self) -> MasterSetups:
        """The master setups as they are now.

        Raises:
            SetupError: their folder can't be read.
        """
        return load_master_setups(self.settings.clients)

    @functools.cached_property
    def lake(self) -> Lake:
        """The lake."""
        return Lake(self.settings.lake)

    def first_day_with_tables(self) -> date | None:
        """The first day that has tables although it is before the order start date; None if none is known.

        The definitions load although the lake can't be read: the runs that need it fail with the reason.
        """
        try:
            return self.lake.first_day()
        except OSError:
            return None

    @functools.cached_property
    def platform_engine(self) -> sa.Engine:
        """The platform's database; raises DatabaseUnusable."""
        return platform_of(self.settings)

    @functools.cached_property
    def state(self) -> sa.Engine:
        """The pipeline's own database; raises DatabaseUnusable."""
        return state_of(self.settings, lambda: self.platform_engine)

    @functools.cached_property
    def platform(self) -> Platform:
        """The platform."""
        return Platform(self.platform_engine)

    def platform_under(self, lease: Lease) -> Platform:
        """The platform, for the writes of the lease's holder: fenced by its row where one database has both.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: a database can't be reached.
        """
        schema = self._shared_schema
        return self.platform.fenced(functools.partial(lease.fence, schema)) if schema else self.platform

    @functools.cached_property
    def _shared_schema(self) -> str | None:
        return shared_schema(self.platform_engine, self.state)

    def open_databases(self) -> None:
        """Open the platform's and the state's database: a run that can't use either fails before anything else.

        Raises:
            DatabaseUnusable: one of them can't be used.
        """
        _ = self.platform_engine, self.state

    def close_databases(self) -> None:
        """Close their connections; the next use opens them again."""
        for name in ("platform_engine", "state"):
            if name in self.__dict__:
                self.__dict__[name].dispose()

    @property
    def longest_stall(self) -> timedelta:
        """How long a client's part of a run may go without progress."""
        return timedelta(minutes=self.settings.stall_minutes)

    def store(self, setup: MasterSetup, *, read_only: bool = False, attempts: int = ATTEMPTS) -> Store:
        """The client's store, to be entered as an async context.

        Args:
            setup: the client's master setup.
            read_only: whether a write is a fault of the program, which is raised instead of sent.
            attempts: at one call.

        Raises:
            SetupError: the API key is not in the environment.
        """
        store = setup.store
        return Store(
            store.url,
            store.api_user,
            setup.api_key(),
            concurrency=store.concurrency,
            attempts=attempts,
            largest_answer=self.settings.largest_answer,
            read_only=read_only,
            vendor=store.vendor,
        )

    def probed_store(self, setup: MasterSetup) -> Store:
        """The client's store, for one short request of a sensor, which is not repeated.

        Raises:
            SetupError: the API key is not in the environment.
        """
        store = setup.store
        return Store(
            store.url,
            store.api_user,
            setup.api_key(),
            concurrency=1,
            timeout=_PROBE_TIMEOUT,
            attempts=1,
            largest_answer=self.settings.largest_answer,
            vendor=store.vendor,
        )

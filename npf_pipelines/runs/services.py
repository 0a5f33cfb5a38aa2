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
from npf_pipelines.cscart.http import TIMEOUT
from npf_pipelines.cscart.repeats import ATTEMPTS
from npf_pipelines.cscart.store import Store
from npf_pipelines.lake import cell_mark as lake_mark
from npf_pipelines.lake.lake import Lake
from npf_pipelines.platform.gateway import Platform
from npf_pipelines.runs.cell import Cell, OfAnotherCell
from npf_pipelines.runs.databases import platform_of, shared_schema, state_of
from npf_pipelines.state import cell_mark as state_mark
from npf_pipelines.state.lease import Lease


class Services:
    """Everything that the settings name, each thing opened once.

    Attributes:
        settings: the settings.
        cell: the cell that they name.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.cell = Cell(settings.cell)
        self._has_checked_lake = self._is_lake_marked = False

    def setups(self) -> MasterSetups:
        """The master setups as they are now.

        Raises:
            SetupError: their folder can't be read.
        """
        return load_master_setups(self.settings.clients)

    @property
    def lake(self) -> Lake:
        """The lake.

        Raises:
            OfAnotherCell: it belongs to another cell.
            OSError: it can't be read.
        """
        if not self._has_checked_lake:
            self._check_lake()
        return self._lake

    def first_day_with_tables(self) -> date | None:
        """The first day that has tables although it is before the order start date; None if none is known.

        The definitions load although the lake can't be used: the runs that need it fail with the reason.
        """
        try:
            return self.lake.first_day()
        except (OSError, OfAnotherCell):
            return None

    @functools.cached_property
    def platform_engine(self) -> sa.Engine:
        """The platform's database; raises DatabaseUnusable."""
        return platform_of(self.settings)

    @functools.cached_property
    def state(self) -> sa.Engine:
        """The pipeline's own database; raises DatabaseUnusable, or OfAnotherCell."""
        engine = state_of(self.settings, lambda: self.platform_engine)
        self.cell.check_owner("state", "NPF_STATE_URL", state_mark.read_mark(engine))
        return engine

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
            OfAnotherCell: the state belongs to another cell.
        """
        _ = self.platform_engine, self.state

    def mark(self) -> None:
        """Mark state and lake as the cell's, unless they have a mark.

        Raises:
            DatabaseUnusable: the state can't be used.
            OfAnotherCell: one of them belongs to another cell.
            OSError: the lake can't be read or written.
            sqlalchemy.exc.SQLAlchemyError: the state can't be reached.
        """
        self.cell.check_owner("state", "NPF_STATE_URL", state_mark.mark(self.state, self.cell.name))
        if not self._is_lake_marked:
            self._check_lake()  # Now: another process may have marked it since it was opened.
        if not self._is_lake_marked:
            lake_mark.mark(self._lake.files, self.cell.name)
            self._is_lake_marked = True

    @functools.cached_property
    def _lake(self) -> Lake:
        return Lake(self.settings.lake)

    def _check_lake(self) -> None:
        owner = lake_mark.read_mark(self._lake.files)
        self.cell.check_owner("lake", "NPF_LAKE", owner)
        self._has_checked_lake, self._is_lake_marked = True, owner is not None

    def close_databases(self) -> None:
        """Close their connections; the next use opens them again."""
        for name in ("platform_engine", "state"):
            if name in self.__dict__:
                self.__dict__[name].dispose()

    @property
    def longest_stall(self) -> timedelta:
        """How long a client's part of a run may go without progress."""
        return timedelta(minutes=self.settings.stall_minutes)

    def store(
        self, setup: MasterSetup, *, read_only: bool = False, attempts: int = ATTEMPTS, timeout: float = TIMEOUT
    ) -> Store:
        """The client's store, to be entered as an async context.

        Args:
            setup: the client's master setup.
            read_only: whether a write is a fault of the program, which is raised instead of sent.
            attempts: at one call.
            timeout: seconds without progress after which a call is abandoned.

        Raises:
            SetupError: the API key is not in the environment.
        """
        store = setup.store
        return Store(
            store.url,
            store.api_user,
            setup.api_key(),
            concurrency=store.concurrency,
            timeout=timeout,
            attempts=attempts,
            largest_answer=self.settings.largest_answer,
            read_only=read_only,
            vendor=store.vendor,
        )

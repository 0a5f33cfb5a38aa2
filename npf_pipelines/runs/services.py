"""What the assets work with: the master setups, the lake, the platform and the clients' stores.

Nothing is opened before it is asked for: definitions load without touching a database or a store.
"""

import functools
from datetime import date, timedelta

import sqlalchemy as sa

from npf_pipelines.config.master_setup import MasterSetup, MasterSetups, load_master_setups
from npf_pipelines.config.settings import Settings
from npf_pipelines.cscart.store import Store
from npf_pipelines.lake.lake import Lake
from npf_pipelines.platform.gateway import Platform
from npf_pipelines.platform.tables import open_platform

_BRIEFLY = 5.0
"""Seconds that a store has for a look at it."""


class Services:
    """The things behind the settings, each opened once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def setups(self) -> MasterSetups:
        """The master setups as they are now.

        Raises:
            SetupError: their folder can't be read.
        """
        return load_master_setups(self._settings.clients)

    @functools.cached_property
    def lake(self) -> Lake:
        """The lake."""
        return Lake(self._settings.lake)

    def first_day_with_tables(self) -> date | None:
        """The first day that has tables although it is before the order start date; None if none is known.

        A lake that can't be read keeps nobody from loading the definitions: the runs that need it say so.
        """
        try:
            return self.lake.first_day()
        except OSError:
            return None

    @functools.cached_property
    def engine(self) -> sa.Engine:
        """The platform's database."""
        return open_platform(self._settings.platform_url.get_secret_value())

    @functools.cached_property
    def platform(self) -> Platform:
        """The platform."""
        return Platform(self.engine)

    @property
    def longest_stall(self) -> timedelta:
        """How long a client's share of a run may go without progress."""
        return timedelta(minutes=self._settings.stall_minutes)

    def store(self, setup: MasterSetup) -> Store:
        """The client's store, to be entered as an async context.

        Raises:
            SetupError: the API key is not in the environment.
        """
        store = setup.store
        largest = self._settings.largest_answer
        return Store(store.url, store.api_user, setup.api_key(), concurrency=store.concurrency, largest_answer=largest)

    def store_for_a_look(self, setup: MasterSetup) -> Store:
        """The client's store, to be asked once and briefly: one that doesn't answer is asked again another time.

        Raises:
            SetupError: the API key is not in the environment.
        """
        store = setup.store
        return Store(
            store.url,
            store.api_user,
            setup.api_key(),
            concurrency=1,
            timeout=_BRIEFLY,
            attempts=1,
            largest_answer=self._settings.largest_answer,
        )

"""The pages as they are asked for: open alerts, manual review and backlog as of now, charts at most an hour old.

An alert's message leads to a page that knows of the alert. No run draws or waits: the reports' server does it. Charts
are drawn again after an hour, and when an alert of the client has opened or resolved.
Not here: the pages' content (pages.py), the files that the reports' runs keep (folder.py), HTTP (server.py).
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Generic, Protocol, TypeVar

import duckdb
import sqlalchemy as sa

from npf_pipelines.config.master_setup import MasterSetup, SetupError
from npf_pipelines.config.setup_files import MasterSetups
from npf_pipelines.database import DatabaseUnusable
from npf_pipelines.domain.alert import Alert
from npf_pipelines.lake.backlog import backlog
from npf_pipelines.lake.broken_files import BrokenFile
from npf_pipelines.lake.facts import read_facts
from npf_pipelines.lake.lake import Lake
from npf_pipelines.reports.figures import Figures, figures, window
from npf_pipelines.reports.folder import OVERVIEW, ReportFolder
from npf_pipelines.reports.open_now import backlogs, open_alerts
from npf_pipelines.reports.pages import Line, alerts_page, draw_charts, overview_page, report_page

UNREADABLE = (duckdb.Error, BrokenFile, OSError)
"""The failures of a lake that can't be read, or of a file in it."""
KEPT_FOR = timedelta(hours=1)
"""How old a chart, or a client's line of the overview, may be."""
_SECONDS_PER_OVERVIEW = 5.0
"""How long the overview may read figures; further clients are read when it is asked for again."""
_LATER = "its figures are read in a moment: reload this page"


class Sources(Protocol):
    """Where the pages' facts are."""

    def setups(self) -> MasterSetups:
        """The master setups as they are now; raises SetupError."""

    @property
    def lake(self) -> Lake:
        """The lake."""

    @property
    def state(self) -> sa.Engine:
        """The pipeline's own database; raises DatabaseUnusable."""


T = TypeVar("T")


@dataclass(frozen=True)
class _Kept(Generic[T]):
    """A thing that was made at a moment, with the alerts that were open then."""

    thing: T
    at: datetime
    alerts: frozenset[str]


class _Cache(Generic[T]):
    """Things by client, made again after an hour and when the client's alerts have changed."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept[T]] = {}

    def get(self, client: str, alerts: Sequence[Alert], now: datetime, make: Callable[[], T]) -> tuple[T, datetime]:
        """The thing, made now unless the kept one is young enough; and when it was made."""
        if self.is_young(client, alerts, now):
            return self._kept[client].thing, self._kept[client].at
        self._kept[client] = _Kept(make(), now, _keys(alerts))
        return self._kept[client].thing, now

    def is_young(self, client: str, alerts: Sequence[Alert], now: datetime) -> bool:
        """Whether the kept thing is young enough."""
        kept = self._kept.get(client)
        return kept is not None and now - kept.at < KEPT_FOR and kept.alerts == _keys(alerts)

    def kept(self, client: str) -> tuple[T, datetime] | None:
        """The kept thing, however old; None if there is none."""
        kept = self._kept.get(client)
        return (kept.thing, kept.at) if kept else None


class LivePages:
    """The pages of the reports' server."""

    def __init__(self, sources: Sources, folder: ReportFolder) -> None:
        """Draw from the sources; `folder` has the pages that runs have kept."""
        self._sources, self._folder = sources, folder
        self._charts: _Cache[Mapping[str, str]] = _Cache()
        self._lines: _Cache[Figures] = _Cache()
        # Drawing uses settings that a whole process shares.
        self._drawing = threading.Lock()

    def page(self, name: str) -> str | None:
        """A page: of a client, or the overview; None if there is no such page.

        A client without a valid master setup has the page that a run kept last. So has every client while the setups
        or the state can't be read.

        Raises:
            OSError: there is only a kept page, and it can't be read.
        """
        now = datetime.now(UTC)
        try:
            setups = self._sources.setups()
            alerts = open_alerts(self._sources.state, now)
            if name == OVERVIEW:
                return self._overview(setups, alerts, now)
        except (SetupError, DatabaseUnusable, sa.exc.SQLAlchemyError):
            return self._folder.read(name)
        of_client = [alert for alert in alerts if alert.client == name]
        if name in setups.clients:
            return self._report(setups.clients[name], of_client, now)
        if not of_client:
            return self._folder.read(name)
        try:
            return self._folder.read(name) or _no_figures(name, "", of_client, now)
        except OSError as error:
            return _no_figures(name, f"its page can't be read: {error}", of_client, now)

    def _report(self, setup: MasterSetup, alerts: Sequence[Alert], now: datetime) -> str:
        try:
            shown = client_figures(self._sources.lake, setup, now)
        except UNREADABLE as error:
            return _no_figures(setup.name, f"its tables can't be read: {error}", alerts, now)
        with self._drawing:
            charts, drawn_at = self._charts.get(setup.id, alerts, now, lambda: draw_charts(setup, shown))
        return report_page(setup, shown, now, alerts=alerts, charts=charts, drawn_at=drawn_at)

    def _overview(self, setups: MasterSetups, alerts: Sequence[Alert], now: datetime) -> str:
        open_rows = backlogs(self._sources.state, setups.clients, now)
        until = time.monotonic() + _SECONDS_PER_OVERVIEW
        lines, oldest = [], now
        for client, setup in setups.clients.items():
            of_client = [alert for alert in alerts if alert.client == client]
            found, reason = self._line(setup, of_client, now, may_read=time.monotonic() < until)
            if found is None:
                lines.append(Line(setup, None, reason, alerts=len(of_client)))
                continue
            shown, at = found
            oldest = min(oldest, at)
            current = replace(shown, backlog=open_rows.get(client) or backlog([]))
            lines.append(Line(setup, current, alerts=len(of_client)))
        return overview_page(lines, setups.errors, now, alerts=alerts, drawn_at=oldest)

    def _line(
        self, setup: MasterSetup, alerts: Sequence[Alert], now: datetime, *, may_read: bool
    ) -> tuple[tuple[Figures, datetime] | None, str]:
        """A client's figures and their time; or why there are none."""
        if not may_read and not self._lines.is_young(setup.id, alerts, now):
            return self._lines.kept(setup.id), _LATER
        try:
            found = self._lines.get(setup.id, alerts, now, lambda: client_figures(self._sources.lake, setup, now))
        except UNREADABLE as error:
            return None, f"its tables can't be read: {error}"
        return found, ""


def client_figures(lake: Lake, setup: MasterSetup, now: datetime) -> Figures:
    """A client's figures as of now.

    Raises:
        duckdb.Error: a table can't be read.
        BrokenFile: a file of a table can't be read.
        OSError: the lake can't be read.
    """
    days = window(now, setup.zone)
    return figures(read_facts(lake, setup.id, days[0]), days)


def _no_figures(name: str, why: str, alerts: Sequence[Alert], now: datetime) -> str:
    return alerts_page(name, why, alerts, now)


def _keys(alerts: Sequence[Alert]) -> frozenset[str]:
    return frozenset(alert.key for alert in alerts)

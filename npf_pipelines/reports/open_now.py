"""Open alerts and open rows as of now, from the state's database.

Not here: the rows themselves (lake/facts.py), when an alert opens (rules/alerts.py).
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.alert import Alert
from npf_pipelines.domain.open_kinds import PLANNED_KINDS, OpenKind, kind_of
from npf_pipelines.lake.backlog import Backlog
from npf_pipelines.rules.quiet_hours import may_wait
from npf_pipelines.state.alerts import read_alerts
from npf_pipelines.state.open_items import read_open_items


def open_alerts(engine: sa.Engine, now: datetime) -> list[Alert]:
    """The alerts that are open, the oldest first.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    return [alert for alert in read_alerts(engine).values() if alert.is_open(now)]


def backlogs(engine: sa.Engine, setups: Mapping[str, MasterSetup], now: datetime) -> Mapping[str, Backlog]:
    """The backlog of each client that has one, as its last runs have counted it: without the rows themselves.

    Planned rows are open for a live client alone, and not in its quiet hours. A client without a mode that has any is,
    or was just now, in trial.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    kinds: defaultdict[str, Counter[OpenKind]] = defaultdict(Counter)
    open_for = {
        client
        for client, setup in setups.items()
        if setup.mode == "live" and not may_wait(now, setup.store.quiet_hours, setup.zone)
    }
    for item in read_open_items(engine):
        if item.kind not in PLANNED_KINDS or item.client in open_for:
            kinds[item.client][kind_of(item.kind)] += item.rows
    return {client: Backlog(of_client) for client, of_client in kinds.items()}

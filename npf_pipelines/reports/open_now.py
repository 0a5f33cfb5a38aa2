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
from npf_pipelines.state.alerts import read_alerts
from npf_pipelines.state.open_items import read_open_items


def open_alerts(engine: sa.Engine, now: datetime) -> list[Alert]:
    """The alerts that are open, the oldest first.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    return [alert for alert in read_alerts(engine).values() if alert.is_open(now)]


def backlogs(engine: sa.Engine, setups: Mapping[str, MasterSetup]) -> Mapping[str, Backlog]:
    """The backlog of each client that has one, as its last runs have counted it: without the rows themselves.

    Planned rows are open for a live client alone. A client without a mode that has any is, or was just now, in trial.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    kinds: defaultdict[str, Counter[OpenKind]] = defaultdict(Counter)
    live = {client for client, setup in setups.items() if setup.mode == "live"}
    for item in read_open_items(engine):
        if item.kind not in PLANNED_KINDS or item.client in live:
            kinds[item.client][kind_of(item.kind)] += item.rows
    return {client: Backlog(of_client) for client, of_client in kinds.items()}

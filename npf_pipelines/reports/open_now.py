"""Open alerts and open rows as of now, from the state's database.

Not here: the rows themselves (lake/facts.py), when an alert opens (rules/alerts.py).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from npf_pipelines.domain.alert import Alert
from npf_pipelines.domain.open_kinds import kind_of
from npf_pipelines.lake.backlog import Backlog, backlog
from npf_pipelines.lake.facts import OpenFact
from npf_pipelines.state.alerts import read_alerts
from npf_pipelines.state.open_items import OpenItems, read_open_items


def open_alerts(engine: sa.Engine, now: datetime) -> list[Alert]:
    """The alerts that are open, the oldest first.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    return [alert for alert in read_alerts(engine).values() if alert.is_open(now)]


def backlogs(engine: sa.Engine) -> Mapping[str, Backlog]:
    """The backlog of each client that has one, as its last runs have counted it: without numbers and reasons.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    items: defaultdict[str, list[OpenItems]] = defaultdict(list)
    for item in read_open_items(engine):
        items[item.client].append(item)
    return {client: backlog(_rows(of_client)) for client, of_client in items.items()}


def _rows(items: Sequence[OpenItems]) -> list[OpenFact]:
    return [OpenFact(kind_of(item.kind).key, item.day, "", None, "") for item in items for _ in range(item.rows)]

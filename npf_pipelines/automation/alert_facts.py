"""The facts that alerts are made of: the health of each client's flows, and the open items of its tables.

Runs keep both in the state's database; no table of the lake is read here.
Not here: what follows from them (rules/conditions.py).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import TypeVar

import sqlalchemy as sa

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.health import Health
from npf_pipelines.domain.open_kinds import PLANNED_KINDS, kind_of
from npf_pipelines.rules.conditions import ClientFacts, OpenRows
from npf_pipelines.rules.flow_health import known_at
from npf_pipelines.rules.quiet_hours import may_wait
from npf_pipelines.state.health import read_health
from npf_pipelines.state.open_items import OpenItems, read_open_items

_Row = TypeVar("_Row", Health, OpenItems)


def all_facts(
    engine: sa.Engine, setups: Mapping[str, MasterSetup], now: datetime, is_in_trial: Callable[[MasterSetup], bool]
) -> Iterator[ClientFacts]:
    """The facts of these clients. Planned rows are done in trial and quiet hours, and open for another live client.

    Args:
        engine: the state's database.
        setups: the clients' setups.
        now: the moment; a time in the future counts as unknown.
        is_in_trial: whether a client is, or may be, in trial; asked only of clients with planned rows.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    healths, open_items = _by_client(read_health(engine).values()), _by_client(read_open_items(engine))
    for client, setup in setups.items():
        of_client = [known_at(health, now) for health in healths.get(client, [])]
        items = open_items.get(client, [])
        if any(each.kind in PLANNED_KINDS for each in items) and (
            may_wait(now, setup.store.quiet_hours, setup.zone) or is_in_trial(setup)
        ):
            items = [each for each in items if each.kind not in PLANNED_KINDS]
        rows = [OpenRows(kind_of(each.kind), each.day, each.rows, each.first) for each in items]
        yield ClientFacts(client, setup.alerts.pull_limit, of_client, rows)


def noted_ahead(engine: sa.Engine, now: datetime) -> list[str]:
    """The flows whose health has a time in the future, each with its client.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    healths = read_health(engine).values()
    return [f"{health.flow} of {health.client}" for health in healths if known_at(health, now) != health]


def _by_client(rows: Iterable[_Row]) -> Mapping[str, list[_Row]]:
    return {client: list(of_client) for client, of_client in groupby(rows, lambda row: row.client)}

"""What the alerts are made of: how each client's flows stand, and what of its tables isn't done.

Both are kept in the platform's database by the runs: no table of the lake is read here. Not here: what follows from it
(rules/alerts.py).
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import TypeVar

import sqlalchemy as sa

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.lake.backlog import kind_of
from npf_pipelines.rules.alerts import ClientFacts, FlowState, OpenThings
from npf_pipelines.state.health import Health, read_health
from npf_pipelines.state.open_items import OpenItems, read_open_items

_Row = TypeVar("_Row", Health, OpenItems)


def all_facts(engine: sa.Engine, setups: Mapping[str, MasterSetup], now: datetime) -> Iterator[ClientFacts]:
    """What is known of these clients.

    Args:
        engine: the platform's database.
        setups: the clients' setups.
        now: the moment; what was noted at a later time is unknown.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    stands, left = _by_client(read_health(engine).values()), _by_client(read_open_items(engine))
    for client, setup in setups.items():
        flows = [
            FlowState(one.flow, one.last_success_at, one.failing_since, one.failures, one.is_permanent, one.reason)
            for one in (kept.known_at(now) for kept in stands.get(client, []))
        ]
        yield ClientFacts(client, setup.alerts.pull_limit, flows, [_things(one) for one in left.get(client, [])])


def noted_ahead(engine: sa.Engine, now: datetime) -> list[str]:
    """The flows that were noted at a time in the future, each with its client.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    return [f"{one.flow} of {one.client}" for one in read_health(engine).values() if one.known_at(now) != one]


def _by_client(rows: Iterable[_Row]) -> Mapping[str, list[_Row]]:
    return {client: list(some) for client, some in groupby(rows, lambda one: one.client)}


def _things(one: OpenItems) -> OpenThings:
    kind = kind_of(one.kind)
    return OpenThings(one.kind, kind.about, kind.name, one.day, one.rows, one.first, kind.what_to_do, kind.unit)

"""What the alerts are made of: how the flows stand, and what each client's tables say, read no more often than needed.

Not here: what follows from it (rules/alerts.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from npf_pipelines.lake import Lake
from npf_pipelines.master_setup import MasterSetup
from npf_pipelines.platform.health import Health
from npf_pipelines.reports.backlog import kind_of
from npf_pipelines.reports.facts import read_open
from npf_pipelines.rules.alerts import ClientFacts, Flow, OpenThing, Rows

READ_AGAIN = timedelta(hours=1)
"""After which a client's tables are read again although no walk that leaves a mark in `health` has been there."""
MOST_READ = 100
"""Clients whose tables are read at one look, about 10 seconds: a look ends after 60. The rest is read at the next."""

_BRAKED = "SELECT count(*) FROM stock_push WHERE outcome = 'braked'"


@dataclass(frozen=True)
class _Reading:
    mark: Sequence[Health]
    at: datetime
    rows: Rows


class ClientTables:
    """What the clients' tables say, kept for as long as no run has been there."""

    def __init__(self) -> None:
        self._read: dict[str, _Reading] = {}

    def rows(self, lake: Lake, healths: Mapping[str, Sequence[Health]], now: datetime) -> Mapping[str, Rows]:
        """What the tables of these clients say; those that can't be read, or not yet, are left out."""
        old = [client for client, stands in healths.items() if self._is_old(client, stands, now)]
        never = datetime.min.replace(tzinfo=now.tzinfo)
        old.sort(key=lambda client: self._read[client].at if client in self._read else never)
        for client in old[:MOST_READ]:
            try:
                self._read[client] = _Reading(healths[client], now, read_rows(lake, client))
            except duckdb.Error:  # The run that meets it tells; what was last known is no longer to be trusted.
                self._read.pop(client, None)
        return {client: self._read[client].rows for client in healths if client in self._read}

    def _is_old(self, client: str, stands: Sequence[Health], now: datetime) -> bool:
        read = self._read.get(client)
        return read is None or read.mark != stands or now - read.at >= READ_AGAIN


def read_rows(lake: Lake, client: str) -> Rows:
    """What a client's tables say.

    Raises:
        duckdb.Error: a table can't be read.
    """
    with lake.connect(client) as connection:
        (braked,) = connection.execute(_BRAKED).fetchone() or (0,)
        found = [(kind_of(fact), fact) for fact in read_open(connection)]
    return Rows(
        [OpenThing(fact.kind, kind.about, kind.name, fact.number, fact.day, kind.what_to_do) for kind, fact in found],
        braked,
    )


def client_facts(setup: MasterSetup, stands: Iterable[Health], rows: Rows | None) -> ClientFacts:
    """What is known of a client."""
    flows = [
        Flow(one.flow, one.last_success_at, one.failing_since, one.failures, one.is_permanent, one.reason)
        for one in stands
    ]
    return ClientFacts(setup.id, timedelta(hours=setup.alerts.no_pull_hours), flows, rows)

"""Pauses that people have set: nothing is written to a paused client's store, nor to its orders on the platform.

A pause holds from the moment at which its row is there, also for a run at work: each write checks it first (lease.py).
Not here: `paused: true` in a master setup, which runs and schedules read with these (runs/paused.py).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import sqlalchemy as sa

from npf_pipelines.errors import NpfError
from npf_pipelines.state.tables import pauses

EVERY_CLIENT = "*"
"""In the place of a client's id: every client, also one that is added later. No id has this character."""


class Paused(NpfError):
    """The client is paused: nothing may be written."""


@dataclass(frozen=True)
class Pause:
    """A pause.

    Attributes:
        client: the client's id, or EVERY_CLIENT.
        paused_at: since when.
        paused_by: the user of the machine who set it.
        reason: in that person's words; may be empty.
    """

    client: str
    paused_at: datetime
    paused_by: str
    reason: str

    @property
    def words(self) -> str:
        """Since when, by whom and why."""
        scope = "paused, as every client is," if self.client == EVERY_CLIENT else "paused"
        return f"{scope} {self.since_when}"

    @property
    def since_when(self) -> str:
        """Since when, by whom and why, for the end of a sentence."""
        why = f": {self.reason}" if self.reason else ""
        return f"since {self.paused_at:%Y-%m-%d %H:%M} UTC by {self.paused_by}{why}"

    @property
    def resume_command(self) -> str:
        """The command that ends it."""
        return f"npf client resume {'--all' if self.client == EVERY_CLIENT else self.client}"


@dataclass(frozen=True)
class Pauses:
    """All pauses at a moment."""

    by_client: Mapping[str, Pause] = field(default_factory=dict)

    @property
    def of_every_client(self) -> Pause | None:
        """The pause of every client; None if there is none."""
        return self.by_client.get(EVERY_CLIENT)

    def of(self, client: str) -> Pause | None:
        """The pause that holds for a client; None if none does."""
        return self.of_every_client or self.by_client.get(client)


def read_pauses(engine: sa.Engine) -> Pauses:
    """All pauses.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    with engine.connect() as connection:
        rows = connection.execute(sa.select(pauses).order_by(pauses.c.client)).mappings().all()
    return Pauses({row["client"]: Pause(**row) for row in rows})


def check_not_paused(engine: sa.Engine, client: str) -> None:
    """Raise an error if nothing may be written for the client.

    Raises:
        Paused: the client, or every client, is paused.
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached, so nothing may be written.
    """
    query = sa.select(pauses).where(pauses.c.client.in_((client, EVERY_CLIENT))).order_by(pauses.c.client).limit(1)
    with engine.connect() as connection:
        row = connection.execute(query).mappings().first()
    if row:
        pause = Pause(**row)
        raise Paused(f"{client}: {pause.words}; nothing more was written. To go on: {pause.resume_command}")


def pause_clients(engine: sa.Engine, clients: Collection[str], paused_by: str, reason: str) -> None:
    """Pause the clients; one that is paused already keeps its pause as it is.

    Args:
        engine: the state's database.
        clients: their ids, or EVERY_CLIENT.
        paused_by: who pauses them.
        reason: why.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    paused_at = datetime.now(UTC)
    with engine.begin() as connection:
        known = set(connection.scalars(sa.select(pauses.c.client)))
        rows = [
            {"client": client, "paused_at": paused_at, "paused_by": paused_by, "reason": reason}
            for client in sorted(set(clients) - known)
        ]
        if rows:
            connection.execute(sa.insert(pauses), rows)


def resume_clients(engine: sa.Engine, clients: Collection[str]) -> None:
    """End the pauses of these clients, or that of EVERY_CLIENT.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    with engine.begin() as connection:
        connection.execute(sa.delete(pauses).where(pauses.c.client.in_(sorted(clients))))

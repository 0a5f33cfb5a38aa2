"""Copies a whole state into an empty one: pauses, holds, open items, alerts and counters come along.

Not here: which databases the two are (runs/database_copies.py), one client's move to another cell (move.py).
"""

import sqlalchemy as sa

from npf_pipelines.database import CannotCopy, copy_rows, lock_schema, tables_with_rows
from npf_pipelines.state.database_clock import is_over
from npf_pipelines.state.tables import cell, leases, metadata

_COPIED = [table for table in metadata.sorted_tables if table is not leases]
"""Leases are of runs, and none is at work."""


def copy_whole_state(source: sa.Engine, target: sa.Engine) -> dict[str, int]:
    """Copy all rows but the leases, all or none; how many, by table.

    Raises:
        CannotCopy: a run is at work with one of the two, there is nothing to copy, or the target has rows.
        sqlalchemy.exc.SQLAlchemyError: a database can't be reached.
    """
    with source.connect() as old, target.begin() as new:
        lock_schema(new)
        for connection, which in ((old, "old"), (new, "new")):
            check_no_run(connection, which)
        filled = tables_with_rows(old, _COPIED)
        if not set(filled) - {cell}:
            raise CannotCopy("the old state has no rows: name the file of the environment in which runs have worked")
        marked = tables_with_rows(new, _COPIED)
        if taken := [table.name for table in marked if table is not cell]:
            raise CannotCopy(
                f"the state that NPF_STATE_URL names has rows already ({', '.join(taken)}): stop every process that "
                "uses it, and name an empty database or schema"
            )
        return copy_rows(old, new, [table for table in filled if table not in marked])


def check_no_run(connection: sa.Connection, which: str) -> None:
    """Raise an error if a run is at work.

    Args:
        connection: to a state.
        which: the state in a sentence, "old" or "new".

    Raises:
        CannotCopy: it is.
    """
    at_work = sa.select(leases.c.client, leases.c.flow).where(~is_over(connection.engine, leases.c.expires_at))
    if lease := connection.execute(at_work).first():
        raise CannotCopy(
            f"a run is at work with the {which} state ({lease.client}, {lease.flow}): stop all processes and wait for "
            "its end, or for two minutes if it was killed"
        )

"""Copies a whole platform into an empty one: an embedded SQLite file into the PostgreSQL of several machines.

Not here: which databases the two are (runs/database_copies.py).
"""

import sqlalchemy as sa

from npf_pipelines.database import CannotCopy, copy_rows, tables_with_rows
from npf_pipelines.platform.tables import metadata, optional_metadata


def copy_whole_platform(source: sa.Engine, target: sa.Engine) -> dict[str, int]:
    """Copy all rows, all or none; how many, by table.

    Raises:
        CannotCopy: there is nothing to copy, or the target has rows.
        sqlalchemy.exc.SQLAlchemyError: a database can't be reached, or refuses a row.
    """
    with source.connect() as old, target.begin() as new:
        filled = tables_with_rows(old, [*metadata.sorted_tables, *optional_metadata.sorted_tables])
        if not filled:
            raise CannotCopy("the old platform has no rows: name the file of the environment in which runs have worked")
        if taken := tables_with_rows(new, {*metadata.sorted_tables, *filled}):
            raise CannotCopy(
                "the platform that NPF_PLATFORM_URL names has rows already "
                f"({', '.join(sorted(table.name for table in taken))}): nothing is copied over them"
            )
        return copy_rows(old, new, filled)

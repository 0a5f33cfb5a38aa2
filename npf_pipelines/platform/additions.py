"""The columns that a platform may have beyond those it must have: which of them a database has.

Not here: what they mean (tables.py marks them with `addition`), nor what is written into them (gateway.py).
"""

from typing import Any

import sqlalchemy as sa


def addition(name: str, kind: type[sa.types.TypeEngine[Any]]) -> sa.Column[Any]:
    """A column that the pipeline uses where the platform has it. NULL in rows written before it existed."""
    return sa.Column(name, kind, nullable=True, info={"is_addition": True})


def absent_additions(connection: sa.Connection, metadata: sa.MetaData) -> list[sa.Column[Any]]:
    """The optional columns of these tables that the database doesn't have.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    inspector = sa.inspect(connection)
    absent: list[sa.Column[Any]] = []
    for table in metadata.sorted_tables:
        optional = [column for column in table.columns if column.info.get("is_addition")]
        if optional:
            present = {column["name"] for column in inspector.get_columns(table.name)}
            absent += [column for column in optional if column.name not in present]
    return absent


def add_columns(connection: sa.Connection, columns: list[sa.Column[Any]]) -> None:
    """Add optional columns to the embedded database. A platform of NPF's own is never altered."""
    quote = connection.dialect.identifier_preparer.quote
    for column in columns:
        kind = column.type.compile(connection.dialect)
        connection.exec_driver_sql(f"ALTER TABLE {quote(column.table.name)} ADD COLUMN {quote(column.name)} {kind}")

"""The optional columns of the platform's tables: which a database lacks, and how they are added.

Not here: what the columns mean (tables.py marks them with `addition`), nor what is written to them (gateway.py).
"""

from typing import Any

import sqlalchemy as sa


def addition(name: str, kind: type[sa.types.TypeEngine[Any]] | sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    """A column that the pipeline uses where the platform has it. NULL in rows written before it existed."""
    return sa.Column(name, kind, nullable=True, info={"is_addition": True})


def is_addition(column: sa.Column[Any]) -> bool:
    """Whether a platform may lack the column."""
    return bool(column.info.get("is_addition"))


def absent_additions(connection: sa.Connection, metadata: sa.MetaData) -> list[sa.Column[Any]]:
    """The optional columns of these tables that the database lacks.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    inspector = sa.inspect(connection)
    absent: list[sa.Column[Any]] = []
    for table in metadata.sorted_tables:
        optional = [column for column in table.columns if is_addition(column)]
        if optional:
            present = {column["name"] for column in inspector.get_columns(table.name)}
            absent += [column for column in optional if column.name not in present]
    return absent


def add_columns(connection: sa.Connection, columns: list[sa.Column[Any]]) -> None:
    """Add optional columns to tables of the project's own; a view is left as it is."""
    tables = set(sa.inspect(connection).get_table_names())
    quote = connection.dialect.identifier_preparer.quote
    for column in columns:
        if column.table.name in tables:
            kind = column.type.compile(connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {quote(column.table.name)} ADD COLUMN {quote(column.name)} {kind}")

"""The tables that releases until November 2026 kept in the platform's database, and their copy into a new state.

Frozen: the first migration creates exactly these tables. A later change belongs in tables.py and a new migration.
The tables on the platform are left as they are, for that database is NPF's. Leases are copied too, so that a run which
the upgrade killed still keeps the next one away; a run of the earlier release that goes on is not seen.
"""

import sqlalchemy as sa

from npf_pipelines.database import DatabaseUnusable, error_summary, integer_column, text_column, time_column

metadata = sa.MetaData()

sa.Table(
    "leases",
    metadata,
    text_column("client", primary_key=True),
    text_column("flow", primary_key=True),
    text_column("holder"),
    time_column("expires_at"),
    sa.Column("boot", sa.Text),
    sa.Column("boot_until", sa.Float),
)
sa.Table(
    "unknown_ends",
    metadata,
    text_column("client", primary_key=True),
    text_column("order_number", primary_key=True),
    text_column("write"),
    time_column("until"),
    sa.Column("boot", sa.Text),
    sa.Column("boot_until", sa.Float),
)
sa.Table(
    "health",
    metadata,
    text_column("client", primary_key=True),
    text_column("flow", primary_key=True),
    time_column("tried_at", nullable=True),
    time_column("last_success_at", nullable=True),
    time_column("failing_since", nullable=True),
    integer_column("failures"),
    sa.Column("is_permanent", sa.Boolean, nullable=False),
    text_column("reason"),
    time_column("next_try_at", nullable=True),
    text_column("setup_print"),
)
sa.Table(
    "open_rows",
    metadata,
    text_column("client", primary_key=True),
    text_column("kind", primary_key=True),
    text_column("day", primary_key=True),
    text_column("flow"),
    integer_column("rows"),
    text_column("first"),
)
sa.Table(
    "uncounted",
    metadata,
    text_column("client", primary_key=True),
    text_column("flow", primary_key=True),
    text_column("day", primary_key=True),
    text_column("run", primary_key=True),
)
sa.Table(
    "client_stores",
    metadata,
    text_column("client", primary_key=True),
    text_column("address", primary_key=True),
)
sa.Table(
    "alerts",
    metadata,
    text_column("key", primary_key=True),
    text_column("client"),
    text_column("kind"),
    text_column("text"),
    text_column("what_to_do"),
    time_column("since"),
    time_column("due_at"),
    time_column("told_at", nullable=True),
    time_column("over_at", nullable=True),
    time_column("over_told_at", nullable=True),
)


def copy_tables(source: sa.Engine, connection: sa.Connection) -> None:
    """Copy the rows of an earlier release into the state's empty tables.

    Args:
        source: the platform's database.
        connection: a transaction in the state's database.

    Raises:
        DatabaseUnusable: the platform's database has such tables, but they can't be read.
    """
    with source.connect() as platform:
        for table in metadata.sorted_tables:
            columns = _columns_to_copy(platform, table)
            if not columns:
                continue
            try:
                rows = [dict(row) for row in platform.execute(sa.select(*columns)).mappings()]
            except sa.exc.DBAPIError as error:
                raise DatabaseUnusable(
                    f"the state of the earlier release can't be copied: the table {table.name} of the platform's "
                    f"database can't be read ({error_summary(error)}): let this account read it until npf init has "
                    "succeeded once, or drop the table if its content is not needed"
                ) from error
            if rows:
                connection.execute(sa.insert(table), rows)


def _columns_to_copy(platform: sa.Connection, table: sa.Table) -> list[sa.Column[object]]:
    """The columns that the earlier release's table has; none if there is no such table, or one of NPF's own."""
    inspector = sa.inspect(platform)
    if not inspector.has_table(table.name):
        return []
    present = {column["name"] for column in inspector.get_columns(table.name)}
    required = {column.name for column in table.columns if not column.nullable}
    if not required <= present <= set(table.columns.keys()):
        return []
    return [column for column in table.columns if column.name in present]

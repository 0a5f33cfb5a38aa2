"""Opens the platform's database: creates an embedded SQLite file, and checks that NPF's PostgreSQL has the contract.

Not here: the tables (tables.py), the optional columns (additions.py), reads and writes (gateway.py).
"""

import sqlalchemy as sa
from sqlalchemy.engine.reflection import ObjectKind

from npf_pipelines.database import DatabaseUnusable, connect_engine, lock_schema, parse_url, unusable
from npf_pipelines.platform.additions import absent_additions, add_columns, is_addition
from npf_pipelines.platform.tables import metadata, optional_metadata

_SETTING = "NPF_PLATFORM_URL"


def open_platform(url: str) -> sa.Engine:
    """The engine of the platform's database.

    An SQLite file is the project's own: missing tables and optional columns are created. Nothing is ever created in
    NPF's PostgreSQL, whose tables may be views.

    Args:
        url: an SQLAlchemy URL, `sqlite:////srv/npf/platform.sqlite` or `postgresql+psycopg://…`.

    Raises:
        DatabaseUnusable: the database can't be reached, is no database, or lacks tables or columns of the contract.
    """
    target = parse_url(url, _SETTING)
    return _opened(target, creates=target.get_backend_name() == "sqlite")


def create_platform(url: str) -> sa.Engine:
    """As `open_platform`, after creating the tables and optional columns that are missing, in PostgreSQL too.

    Raises:
        DatabaseUnusable: as for `open_platform`, or the account may not create tables.
    """
    return _opened(parse_url(url, _SETTING), creates=True)


def _opened(target: sa.URL, *, creates: bool) -> sa.Engine:
    try:
        engine = connect_engine(target)
        if creates:
            with engine.begin() as connection:
                lock_schema(connection)
                metadata.create_all(connection)
                optional_metadata.create_all(connection)
                add_columns(connection, absent_additions(connection, metadata))
        with engine.connect() as connection:
            missing = missing_parts(connection)
    except (sa.exc.SQLAlchemyError, ImportError, OSError) as error:
        raise unusable(target, "the platform's database", _SETTING, error) from error
    if missing:
        engine.dispose()
        raise DatabaseUnusable(
            f"the platform's database lacks parts of the contract: {', '.join(missing)}; let NPF add them, or create "
            "the tables by npf platform init"
        )
    return engine


def missing_parts(connection: sa.Connection) -> list[str]:
    """The tables and columns of the contract that the database lacks: `table stock`, `orders.company`.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    found = sa.inspect(connection).get_multi_columns(filter_names=list(metadata.tables), kind=ObjectKind.ANY)
    columns = {name: {column["name"] for column in found_columns} for (_, name), found_columns in found.items()}
    missing: list[str] = []
    for table in metadata.sorted_tables:
        if not columns.get(table.name):
            missing.append(f"table {table.name}")
            continue
        required = [column.name for column in table.columns if not is_addition(column)]
        missing += [f"{table.name}.{name}" for name in required if name not in columns[table.name]]
    return missing

"""Opens the state's database: migrates it to this release, and fills a new one from an earlier release.

Not here: the tables (tables.py), their changes (migrations/), which setting names the database (runs/databases.py).
"""

from collections.abc import Callable
from functools import cache

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from npf_pipelines.database import DatabaseUnusable, connect_engine, lock_schema, parse_url, unusable
from npf_pipelines.state.earlier_release import copy_tables

VERSION_TABLE = "npf_state_version"
"""Not Alembic's default, `alembic_version`: Dagster's own tables may be in the same database and use that."""
_FIRST_VERSION = "0001"
"""The version with the tables of the releases that kept them in the platform's database."""
_SETTING = "NPF_STATE_URL"


def open_state(
    url: str,
    earlier: Callable[[], sa.Engine] | None = None,
    check_new: Callable[[sa.Engine], None] = lambda _: None,
) -> sa.Engine:
    """The engine of the state's database, its tables brought to this release.

    Args:
        url: an SQLAlchemy URL, `sqlite:////srv/npf/state.sqlite` or `postgresql+psycopg://…`.
        earlier: opens the database in which earlier releases kept these tables: the platform's. It is called for a new
            database only, which gets a copy of the rows there.
        check_new: raises DatabaseUnusable where no tables may be created. It is called for a new database only.

    Raises:
        DatabaseUnusable: the database can't be reached, is no database, or was written by a later release.
    """
    target = parse_url(url, _SETTING)
    try:
        engine = connect_engine(target)
        with engine.connect() as connection:
            version = _version(connection)
        if version != _newest_version():
            if version is None:
                check_new(engine)
            # Opened before the transaction, which locks out the other processes.
            source = earlier() if earlier and version is None else None
            with engine.begin() as connection:
                lock_schema(connection)
                _migrate(connection, source)
    except DatabaseUnusable:
        raise
    except (sa.exc.SQLAlchemyError, ImportError, OSError) as error:
        raise unusable(target, "the state's database", _SETTING, error) from error
    return engine


def _migrate(connection: sa.Connection, source: sa.Engine | None) -> None:
    """Bring the tables to this release, and copy the rows of `source` into new ones: all or nothing."""
    version = _version(connection)  # Another process may have migrated since it was first read.
    if version == _newest_version():
        return
    if version is not None and version not in {script.revision for script in _scripts().walk_revisions()}:
        raise DatabaseUnusable(
            f"the state's database has the version {version}, which this release does not know: a later release has "
            f"migrated it; run that release, or set {_SETTING} to the backup made before it"
        )
    config = _config()
    config.attributes["connection"] = connection
    if version is None and source is not None:
        command.upgrade(config, _FIRST_VERSION)
        copy_tables(source, connection)
    command.upgrade(config, "head")


def _version(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()


@cache
def _newest_version() -> str | None:
    return _scripts().get_current_head()


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "npf_pipelines.state:migrations")
    return config

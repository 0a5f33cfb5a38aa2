"""Which two databases the settings name, and whether they may be used together.

Not here: how each is opened (platform/database.py, state/database.py).
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from npf_pipelines.config.places import is_same_place
from npf_pipelines.config.settings import Settings
from npf_pipelines.database import DatabaseUnusable, parse_url
from npf_pipelines.platform.database import open_platform
from npf_pipelines.state.database import open_state

_PLATFORMS_OWN = "NPF_STATE_URL names the platform's database: the state needs a database of its own, or a schema"
_SEARCH_PATH = re.compile(r"search_path=([^\s,]+)")
"""A schema of its own in the URL of a database: `?options=-csearch_path%3Dnpf_state`."""


def platform_of(settings: Settings) -> sa.Engine:
    """NPF's platform.

    Raises:
        DatabaseUnusable: it can't be used, may not be used with this state, or lacks parts of the contract.
    """
    _check_both_are_set(settings)
    return open_platform(settings.platform_url.get_secret_value())


def state_of(settings: Settings, platform: Callable[[], sa.Engine], *, fills_new: bool = True) -> sa.Engine:
    """The pipeline's own database.

    Args:
        settings: the settings.
        platform: opens the platform's database, from which a new state is filled.
        fills_new: whether a new state gets the rows of an earlier release.

    Raises:
        DatabaseUnusable: it can't be used, or may not be used with this platform.
    """
    _check_both_are_set(settings)
    platform_url = parse_url(settings.platform_url.get_secret_value(), "NPF_PLATFORM_URL")
    state_url = settings.state_url.get_secret_value()
    state_place = parse_url(state_url, "NPF_STATE_URL")
    if _place(state_place) == _place(platform_url):
        raise DatabaseUnusable(_PLATFORMS_OWN)

    def check_new(state: sa.Engine) -> None:
        are_servers = {url.get_backend_name() for url in (state_place, platform_url)} == {"postgresql"}
        if are_servers and is_same_database(platform(), state):  # Their URLs may name one server in two ways.
            raise DatabaseUnusable(_PLATFORMS_OWN)

    # The earlier releases that kept the state in the platform's database had no cells.
    return open_state(state_url, platform if fills_new and not settings.cell else None, check_new)


def _check_both_are_set(settings: Settings) -> None:
    """Raise an error if one is on a server and the other not set: its default is a file on this machine alone."""
    kinds = {
        name: parse_url(getattr(settings, name).get_secret_value(), f"NPF_{name.upper()}").get_backend_name()
        for name in ("platform_url", "state_url")
    }
    if kinds["platform_url"] != "sqlite" and "state_url" not in settings.model_fields_set:
        raise DatabaseUnusable(
            "NPF_PLATFORM_URL is a server and NPF_STATE_URL is not set: set it to one database for all machines, for "
            "with a state of its own on each machine parcels would be pushed twice"
        )
    if kinds["state_url"] != "sqlite" and "platform_url" not in settings.model_fields_set:
        raise DatabaseUnusable(
            "NPF_STATE_URL is a server and NPF_PLATFORM_URL is not set: set it to NPF's platform, for orders would be "
            f"imported into a new one, {settings.data / 'platform.sqlite'}, where the warehouse does not see them. If "
            f"this is the only machine and that file its platform, write {settings.platform_url.get_secret_value()}"
        )


def is_same_database(one: sa.Engine, other: sa.Engine) -> bool:
    """Whether two engines reach the same tables, however their URLs are written.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: a database can't be reached.
    """
    if one.dialect.name != other.dialect.name:
        return False
    if one.dialect.name == "sqlite":
        return is_same_place(_file_of(one), _file_of(other))
    return _server_of(one) == _server_of(other) and _schema_of(one) == _schema_of(other)


def shared_schema(platform: sa.Engine, state: sa.Engine) -> str | None:
    """The schema of the state's tables, if they are in the platform's own PostgreSQL database.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: a database can't be reached.
    """
    if {platform.dialect.name, state.dialect.name} != {"postgresql"}:
        return None
    return _schema_of(state) if _server_of(platform) == _server_of(state) else None


def _server_of(engine: sa.Engine) -> tuple[Any, ...]:
    """The identity of a PostgreSQL server, and the database there."""
    with engine.connect() as connection:
        return tuple(
            connection.execute(sa.select(sa.func.pg_postmaster_start_time(), sa.func.current_database())).one()
        )


def _schema_of(engine: sa.Engine) -> str | None:
    with engine.connect() as connection:
        schema: str | None = connection.scalar(sa.select(sa.func.current_schema()))
        return schema


def _file_of(engine: sa.Engine) -> str:
    """The file of an SQLite database, as SQLite itself has found it."""
    with engine.connect() as connection:
        return str(connection.exec_driver_sql("SELECT file FROM pragma_database_list WHERE name = 'main'").scalar())


def _place(url: sa.URL) -> tuple[object, ...]:
    """The place of a database as its URL says, whichever account or driver it names."""
    if url.get_backend_name() == "sqlite":
        return ("sqlite", Path(url.database or "").resolve())
    schema = _SEARCH_PATH.search(str(url.query.get("options", "")))
    server = url.host or url.query.get("host"), url.port or 5432
    return url.get_backend_name(), *server, url.database, schema[1] if schema else "public"

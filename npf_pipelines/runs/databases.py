"""Which two databases the settings name, and whether they may be used together.

Not here: how each is opened (platform/database.py, state/database.py).
"""

import re
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from npf_pipelines.config.settings import Settings
from npf_pipelines.database import DatabaseUnusable, parse_url
from npf_pipelines.platform.database import open_platform
from npf_pipelines.state.database import open_state

_SEARCH_PATH = re.compile(r"search_path=([^\s,]+)")
"""A schema of its own in the URL of a database: `?options=-csearch_path%3Dnpf_state`."""


def platform_of(settings: Settings) -> sa.Engine:
    """NPF's platform.

    Raises:
        DatabaseUnusable: it can't be used, or lacks parts of the contract.
    """
    return open_platform(settings.platform_url.get_secret_value())


def state_of(settings: Settings, platform: Callable[[], sa.Engine]) -> sa.Engine:
    """The pipeline's own database.

    Args:
        settings: the settings.
        platform: opens the platform's database, from which a new state is filled.

    Raises:
        DatabaseUnusable: it can't be used, or may not be used with this platform.
    """
    platform_url = parse_url(settings.platform_url.get_secret_value(), "NPF_PLATFORM_URL")
    state_url = settings.state_url.get_secret_value()
    if "state_url" not in settings.model_fields_set and platform_url.get_backend_name() != "sqlite":
        raise DatabaseUnusable(
            "NPF_PLATFORM_URL is a server and NPF_STATE_URL is not set: set it to one database for all machines, for "
            "with a state of its own on each machine parcels would be pushed twice"
        )
    if _place(parse_url(state_url, "NPF_STATE_URL")) == _place(platform_url):
        raise DatabaseUnusable(
            "NPF_STATE_URL names the platform's database: the state needs a database of its own, or a schema"
        )
    # The earlier releases that kept the state in the platform's database had no cells.
    return open_state(state_url, None if settings.cell else platform)


def shared_schema(platform: sa.Engine, state: sa.Engine) -> str | None:
    """The schema of the state's tables, if they are in the platform's own PostgreSQL database.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: a database can't be reached.
    """
    if {platform.dialect.name, state.dialect.name} != {"postgresql"}:
        return None
    # The URLs may name one server in two ways.
    server = sa.select(sa.func.pg_postmaster_start_time(), sa.func.current_database())
    with platform.connect() as one, state.connect() as other:
        if one.execute(server).one() != other.execute(server).one():
            return None
        schema: str | None = other.scalar(sa.select(sa.func.current_schema()))
        return schema


def _place(url: sa.URL) -> tuple[object, ...]:
    """The identity of a database, whichever account, driver or spelling names it."""
    if url.get_backend_name() == "sqlite":
        return ("sqlite", Path(url.database or "").absolute())
    schema = _SEARCH_PATH.search(str(url.query.get("options", "")))
    server = url.host or url.query.get("host"), url.port or 5432
    return url.get_backend_name(), *server, url.database, schema[1] if schema else "public"

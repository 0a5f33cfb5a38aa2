"""Copies state and platform of one environment into the empty databases of another: from one machine to several.

Not here: what is copied of a state (state/copy.py), one client's move to another cell (automation/move.py).
"""

from pathlib import Path

import sqlalchemy as sa

from npf_pipelines.config.settings import Settings
from npf_pipelines.database import CannotCopy, parse_url
from npf_pipelines.platform.copy import copy_whole_platform
from npf_pipelines.runs.databases import platform_of, state_of
from npf_pipelines.runs.services import Services
from npf_pipelines.state import cell_mark
from npf_pipelines.state.copy import check_no_run, copy_whole_state


def copy_state_from(old: Settings, new: Settings) -> dict[str, int]:
    """Copy the state of one environment into the empty one of another; how many rows, by table.

    Raises:
        CannotCopy: see the text; nothing was copied.
        DatabaseUnusable: a database can't be used.
        OfAnotherCell: a state belongs to another cell.
        sqlalchemy.exc.SQLAlchemyError: a database can't be reached.
    """
    _check_file(old, "state_url")
    source, target = Services(old), Services(new)
    if source.cell != target.cell:
        raise CannotCopy(
            f"the old environment is of {source.cell.label}, this one of {target.cell.label}: set NPF_CELL in its file"
        )
    # Rows that an earlier release kept in the new platform's database are older than the state to copy.
    empty = state_of(new, lambda: target.platform_engine, fills_new=False)
    target.cell.check_owner("state", "NPF_STATE_URL", cell_mark.read_mark(empty))
    return copy_whole_state(source.state, empty)


def copy_platform_from(old: Settings, new: Settings) -> dict[str, int]:
    """Copy the platform of one environment into the empty one of another; how many rows, by table.

    Raises:
        CannotCopy: see the text; nothing was copied.
        DatabaseUnusable: a database can't be used.
        sqlalchemy.exc.SQLAlchemyError: a database can't be reached, or refuses a row.
    """
    for name in ("platform_url", "state_url"):
        _check_file(old, name)
    with Services(old).state.connect() as connection:
        check_no_run(connection, "old")
    return copy_whole_platform(platform_of(old), platform_of(new))


def _check_file(old: Settings, name: str) -> None:
    """A file that is missing would be created, and its emptiness be taken for that of the old database."""
    url: sa.URL = parse_url(getattr(old, name).get_secret_value(), f"NPF_{name.upper()}")
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        raise CannotCopy(
            f"{url.database} is not there: set NPF_DATA or NPF_{name.upper()} in the old environment's file"
        )

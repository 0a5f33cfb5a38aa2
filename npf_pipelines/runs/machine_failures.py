"""Failures of the machine as one sentence that names the thing: a file, a folder, a port, a database, a setting.

Not here: failures of a store (cscart/errors.py), files of the lake that can't be read (lake/broken_files.py).
"""

import pydantic
import sqlalchemy as sa

from npf_pipelines.config.settings import Settings, wrong_settings
from npf_pipelines.database import DatabaseUnusable, error_summary


def machine_failure(error: BaseException) -> str:
    """The sentence; empty for any other error.

    An OSError without a file name may come from anywhere, so it counts as another error.
    """
    match error:
        case pydantic.ValidationError() if error.title == Settings.__name__:
            return f"the environment has a setting that can't be read: {wrong_settings(error)}"
        case sa.exc.SQLAlchemyError():
            return _database(error)
        case OSError() if error.filename:
            return f"{error.filename}: {error.strerror}"
    return ""


def _database(error: sa.exc.SQLAlchemyError) -> str:
    """The driver's own words, without the statement, whose values may be a shopper's data."""
    if isinstance(error, DatabaseUnusable):
        return str(error)
    return f"a database failed: {error_summary(error)}"

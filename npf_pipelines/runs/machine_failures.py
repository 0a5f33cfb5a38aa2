"""What a machine can refuse, as one sentence that names the thing: a file, a folder, a port, a database, a setting.

Not here: what a store refuses (cscart/errors.py), a file of the lake that can't be read (broken_files.py).
"""

import pydantic
import sqlalchemy as sa

from npf_pipelines.platform.tables import PlatformUnusable, driver_words

_SETTINGS = "Settings"


def machine_failure(error: BaseException) -> str:
    """The sentence; empty for an error that is not the machine's.

    An OSError without a file name may come from anywhere and is not taken for one.
    """
    match error:
        case pydantic.ValidationError() if error.title == _SETTINGS:
            return _settings(error)
        case sa.exc.SQLAlchemyError():
            return _database(error)
        case OSError() if error.filename:
            return f"{error.filename}: {error.strerror}"
    return ""


def _settings(error: pydantic.ValidationError) -> str:
    # The other folders follow from `data`: that they could not be made says nothing new.
    wrong = [one for one in error.errors(include_input=False) if one["type"] != "default_factory_not_called"]
    named = (f"NPF_{'.'.join(map(str, one['loc'])).upper()} ({one['msg']})" for one in wrong)
    return f"the environment has a setting that can't be read: {', '.join(named)}"


def _database(error: sa.exc.SQLAlchemyError) -> str:
    """The driver's own words, without the statement, whose values may be a shopper's."""
    if isinstance(error, PlatformUnusable):
        return str(error)
    return f"a database failed: {driver_words(error)}"

"""The folder `removed` beside the master setups: the setups of clients that were removed. None of them is read.

Not here: the setups that are read (setup_files.py).
"""

import re
from datetime import datetime
from pathlib import Path

from npf_pipelines.config.setup_files import any_setup_file

_REMOVED = "removed"
_ARCHIVED = re.compile(r"([a-z0-9_-]{1,40})-\d{8}T\d{6}Z\.yaml")
"""The name of a removed client's file: its id and when it was removed."""


def archive_setup(path: Path, client: str, now: datetime) -> Path:
    """Move a removed client's file out of the setups that are read; where it is now.

    Raises:
        OSError: it can't be moved; it is where it was.
    """
    archived = path.parent / _REMOVED / f"{client}-{now:%Y%m%dT%H%M%SZ}.yaml"
    archived.parent.mkdir(exist_ok=True)
    return path.rename(archived)


def removed_clients(folder: Path) -> set[str]:
    """The clients that were removed and have no file now.

    Args:
        folder: of the setups that are read.

    Raises:
        SetupError: the folder can't be read.
    """
    archived = {match[1] for path in (folder / _REMOVED).glob("*.yaml") if (match := _ARCHIVED.fullmatch(path.name))}
    return {client for client in archived if any_setup_file(folder, client) is None}

"""The folder `removed` beside the master setups: the setups of clients that were removed. None of them is read.

Not here: the setups that are read, and who of the removed has one again (setup_files.py).
"""

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from npf_pipelines.config.master_setup import SetupError
from npf_pipelines.config.place_files import copy_file, delete_file, files_in, has_file
from npf_pipelines.config.places import Place
from npf_pipelines.config.sku_file import sku_file_path

_REMOVED = "removed"
_ARCHIVED = re.compile(r"([a-z0-9_-]{1,40})-\d{8}T\d{6}Z\.yaml")
"""The name of a removed client's file: its id and when it was removed."""


def archive_setup(path: Place, client: str, now: datetime) -> Place:
    """Move a removed client's file out of the setups that are read, with its SKU map; where the setup is now.

    A client that gets the id later must not find the map.

    Raises:
        OSError: it can't be moved; it is where it was.
    """
    name = f"{client}-{now:%Y%m%dT%H%M%SZ}"
    sku_file = sku_file_path(path.parent, client)
    if has_file(sku_file):
        _archive(sku_file, f"{name}.skus.csv")
    return _archive(path, f"{name}.yaml")


def _archive(path: Place, name: str) -> Place:
    if isinstance(path, Path):
        folder = path.parent / _REMOVED
        folder.mkdir(exist_ok=True)
        return path.rename(folder / name)
    copy = path.parent / _REMOVED / name
    copy_file(path, copy)  # A bucket has no folders, and moves nothing at once.
    delete_file(path)
    return copy


def archived_setups(folder: Place) -> Mapping[str, Place]:
    """The file of each client that was removed, the latest one; also of a client that has a setup again.

    Args:
        folder: of the setups that are read.

    Raises:
        SetupError: the folder can't be read.
    """
    try:
        files = files_in(folder / _REMOVED, "*.yaml")
    except OSError as error:
        raise SetupError(f"the removed master setups can't be read ({error}): see NPF_CLIENTS") from error
    return {match[1]: path for path in files if (match := _ARCHIVED.fullmatch(path.name))}

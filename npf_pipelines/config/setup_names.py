"""The names of a master setup's fields, and the field that a wrong name probably means.

Not here: the fields (master_setup.py), the sentences about other errors (setup_files.py).
"""

import functools
from collections.abc import Iterator, Sequence

from pydantic import BaseModel

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.config.near_names import nearest_name


def meant_field(location: Sequence[int | str]) -> str | None:
    """The path of the field that was probably meant by one that doesn't exist, in its section or in another.

    Args:
        location: the sections and the name as they are written.
    """
    *sections, name = map(str, location)
    paths = _paths()
    of_section = {path[-1]: path for path in paths if list(path[:-1]) == sections}
    elsewhere = {path[-1]: path for path in reversed(paths)}
    if name in elsewhere:
        return ".".join(elsewhere[name])
    if near := nearest_name(name, of_section):
        return near
    near = nearest_name(name, elsewhere)
    return ".".join(elsewhere[near]) if near else None


@functools.cache
def _paths() -> Sequence[tuple[str, ...]]:
    """The path of each field and section."""
    return list(_fields(MasterSetup, ()))


def _fields(part: type[BaseModel], above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name, field in part.model_fields.items():
        yield (*above, name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _fields(field.annotation, (*above, name))

"""Changes one field of a master setup's file in its place: comments, order and all other lines stay as they are.

Not here: which values a field may have (master_setup.py), the loading of the files (setup_files.py).
"""

import contextlib
import os
from pathlib import Path

import yaml

from npf_pipelines.config.master_setup import SetupError
from npf_pipelines.config.places import Place


def write_field(path: Place, field: str, value: str) -> None:
    """Write a field of the file's top level, in one step: no reader finds half a file.

    Args:
        path: the file.
        field: its name.
        value: a plain word.

    Raises:
        SetupError: the file can't be changed safely, or not at all; with the line to write by hand.
    """
    by_hand = f"{path.name}: write the line `{field}: {value}` by hand"
    if not isinstance(path, Path):
        raise SetupError(f"{by_hand}: the file is {path}")
    path = path.resolve()  # A link stays a link.
    try:
        with path.open(encoding="utf-8", newline="") as file:  # Its line ends stay as they are.
            before = file.read()
        after = with_field(before, field, value)
        if after is None:
            raise SetupError(f"{by_hand}: the file is written in a way that no program can safely change")
        unfinished = path.with_name(f".{path.name}.new")
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        unfinished.chmod(path.stat().st_mode & 0o777)
        unfinished.replace(path)
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"{by_hand}: the file can't be changed: {error}") from error


def with_field(text: str, field: str, value: str) -> str | None:
    """The text of a setup with another value in a field of its top level; None if nothing else would stay as it is."""
    with contextlib.suppress(yaml.YAMLError):
        content = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506
        changed = _changed(text, field, value)
        if changed is not None and yaml.load(changed, Loader=yaml.BaseLoader) == {**content, field: value}:  # noqa: S506
            return changed
    return None


def _changed(text: str, field: str, value: str) -> str | None:
    top = yaml.compose(text, Loader=yaml.BaseLoader)
    if not isinstance(top, yaml.MappingNode):
        return None
    keys = {key.value: (key, written) for key, written in top.value}
    if field in keys:
        written = keys[field][1]
        return f"{text[: written.start_mark.index]}{value}{text[written.end_mark.index :]}"
    # After the one-line fields at the beginning: a person expects it there.
    for neighbour in ("paused", "name", "id"):
        if neighbour in keys:
            key, written = keys[neighbour]
            above, below = _after_line(text, written.end_mark.index)
            newline = "\r\n" if above.endswith("\r\n") else "\n"
            return f"{above}{' ' * key.start_mark.column}{field}: {value}{newline}{below}"
    return None


def _after_line(text: str, place: int) -> tuple[str, str]:
    """The text up to the end of the line that ends at the place, or in which it is, and the rest."""
    if not text[:place].endswith("\n"):
        place = text.find("\n", place) + 1 or len(text)
    above = text[:place]
    return above if above.endswith("\n") else f"{above}\n", text[place:]

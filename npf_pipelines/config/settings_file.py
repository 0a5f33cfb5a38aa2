"""The settings of another cell, from the file of its environment, as systemd reads it.

Not here: the settings of this process (settings.py).
"""

import io
from pathlib import Path

from dotenv import dotenv_values
from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from npf_pipelines.config.settings import Settings, wrong_settings
from npf_pipelines.errors import NpfError

_PREFIX = "NPF_"


class SettingsUnreadable(NpfError):
    """The file can't be read, or a setting in it is wrong."""


class _OfFile(Settings):
    """Settings that no variable of this process's environment reaches."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        *_: PydanticBaseSettingsSource,
        **__: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def settings_in(file: Path) -> tuple[Settings, str]:
    """The settings that a file names, and its DAGSTER_HOME; empty if it names none.

    Raises:
        SettingsUnreadable: there is no such file, or a setting in it is wrong.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsUnreadable(f"{file} can't be read: {error}") from error
    values = {name: value or "" for name, value in dotenv_values(stream=io.StringIO(text), interpolate=False).items()}
    fields = {name.removeprefix(_PREFIX).lower(): value for name, value in values.items() if name.startswith(_PREFIX)}
    try:
        return _OfFile.model_validate(fields), values.get("DAGSTER_HOME", "")
    except ValidationError as error:
        raise SettingsUnreadable(f"{file} has a setting that can't be used: {wrong_settings(error)}") from None

"""The settings: the environment variables, read once, in one object.

Not here: the configuration of one client (master_setup.py).
"""

from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from npf_pipelines.config.places import Place, bucket_url, checked_text, checked_url, local_folder, place
from npf_pipelines.config.store_address import is_loopback
from npf_pipelines.config.umask import OWNER_ONLY, parse_umask

_Folder = Annotated[Path, BeforeValidator(local_folder), AfterValidator(Path.absolute)]
_Minutes = Annotated[int, Field(ge=5, le=1440)]
"""Not less than the five minutes at which the sweeps check which clients are due."""


_RESERVED = frozenset({"dagster", "npf", "npf_pipelines"})
"""Names of the code without a cell: its Celery queue, its file in /etc/npf, its code location (deploy/)."""


def _webhook(written: SecretStr) -> SecretStr:
    # Its address is its key: no text quotes it.
    try:
        parts = urlsplit(checked_text(written.get_secret_value()))
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))):
        raise ValueError("write the webhook's address, with https")
    return written


def _page_address(written: str) -> str:
    parts = urlsplit(checked_text(written))
    # A path is on the host that serves the UI.
    if not written.startswith("/") and not (parts.scheme in {"http", "https"} and parts.hostname):
        raise ValueError("write the address with http:// or https://")
    return written


def _database_url(written: SecretStr) -> SecretStr:
    url = checked_text(written.get_secret_value())
    dialect, _, database = url.partition("://")
    if dialect.startswith("sqlite") and database in {"", "/", "/:memory:"}:
        raise ValueError("it names no file, so each process would have its own: write sqlite:////srv/npf/name.sqlite")
    return written


def _cell_name(written: str) -> str:
    if written in _RESERVED:
        raise ValueError(f"{written} names what belongs to no cell: give the cell another name")
    return written


def _in_data(name: str) -> Any:
    """A place in the data folder, in a cell's own part of it."""

    def place(fields: dict[str, Any]) -> Path:
        folder: Path = fields["data"]
        return (folder / "cells" / fields["cell"] if fields["cell"] else folder) / name

    return place


class Settings(BaseSettings):
    """Where things are. Every field can be set as `NPF_<FIELD>`."""

    model_config = SettingsConfigDict(
        env_prefix="NPF_", extra="ignore", frozen=True, validate_default=True, hide_input_in_errors=True
    )

    cell: Annotated[str, Field(pattern="^([a-z][a-z0-9_]{0,29})?$"), AfterValidator(_cell_name)] = Field(
        "",
        description="The name of the cell, where several share one Dagster; none by default. Master setups, lake, "
        "reports and state are then in the folder cells/NAME of the data folder, unless they are set.",
    )
    data: _Folder = Field(Path("data"), description="The folder of all data.")
    clients: Annotated[Place, PlainValidator(place)] = Field(
        default_factory=_in_data("clients"),
        description="The folder of the master setups, or its URL in a bucket, where several machines read it.",
    )
    lake: Annotated[str, AfterValidator(checked_url)] = Field(
        default_factory=lambda fields: str(_in_data("lake")(fields)),
        description="The lake's folder, or the URL of its bucket.",
    )
    reports: Annotated[Place, PlainValidator(place)] = Field(
        default_factory=_in_data("reports"), description="The folder of the reports' pages, or its URL in a bucket."
    )
    logs: Annotated[str, AfterValidator(bucket_url)] | None = Field(
        None,
        description="The URL in a bucket for what runs print, so that each machine shows it; a folder in DAGSTER_HOME "
        "otherwise. npf init writes it into a new dagster.yaml.",
    )
    reports_url: Annotated[str, AfterValidator(_page_address)] = Field(
        "http://127.0.0.1:3100", description="The address of that folder for a browser; the UI links to it."
    )
    umask: Annotated[int, BeforeValidator(parse_umask)] = Field(
        OWNER_ONLY, description="The umask of new folders and files: 077 for the owner only, 027 lets the group read."
    )
    automation: Literal["running", "stopped"] = Field(
        "stopped", description="Whether schedules and sensors run; a switch set in the UI takes precedence."
    )
    orders_minutes: _Minutes = Field(
        15,
        description="Minutes between two sweeps for orders; four times as many, and at most half of "
        "alerts.no_pull_hours, where new_orders hears of each change in the store.",
    )
    shipments_minutes: _Minutes = Field(
        30, description="Minutes between two sweeps for shipments, twice as many where none is open."
    )
    stock_minutes: _Minutes = Field(60, description="Minutes between two sweeps for stock.")
    shards: Annotated[int, Field(ge=1, le=64)] = Field(
        1,
        description="Over how many runs sweeps, sensors and nightly runs spread the clients: several for several "
        "workers. A client always comes into the same one.",
    )
    sensor_seconds: Annotated[int, Field(ge=5)] = Field(
        30, description="Seconds between two ticks of new_orders and of platform_changes; other sensors have their own."
    )
    snapshot_days: Annotated[int, Field(ge=1)] = Field(60, description="Days for which stock snapshots are kept.")
    run_days: Annotated[int, Field(ge=7)] = Field(90, description="Days for which Dagster's runs are kept.")
    personal_data_days: Annotated[int, Field(ge=31)] = Field(
        90, description="Days for which pulled orders keep personal data; more than the nightly sweep goes back."
    )
    answer_megabytes: Annotated[int, Field(ge=1)] = Field(
        64,
        description="Megabytes that one answer of a store may have, unpacked. A larger page is requested in parts.",
    )
    stall_minutes: Annotated[int, Field(ge=1)] = Field(
        15,
        description="Minutes without a new row, a write or a finished day before a client's part of a run fails.",
    )
    alerts_webhook: Annotated[SecretStr, AfterValidator(_webhook)] | None = Field(
        None, description="The webhook that gets the alerts; its address is a secret."
    )
    alert_messages: Literal["on", "off"] = Field(
        "on", description="Whether alerts send messages; off where Alertmanager sends them from the metrics."
    )
    platform_url: Annotated[SecretStr, AfterValidator(_database_url)] = Field(
        default_factory=lambda fields: SecretStr(f"sqlite:///{fields['data'] / 'platform.sqlite'}"),
        description="The platform's database as an SQLAlchemy URL, which may hold a password. With a state on "
        "PostgreSQL it must be set.",
    )
    state_url: Annotated[SecretStr, AfterValidator(_database_url)] = Field(
        default_factory=lambda fields: SecretStr(f"sqlite:///{_in_data('state.sqlite')(fields)}"),
        description="The pipeline's own database as an SQLAlchemy URL, which may hold a password. With a platform on "
        "PostgreSQL it must be set, to one database for all machines.",
    )

    @property
    def largest_answer(self) -> int:
        """Bytes that one answer of a store may have."""
        return self.answer_megabytes * 1_000_000


def wrong_settings(error: ValidationError) -> str:
    """The settings that can't be used, each with what is wrong; no value is quoted, for it may hold a password."""
    # The other folders follow from `data`; without it they have no default, which says nothing new.
    wrong = [detail for detail in error.errors(include_input=False) if detail["type"] != "default_factory_not_called"]
    named = (
        f"NPF_{'.'.join(map(str, detail['loc'])).upper()} ({detail['msg'].removeprefix('Value error, ')})"
        for detail in wrong
    )
    return ", ".join(named)

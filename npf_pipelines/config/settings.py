"""The settings: the environment variables, read once, in one object.

Not here: the configuration of one client (master_setup.py).
"""

from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from npf_pipelines.config.store_address import is_loopback
from npf_pipelines.config.umask import OWNER_ONLY, parse_umask

_Folder = Annotated[Path, AfterValidator(Path.absolute)]
_Minutes = Annotated[int, Field(ge=5, le=1440)]
"""Not less than the five minutes at which the sweeps check which clients are due."""


def _webhook(written: SecretStr) -> SecretStr:
    # Its address is its key: no text quotes it.
    try:
        parts = urlsplit(written.get_secret_value())
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))):
        raise ValueError("write the webhook's address, with https")
    return written


def _in_data(name: str) -> Any:
    return lambda fields: fields["data"] / name


class Settings(BaseSettings):
    """Where things are. Every field can be set as `NPF_<FIELD>`."""

    model_config = SettingsConfigDict(
        env_prefix="NPF_", extra="ignore", frozen=True, validate_default=True, hide_input_in_errors=True
    )

    data: _Folder = Field(Path("data"), description="The folder of all data.")
    clients: _Folder = Field(default_factory=_in_data("clients"), description="The folder of the master setups.")
    lake: str = Field(
        default_factory=lambda fields: str(fields["data"] / "lake"),
        description="The lake's folder, or the URL of its bucket.",
    )
    reports: _Folder = Field(default_factory=_in_data("reports"), description="The folder of the reports' pages.")
    reports_url: str = Field(
        "http://127.0.0.1:3100", description="The address of that folder for a browser; the UI links to it."
    )
    umask: Annotated[int, BeforeValidator(parse_umask)] = Field(
        OWNER_ONLY, description="The umask of new folders and files: 077 for the owner only, 027 lets the group read."
    )
    automation: Literal["running", "stopped"] = Field(
        "stopped", description="Whether schedules and sensors run; a switch set in the UI takes precedence."
    )
    orders_minutes: _Minutes = Field(15, description="Minutes between two sweeps for orders.")
    shipments_minutes: _Minutes = Field(15, description="Minutes between two sweeps for shipments.")
    stock_minutes: _Minutes = Field(60, description="Minutes between two sweeps for stock.")
    sensor_seconds: Annotated[int, Field(ge=5)] = Field(30, description="Seconds between two ticks of a sensor.")
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
    platform_url: SecretStr = Field(
        default_factory=lambda fields: SecretStr(f"sqlite:///{fields['data'] / 'platform.sqlite'}"),
        description="The platform's database as an SQLAlchemy URL, which may hold a password.",
    )
    state_url: SecretStr = Field(
        default_factory=lambda fields: SecretStr(f"sqlite:///{fields['data'] / 'state.sqlite'}"),
        description="The pipeline's own database as an SQLAlchemy URL, which may hold a password. With a platform on "
        "PostgreSQL it must be set, to one database for all machines.",
    )

    @property
    def largest_answer(self) -> int:
        """Bytes that one answer of a store may have."""
        return self.answer_megabytes * 1_000_000

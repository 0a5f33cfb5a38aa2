"""The master setup: the record that configures one client.

Not here: the files and their loading (setup_files.py), the validation of single fields (setup_fields.py), the meaning
of a status name in a store (domain/order_statuses.py).
"""

import os
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr, model_validator

from npf_pipelines.config.setup_fields import (
    Countries,
    Name,
    Names,
    Percent,
    StoreUrl,
    TimeOfDay,
    TimeZoneName,
    VariableName,
)
from npf_pipelines.config.status_names import STOP_FIELD, contradictions, text_key


class SetupError(Exception):
    """A master setup, or something that it names, is wrong; the text names client or file, field and remedy."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class StoreSetup(_Part):
    """The client's store and its access."""

    url: StoreUrl
    api_user: Name
    api_key_env: VariableName
    user_id: Annotated[int, Field(ge=1)]
    time_zone: TimeZoneName
    concurrency: Annotated[int, Field(ge=1, le=16)] = 4


class OrdersSetup(_Part):
    """The orders of the store that are imported, and their numbers."""

    start_date: date
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{0,10}$")] = ""
    statuses: Names
    continue_statuses: Names = ()
    stop_statuses: Names = ()
    countries: Countries = None
    cut_off: TimeOfDay = None
    lines_without_code: Literal["set_aside", "leave_out"] = "set_aside"


class TrackingSetup(_Part):
    """The tracking and the statuses that the store gets."""

    shipped_status: Name | None = None
    partially_shipped_status: Name | None = None
    short_shipped_status: Name | None = None
    notify_customer: bool = False
    carriers: dict[str, Name] = {}


class ChangeLimitSetup(_Part):
    """The share of the store that a stock push may change without a person's confirmation."""

    changed_percent: Percent = 50
    zeroed_percent: Percent = 10


class StockSetup(_Part):
    """The stock figure that the store gets."""

    quantity: Literal["on_hand", "available", "off"]
    negative_as_zero: bool = False
    on_hand_less_in_flight: bool = False
    in_flight_days: Annotated[int, Field(ge=1, le=365)] = 30
    same_sku: Literal["all", "none"] = "all"
    missing_sku: Literal["leave", "zero"] = "leave"
    store_location: Annotated[int, Field(ge=1)] | None = None
    change_limit: Annotated[ChangeLimitSetup, Field(validation_alias=AliasChoices("change_limit", "brake"))] = (
        ChangeLimitSetup()
    )
    """`brake` is its earlier name, still accepted."""

    @property
    def takes_sales_off(self) -> bool:
        """Whether orders in flight are taken off the figure."""
        return self.quantity == "available" or self.on_hand_less_in_flight


class AlertsSetup(_Part):
    """When the client causes an alert."""

    no_pull_hours: Annotated[int, Field(ge=1, le=168)] = 2

    @property
    def pull_limit(self) -> timedelta:
        """How long the client may go without a pull that went well."""
        return timedelta(hours=self.no_pull_hours)


class MasterSetup(_Part):
    """One client's configuration record."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")]
    name: Name
    paused: bool = False
    store: StoreSetup
    orders: OrdersSetup
    tracking: TrackingSetup = TrackingSetup()
    stock: StockSetup
    alerts: AlertsSetup = AlertsSetup()

    @model_validator(mode="after")
    def _statuses_agree(self) -> "MasterSetup":
        named = {field: {text_key(name): name for name in names} for field, names in self.status_names.items()}
        if found := contradictions(named):
            raise ValueError("; ".join(found))
        return self

    @property
    def status_names(self) -> Mapping[str, tuple[str, ...]]:
        """The names of order statuses that the setup gives, by field; none where it leaves the field out."""
        tracking = self.tracking
        single = {
            "tracking.shipped_status": tracking.shipped_status,
            "tracking.partially_shipped_status": tracking.partially_shipped_status,
            "tracking.short_shipped_status": tracking.short_shipped_status,
        }
        return {
            "orders.statuses": self.orders.statuses,
            "orders.continue_statuses": self.orders.continue_statuses,
            STOP_FIELD: self.orders.stop_statuses,
            **{field: (name,) if name else () for field, name in single.items()},
        }

    @property
    def zone(self) -> ZoneInfo:
        """The client's time zone, in which its days begin and end."""
        return ZoneInfo(self.store.time_zone)

    def api_key(self, environ: Mapping[str, str] = os.environ) -> SecretStr:
        """The store's API key, from the environment variable that the setup names.

        Raises:
            SetupError: the variable is not set.
        """
        key = environ.get(self.store.api_key_env, "")
        if not key:
            raise SetupError(
                f"{self.id}: the environment variable {self.store.api_key_env} (store.api_key_env) is not set: "
                "give it the store's API key"
            )
        return SecretStr(key)

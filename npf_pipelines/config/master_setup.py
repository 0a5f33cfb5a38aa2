"""The master setup: the record that configures one client.

Not here: the files and their loading (setup_files.py), the validation of single fields (setup_fields.py), the meaning
of a status name in a store (domain/order_statuses.py).
"""

import os
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr, model_validator

from npf_pipelines.config.setup_fields import (
    Buffer,
    Countries,
    EveryMinutes,
    Ids,
    Name,
    Names,
    Percent,
    QuietHours,
    ShippingMethods,
    StoreUrl,
    TimeOfDay,
    TimeZoneName,
    VariableName,
)
from npf_pipelines.config.status_names import STOP_FIELD, contradictions, text_key
from npf_pipelines.errors import NpfError


class SetupError(NpfError):
    """A master setup, or something that it names, is wrong; the text names client or file, field and remedy."""


class _Part(BaseModel):
    # The docstring below a field is its description in the reference.
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, use_attribute_docstrings=True)


class StoreSetup(_Part):
    """The client's store and its access."""

    url: StoreUrl
    """The store's address, without `/api`. One store is one client, or several with `orders.storefronts` or
    `store.vendor` of their own."""
    api_user: Name
    """The API user name: the administrator's e-mail address."""
    api_key_env: VariableName
    """The name of the environment variable that holds the API key."""
    user_id: Annotated[int, Field(ge=1)]
    """The administrator's user ID. `npf client check` compares it with the store."""
    time_zone: TimeZoneName
    """The client's time zone, for example `Australia/Sydney`. Its days begin and end there."""
    vendor: Annotated[int, Field(ge=1)] | None = None
    """The id of the vendor of a Multi-Vendor store whose orders and products are the client's. The whole store if left
    out."""
    quiet_hours: QuietHours = None
    """The local time in which nothing is written to the store, for example `"22:00-06:00"`. Pushes wait for its end."""
    concurrency: Annotated[int, Field(ge=1, le=16)] = 4
    """Requests to the store at a time."""


class HoldSetup(_Part):
    """The orders that are held until a person releases them; an order that one of the two names is held."""

    total_above: Annotated[Decimal, Field(ge=0)] | None = None
    """Orders with a total above this, in the store's currency."""
    countries: Countries = None
    """Orders that go to these countries, as names or ISO codes."""


class OrdersSetup(_Part):
    """The orders of the store that are imported, and their numbers."""

    every_minutes: EveryMinutes = None
    """Minutes between two sweeps for the client's orders. As in the settings if left out."""
    start_date: date
    """The order start date: orders placed from 00:00 of this day in the client's time zone are live."""
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{0,10}$")] = ""
    """The order prefix: with `CS`, order 1000012 is imported as CS1000012. A new prefix applies to new orders."""
    statuses: Names
    """Statuses in which an order is imported. Names or letters."""
    continue_statuses: Names = ()
    """Statuses in which an imported order continues. Names or letters."""
    stop_statuses: Names = ()
    """Statuses in which an imported order stops. Names or letters."""
    storefronts: Ids = ()
    """The ids of the storefronts whose orders are imported. Orders of all storefronts if left out."""
    countries: Countries = None
    """Countries to ship to, as names or ISO codes. All countries if left out."""
    cut_off: TimeOfDay = None
    """The local time of the same-day cut-off, for example `"14:00"`. Orders are swept every 5 minutes in the 2 hours
    before it, and once more at the cut-off."""
    hold_minutes: Annotated[int, Field(ge=1, le=1440)] | None = None
    """The grace period: minutes for which an order is held after its last change. No order is held if left out."""
    hold_past_cut_off: bool = False
    """Whether the grace period may go beyond the cut-off. Otherwise it ends 3 minutes before it."""
    hold: HoldSetup = HoldSetup()
    lines_without_code: Literal["set_aside", "leave_out"] = "set_aside"
    """`set_aside` sends an order with a line that has no product code to manual review; `leave_out` imports it
    without that line."""
    shipping_methods: ShippingMethods = None
    """The warehouse's despatch code by the store's shipping method, for example `{Express: EXP, "*": STD}`. A key is a
    name in any letter case, an ID, or `"*"` for all other methods. An order with a method without a code is held."""
    skus: Literal["file", "platform"] | None = None
    """Where the map of the store's codes to the warehouse's is: `file`, the id and `.skus.csv` beside this setup, or
    `platform`, its table `kits`. The codes are the same if left out."""


class TrackingSetup(_Part):
    """How shipments are pushed to the store."""

    every_minutes: EveryMinutes = None
    """Minutes between two sweeps for the client's shipments. As in the settings if left out."""
    shipped_status: Name | None = None
    """The status of an order that has shipped in full. The status stays as it is if left out."""
    partially_shipped_status: Name | None = None
    """The status of an order whose rest is on back order. The status stays as it is if left out."""
    short_shipped_status: Name | None = None
    """The status of an order that was shipped short. The status stays as it is if left out."""
    notify_customer: bool = False
    """Whether the store e-mails the customer about each shipment."""
    carriers: dict[str, Name] = {}
    """The store's carrier code by NPF's carrier name, for example `{Australia Post: aup}`."""


class ChangeLimitSetup(_Part):
    """How much of the store one stock push may change without a person."""

    changed_percent: Percent = 50
    """The percentage of the products that one push may change."""
    zeroed_percent: Percent = 10
    """The percentage of the products that one push may set to 0."""


class StockSetup(_Part):
    """The stock figure that the store gets."""

    quantity: Literal["on_hand", "available", "off"]
    """The figure that the store gets: SOH, Available SOH, or none."""
    every_minutes: EveryMinutes = None
    """Minutes between two sweeps for the client's stock. As in the settings if left out."""
    negative_as_zero: bool = False
    """Whether the store gets 0 for a negative figure."""
    on_hand_less_in_flight: bool = False
    """Whether `on_hand` excludes units of orders that the warehouse does not have yet."""
    in_flight_days: Annotated[int, Field(ge=1, le=365)] = 30
    """The age in days up to which an order that the warehouse does not have yet reduces the figure."""
    buffer: Buffer = {}
    """Units that the store never offers: `5`, a percentage like `10%`, or a size by SKU, where `"*"` is for all others,
    for example `{"*": 10%, TEA: 5}`. Nothing is kept back if left out."""
    maximum: Annotated[int, Field(ge=1)] | None = None
    """The most units of a SKU that the store offers. No limit if left out."""
    same_sku: Literal["all", "split", "none"] = "all"
    """The amounts of several products with the same code: `all` gives each the whole figure, `split` even shares of it,
    `none` nothing, and manual review decides."""
    missing_sku: Literal["leave", "zero"] = "leave"
    """The amount of a pushed SKU that the warehouse no longer counts: `leave` keeps it, `zero` sets 0."""
    store_location: Ids = ()
    """The id of the warehouse's location in a store that splits its stock over several. A list where the store sells
    the warehouse's stock from all its locations: their amounts add up to the figure."""
    change_limit: Annotated[ChangeLimitSetup, Field(validation_alias=AliasChoices("change_limit", "brake"))] = (
        ChangeLimitSetup()
    )
    """`brake` is its earlier name, still accepted."""

    @property
    def takes_sales_off(self) -> bool:
        """Whether orders in flight are taken off the figure."""
        return self.quantity == "available" or self.on_hand_less_in_flight


class AlertsSetup(_Part):
    """When alerts about the client open."""

    no_pull_hours: Annotated[int, Field(ge=1, le=168)] = 2
    """Hours without a pull of orders before an alert opens."""

    @property
    def pull_limit(self) -> timedelta:
        """How long the client may go without a pull that went well."""
        return timedelta(hours=self.no_pull_hours)


class MasterSetup(_Part):
    """One client's configuration record."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")]
    """The client's id and partition key: a-z, 0-9, `-` and `_`."""
    name: Name
    """The client's name."""
    paused: bool = False
    """`true` pauses the client: its store and its partitions are left alone."""
    mode: Literal["trial", "live"] | None = None
    """`trial` pulls and decides orders, and only shows what would be imported and pushed; `live` imports and pushes.
    `trial` if left out, but a client that was live before stays live."""
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

    @model_validator(mode="after")
    def _one_scope(self) -> "MasterSetup":
        if self.store.vendor and self.orders.storefronts:
            raise ValueError("store.vendor and orders.storefronts: name one of the two: a vendor has no storefront")
        return self

    @model_validator(mode="after")
    def _pulled_in_time(self) -> "MasterSetup":
        if (self.orders.every_minutes or 0) > 60 * self.alerts.no_pull_hours:
            raise ValueError(
                f"orders.every_minutes: {self.orders.every_minutes} minutes are longer than the "
                f"{self.alerts.no_pull_hours} hours of alerts.no_pull_hours: an alert would open between two sweeps"
            )
        return self

    def interval(self, flow: str) -> timedelta | None:
        """The client's own time between two sweeps of a flow; None where the settings decide."""
        minutes = {
            "orders": self.orders.every_minutes,
            "shipments": self.tracking.every_minutes,
            "stock": self.stock.every_minutes,
        }[flow]
        return timedelta(minutes=minutes) if minutes else None

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

    def api_key(self) -> SecretStr:
        """The store's API key, from the environment variable that the setup names.

        Raises:
            SetupError: the variable is not set.
        """
        key = os.environ.get(self.store.api_key_env, "")
        if not key:
            raise SetupError(
                f"{self.id}: the environment variable {self.store.api_key_env} (store.api_key_env) is not set: "
                "give it the store's API key"
            )
        return SecretStr(key)

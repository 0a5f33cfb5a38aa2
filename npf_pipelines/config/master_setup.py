"""The master setups: one YAML file for each client, its model, its validation and its loading.

Not here: what the store makes of a status name (domain/order_statuses.py), or what follows from a setup (rules/).
"""

import functools
import ipaddress
import os
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)

from npf_pipelines.config.countries import country_code
from npf_pipelines.config.status_names import STOP_FIELD, contradictions, text_key
from npf_pipelines.config.store_address import comparable_address

_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""Every scalar stays text: YAML itself would read the country NO as false and the prefix 007 as 7.

In C where there is one: sensors read all setups every half minute.
"""


class SetupError(Exception):
    """A master setup, or what it points at, is wrong; the text names client or file, field and what to do."""


_HOW_TO_WRITE_A_STORE = "write the store's address like https://shop.example.com"


def _store_url(written: str) -> str:
    try:
        parts = urlsplit(written)
        host, _ = parts.hostname, parts.port
    except ValueError:  # Its text quotes what stands in the place of host or port: it may be a password.
        raise ValueError(_HOW_TO_WRITE_A_STORE) from None
    if parts.scheme not in {"http", "https"} or not host:
        raise ValueError(_HOW_TO_WRITE_A_STORE)
    if parts.username or parts.password:
        raise ValueError("an address holds no user and no password: use api_user and api_key_env")
    if parts.query or parts.fragment or parts.path.rstrip("/").endswith(("/api", "/api/2.0", "/api.php")):
        raise ValueError("write the store's address only, without /api or api.php")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("use https: the API key would travel in the clear")
    return written.rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _variable_name(written: str) -> str:
    # What stands here may be the key itself, by mistake: it isn't quoted, and lower case gives it away.
    if not re.fullmatch(r"[A-Z_][A-Z0-9_]*", written):
        raise ValueError("write the NAME of the environment variable that holds the API key, in capitals")
    return written


def _time_zone(written: str) -> str:
    try:
        ZoneInfo(written)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder of zones
        raise ValueError(f"{written!r} is no time zone: write one like Australia/Sydney") from None
    return written


def _not_an_empty_list(written: Any) -> Any:
    if written in ("", []):
        raise ValueError("is empty: name at least one, or leave the line out where it is optional")
    return [written] if isinstance(written, str) else written


def _time_of_day(written: Any) -> Any:
    # Strictly: a bare 1400 would be read as seconds after midnight, a zone would contradict the store's.
    if written is not None and not (isinstance(written, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", written)):
        raise ValueError('write a local time of day like "14:00"')
    return written


_Name = Annotated[str, Field(min_length=1, max_length=100)]
_Country = Annotated[str, AfterValidator(country_code)]


class _Part(BaseModel):
    # The docstring below a field is its description in the reference.
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, use_attribute_docstrings=True)


class StoreSetup(_Part):
    """How to reach the client's store."""

    url: Annotated[str, AfterValidator(_store_url)]
    """The store's address, without `/api`. One store is one client."""
    api_user: _Name
    """The API user name: the administrator's e-mail address."""
    api_key_env: Annotated[str, AfterValidator(_variable_name)]
    """The name of the environment variable that holds the API key."""
    user_id: Annotated[int, Field(ge=1)]
    """The administrator's user ID."""
    time_zone: Annotated[str, AfterValidator(_time_zone)]
    """The client's time zone, for example `Australia/Sydney`. Its days begin and end there."""
    concurrency: Annotated[int, Field(ge=1, le=16)] = 4
    """Requests to the store at a time."""


class OrdersSetup(_Part):
    """Which of the store's orders come to the warehouse, and under which number."""

    start_date: date
    """The order start date: orders placed from 00:00 of this day in the client's time zone are live."""
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{0,10}$")] = ""
    """The order prefix: with `CS`, order 1000012 is imported as CS1000012. A new prefix applies to new orders."""
    statuses: Annotated[tuple[_Name, ...], BeforeValidator(_not_an_empty_list)]
    """Statuses in which an order is imported. Names or letters."""
    continue_statuses: Annotated[tuple[_Name, ...], BeforeValidator(_not_an_empty_list)] = ()
    """Statuses in which an imported order continues. Names or letters."""
    stop_statuses: Annotated[tuple[_Name, ...], BeforeValidator(_not_an_empty_list)] = ()
    """Statuses in which an imported order stops. Names or letters."""
    countries: Annotated[tuple[_Country, ...] | None, BeforeValidator(_not_an_empty_list)] = None
    """Countries to ship to, as names or ISO codes. All countries if left out."""
    cut_off: Annotated[time | None, BeforeValidator(_time_of_day)] = None
    """The local time of the same-day cut-off, for example `"14:00"`. Orders are swept every 5 minutes in the 2 hours
    before it."""
    lines_without_code: Literal["set_aside", "leave_out"] = "set_aside"
    """`set_aside` sends an order with a line that has no product code to manual review; `leave_out` imports it
    without that line."""


class TrackingSetup(_Part):
    """How shipments are pushed to the store."""

    shipped_status: _Name | None = None
    """The status of an order that has shipped in full. The status stays as it is if left out."""
    partially_shipped_status: _Name | None = None
    """The status of an order whose rest is on back order. The status stays as it is if left out."""
    short_shipped_status: _Name | None = None
    """The status of an order that was shipped short. The status stays as it is if left out."""
    notify_customer: bool = False
    """Whether the store e-mails the customer about each shipment."""
    carriers: dict[str, _Name] = {}
    """The store's carrier code by NPF's carrier name, for example `{Australia Post: aup}`."""


_Percent = Annotated[int, Field(ge=0, le=100)]


class ChangeLimitSetup(_Part):
    """How much of the store one stock push may change without a person."""

    changed_percent: _Percent = 50
    """The percentage of the products that one push may change."""
    zeroed_percent: _Percent = 10
    """The percentage of the products that one push may set to 0."""


class StockSetup(_Part):
    """Which stock figure the store gets."""

    quantity: Literal["on_hand", "available", "off"]
    """The figure that the store gets: SOH, Available SOH, or none."""
    negative_as_zero: bool = False
    """Whether the store gets 0 for a negative figure."""
    on_hand_less_in_flight: bool = False
    """Whether `on_hand` excludes units of orders that the warehouse does not have yet."""
    in_flight_days: Annotated[int, Field(ge=1, le=365)] = 30
    """The age in days up to which an order that the warehouse does not have yet reduces the figure."""
    same_sku: Literal["all", "none"] = "all"
    """Whether all products with the same code get the figure, or none does and manual review decides."""
    missing_sku: Literal["leave", "zero"] = "leave"
    """The amount of a pushed SKU that the warehouse no longer counts: `leave` keeps it, `zero` sets 0."""
    store_location: Annotated[int, Field(ge=1)] | None = None
    """The id of the warehouse's location in a store that splits its stock over several."""
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
    name: _Name
    """The client's name."""
    paused: bool = False
    """`true` pauses the client: its store and its partitions are left alone."""
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


@dataclass(frozen=True)
class MasterSetups:
    """What a folder of master setups holds: the good ones by client id, and each error of the others."""

    clients: Mapping[str, MasterSetup] = field(default_factory=dict)
    errors: tuple[str, ...] = ()

    def __getitem__(self, client: str) -> MasterSetup:
        """The client's setup.

        Raises:
            SetupError: there is no valid one; with the errors found, for one of them may be the reason.
        """
        try:
            return self.clients[client]
        except KeyError:
            known = ", ".join(sorted(self.clients)) or "none"
            also = "".join(f"\n{error}" for error in self.errors)
            raise SetupError(f"{client}: no valid master setup (valid ones: {known}){also}") from None


def load_master_setups(folder: Path) -> MasterSetups:
    """Every `*.yaml` of the folder; a wrong one costs only its own client.

    Raises:
        SetupError: the folder can't be read. That is never the same as "no clients".
    """
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix in {".yaml", ".yml"})
    except OSError as error:
        raise SetupError(f"the folder of the master setups can't be read ({error}): set NPF_CLIENTS") from error
    clients: dict[str, MasterSetup] = {}
    names: dict[str, str] = {}
    errors: list[str] = []
    for path in files:
        try:
            setup = _load(path)
        except SetupError as error:
            errors.append(str(error))
            continue
        if setup.id in clients:
            errors.append(f"{path.name}: id: another file has the client {setup.id!r} already")
        else:
            clients[setup.id], names[setup.id] = setup, path.name
    for client, sentence in _sharing_a_store(clients, names):
        del clients[client]
        errors.append(sentence)
    return MasterSetups(clients, tuple(errors))


def _sharing_a_store(clients: Mapping[str, MasterSetup], names: Mapping[str, str]) -> list[tuple[str, str]]:
    """The clients whose store is also another's, each with a sentence: both would import the same orders.

    Args:
        clients: the valid setups by client.
        names: the names of their files.
    """
    by_address: defaultdict[str, list[str]] = defaultdict(list)
    for client, setup in clients.items():
        by_address[comparable_address(setup.store.url)].append(client)
    found = []
    for sharing in by_address.values():
        for client in sharing if len(sharing) > 1 else ():
            others = " and ".join(names[one] for one in sharing if one != client)
            sentence = (
                f"{names[client]}: store.url: {others} has the same store, and each would import all of its orders: "
                "one store is one client, so keep one of the files"
            )
            found.append((client, sentence))
    return found


def _load(path: Path) -> MasterSetup:
    try:
        return _parse(path.name, path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"{path.name}: can't be read: {error}") from error


@functools.lru_cache(maxsize=4096)
def _parse(name: str, text: str) -> MasterSetup:
    """A file's setup. Sensors and sweeps ask for all of them every few seconds: the same text is parsed once."""
    try:
        content = yaml.load(text, Loader=_LOADER)  # noqa: S506
    except yaml.YAMLError as error:
        # The parser's own text quotes the line, which may hold a key pasted by mistake.
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise SetupError(f"{name}: {where}is not YAML") from None
    try:
        return MasterSetup.model_validate(content)
    except ValidationError as error:
        lines = (f"{name}: {_where(one['loc'])}: {_what(one)}" for one in error.errors())
        raise SetupError("\n".join(lines)) from None


def _where(location: tuple[int | str, ...]) -> str:
    return ".".join(str(step) for step in location) or "the whole file"


def _what(error: Any) -> str:
    match error["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return "is not a field of a master setup"
        case "value_error":
            return str(error["ctx"]["error"])
        case _:
            # A list or a section in the wrong place may hold the key: only plain text is quoted.
            found = error["input"]
            return f"{error['msg']} (found {found[:60]!r})" if isinstance(found, str) else str(error["msg"])

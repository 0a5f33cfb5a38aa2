"""The types of a master setup's fields: how each is validated, and the sentence for a wrong one.

Not here: which fields there are (master_setup.py).
"""

import re
from datetime import time
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field

from npf_pipelines.config.countries import country_code
from npf_pipelines.config.store_address import is_loopback

_HOW_TO_WRITE_A_STORE = "write the store's address like https://shop.example.com"


def _store_url(written: str) -> str:
    try:
        parts = urlsplit(written)
        host, _ = parts.hostname, parts.port
    except ValueError:  # Its text quotes the text in the place of host or port: it may be a password.
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


def _variable_name(written: str) -> str:
    # By mistake this may be the key itself: it isn't quoted, and lower case gives it away.
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


def _quiet_hours(written: Any) -> Any:
    if written is None or isinstance(written, tuple):
        return written
    at = r"(?:[01]\d|2[0-3]):[0-5]\d"
    times = re.fullmatch(rf"({at}) ?[-–] ?({at})", written) if isinstance(written, str) else None  # noqa: RUF001
    if times is None or times[1] == times[2]:
        raise ValueError('write when they begin and end in local time, like "22:00-06:00"')
    return times.groups()


REST = "*"
"""The key of a map for everything without a key of its own: shipping methods, buffers."""


def method_key(written: str) -> str:
    """The form in which IDs and names of shipping methods are compared: letter case and extra blanks don't count."""
    return " ".join(written.split()).casefold()


def _shipping_methods(written: Any) -> Any:
    if written in ("", {}):
        raise ValueError("is empty: map at least one shipping method, or leave the line out")
    if not isinstance(written, dict):
        raise ValueError("write codes by shipping method, like {Express: EXP}")  # noqa: TRY004
    keys = [method_key(str(key)) for key in written]
    if twice := next((key for key in written if keys.count(method_key(str(key))) > 1), None):
        raise ValueError(f"maps {str(twice)[:60]!r} more than once: letter case and blanks don't count")
    return written


def _buffer(written: Any) -> Any:
    return written if isinstance(written, dict) else {REST: written}


def _buffer_size(written: Any) -> str:
    size = "".join(str(written).split())
    if not re.fullmatch(r"\d{1,6}|(\d|[1-9]\d|100)%", size):
        raise ValueError('write units like 5, or a whole percentage of at most 100 like "10%"')
    return size


def _ids(written: Any) -> Any:
    ids = list(written) if isinstance(written, list | tuple) else [] if written is None else [written]
    if len(set(map(str, ids))) < len(ids):
        raise ValueError("names an id more than once")
    return ids


Name = Annotated[str, Field(min_length=1, max_length=100)]
_Country = Annotated[str, AfterValidator(country_code)]
_BufferSize = Annotated[str, BeforeValidator(_buffer_size)]
Buffer = Annotated[dict[Name, _BufferSize], BeforeValidator(_buffer)]
Ids = Annotated[tuple[Annotated[int, Field(ge=1)], ...], BeforeValidator(_ids)]
EveryMinutes = Annotated[int, Field(ge=5, le=1440)] | None
Percent = Annotated[int, Field(ge=0, le=100)]
StoreUrl = Annotated[str, AfterValidator(_store_url)]
VariableName = Annotated[str, AfterValidator(_variable_name)]
TimeZoneName = Annotated[str, AfterValidator(_time_zone)]
Names = Annotated[tuple[Name, ...], BeforeValidator(_not_an_empty_list)]
Countries = Annotated[tuple[_Country, ...] | None, BeforeValidator(_not_an_empty_list)]
ShippingMethods = Annotated[dict[Name, Name] | None, BeforeValidator(_shipping_methods)]
QuietHours = Annotated[tuple[time, time] | None, BeforeValidator(_quiet_hours)]
TimeOfDay = Annotated[time | None, BeforeValidator(_time_of_day)]

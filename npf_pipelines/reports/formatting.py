"""How figures are worded: durations, moments, outcomes.

Not here: the sentences of the pages (templates/).
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from npf_pipelines.domain.outcomes import StockOutcome

SKU_WORDS: dict[str, tuple[str, str]] = {
    StockOutcome.ALREADY_RIGHT: ("right already", "right"),
    StockOutcome.CONFIRMED: ("corrected", "right"),
    StockOutcome.WAITING: ("waiting for the store", "wrong"),
    StockOutcome.REFUSED: ("refused by the store", "wrong"),
    StockOutcome.OVER_LIMIT: ("over the change limit", "wrong"),
    StockOutcome.MOVED: ("moved while we worked", "wrong"),
    StockOutcome.PLANNED: ("planned", "wrong"),
    StockOutcome.UNREADABLE: ("not readable in the store", "wrong"),
    StockOutcome.UNCOUNTED: ("not readable on the platform", "wrong"),
    StockOutcome.SEVERAL_PRODUCTS: ("several products with one code", "wrong"),
    StockOutcome.SEVERAL_COUNTS: ("several counts of one code", "wrong"),
    StockOutcome.NO_CODE: ("without a code", ""),
    StockOutcome.DOWNLOAD: ("a download", ""),
    StockOutcome.NOT_IN_STORE: ("not in the store", "wrong"),
    StockOutcome.NOT_IN_WAREHOUSE: ("not in the warehouse", ""),
    StockOutcome.LEFT_WAREHOUSE: ("no longer in the warehouse's count", "wrong"),
    StockOutcome.NOT_TRACKED: ("not counted by the store", ""),
    StockOutcome.OFF: ("turned off", ""),
}
"""By outcome: its words, and whether the store is right, wrong, or isn't asked to have an amount."""

_UNITS = ((86400, "d"), (3600, "h"), (60, "min"))


def duration(seconds: float | None) -> str:
    """`8 s`, `12 min`, `3.5 h`, `2 d`: no more than two digits that matter."""
    if seconds is None:
        return "none"
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{_short(seconds / size)} {unit}"
    return f"{_short(seconds)} s"


def moment(when: datetime | None, zone: ZoneInfo) -> str:
    """`24 Nov 15:10 AEDT`."""
    if when is None:
        return "never"
    local = when.astimezone(zone)
    return f"{day_in_words(local.date())} {local:%H:%M %Z}"


def day_in_words(day: date) -> str:
    """`4 Nov`."""
    return f"{day.day} {day:%b}"


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0") if number < 9.95 else f"{number:.0f}"  # noqa: PLR2004 - two digits

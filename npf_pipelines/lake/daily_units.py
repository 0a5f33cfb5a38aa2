"""The units of a client at the last stock snapshot of each day, kept in the footer of its newest snapshot.

Without them a run would read four weeks of the history for one small chart.
Not here: the history (lake.py), the chart (assets/stock_count.py).
"""

import contextlib
import json
from collections.abc import Mapping
from datetime import date
from typing import TypeAlias

import pyarrow as arrow
from pyarrow import compute

DailyUnits: TypeAlias = Mapping[date, tuple[int, int]]
"""By day the units on hand, and available."""

_KEY = b"daily_units"
_DAYS = 28


def units_of(snapshot: arrow.Table) -> tuple[int, int]:
    """The units on hand, and available, of a snapshot."""
    on_hand, available = (compute.sum(snapshot[name]).as_py() or 0 for name in ("on_hand", "available"))
    return on_hand, available


def with_daily_units(snapshot: arrow.Table, known: DailyUnits, day: date) -> arrow.Table:
    """A snapshot of the day with the units of the last days, its own included, in its footer."""
    units = sorted((dict(known) | {day: units_of(snapshot)}).items())[-_DAYS:]
    return snapshot.replace_schema_metadata({_KEY: json.dumps([[str(each), *both] for each, both in units])})


def daily_units(footer: Mapping[bytes, bytes] | None) -> DailyUnits | None:
    """The units that a snapshot's footer has; None for a file of an earlier release."""
    with contextlib.suppress(KeyError, ValueError):
        kept = json.loads((footer or {})[_KEY])
        return {date.fromisoformat(day): (on_hand, available) for day, on_hand, available in kept}
    return None

"""A range of days, as a person or a run config names it.

Not here: when a day begins (domain/days.py), which clients a run takes (runs/run_scope.py).
"""

from datetime import date, timedelta

from npf_pipelines.errors import NpfError


class WrongDays(NpfError, ValueError):
    """Days that no run can take; the text is one sentence that says why."""


def check_order(first: date, last: date) -> None:
    """Refuse a range that ends before it begins.

    Raises:
        WrongDays: the first day is after the last.
    """
    if first > last:
        raise WrongDays(f"the first day, {first}, is after the last day, {last}: name the earlier day first")


def read_days(first_day: str, last_day: str) -> list[date]:
    """The days of a run config, oldest first; none where it names none.

    Args:
        first_day: like `2026-11-24`; empty for none.
        last_day: the same.

    Raises:
        WrongDays: only one is named, one is no day, or the first is after the last.
    """
    if not first_day and not last_day:
        return []
    if not first_day or not last_day:
        missing = "last_day" if first_day else "first_day"
        raise WrongDays(f"the run config has no {missing}: name the first and the last day, or neither")
    first, last = _read("first_day", first_day), _read("last_day", last_day)
    check_order(first, last)
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _read(field: str, written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise WrongDays(f"{field} of the run config, {written[:40]!r}, is no day: write one like 2026-11-24") from None

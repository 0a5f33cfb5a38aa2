"""Single values as the platform gives them: a view's `sum(bigint)` is numeric, and a column may hold what it shouldn't.

Here: how one value is read, and the sentence when it can't be. Not here: which columns there are (tables.py).
"""

from datetime import datetime
from decimal import Decimal, InvalidOperation

from npf_pipelines.domain.text import clean_text

_LARGEST = 2**53
"""Beyond it a number is no count of units; within it, one that came as a float is still exact."""
_QUOTED = 40


class WrongValue(ValueError):
    """A value of the platform that isn't what its column should hold; the text names the column."""


def whole(value: object, column: str) -> int:
    """A whole number, whatever type it came as.

    Raises:
        WrongValue: it is missing or not whole.
    """
    if type(value) is int and abs(value) < _LARGEST:  # Nearly always; a catalogue has very many.
        return value
    if value is None:
        raise WrongValue(f"{column} is missing")
    try:
        number = Decimal(str(value).strip())
        if not isinstance(value, bool) and number == number.to_integral_value() and abs(number) < _LARGEST:
            return int(number)
    except InvalidOperation:
        pass
    raise WrongValue(f"{column}: {str(value)[:_QUOTED]!r} is not a whole number")


def quantity(value: object, column: str) -> int:
    """A whole number of units, not below 0.

    Raises:
        WrongValue: it isn't.
    """
    units = whole(value, column)
    if units < 0:
        raise WrongValue(f"{column}: {units} is below 0")
    return units


def text(value: object) -> str:
    """Text, fit for a store, a terminal and a reader (text.py); empty where the platform has none."""
    return "" if value is None else clean_text(str(value))


def moment(value: object, column: str) -> datetime:
    """A moment with its zone.

    Raises:
        WrongValue: it is missing or no moment.
    """
    if not isinstance(value, datetime):
        raise WrongValue(f"{column} is missing or no time with its zone")
    return value

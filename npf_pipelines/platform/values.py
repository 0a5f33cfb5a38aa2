"""Single values as the platform returns them: a view's `sum(bigint)` is numeric, and a column may hold a wrong value.

Here: how one value is read, and the sentence when it can't be. Not here: which columns there are (tables.py).
"""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from npf_pipelines.domain.text import clean_text

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""Replaces a time that can't be read; the record that has it says so."""
_LARGEST = 2**53
"""Beyond it a number is no count of units; within it, a number that came as a float is still exact."""
_QUOTED = 40


class WrongValue(ValueError):
    """A value of the platform that its column should not hold; the text names the column."""


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
        WrongValue: it is missing, not whole or below 0.
    """
    units = whole(value, column)
    if units < 0:
        raise WrongValue(f"{column}: {units} is below 0")
    return units


def noted_quantity(value: object, column: str, wrong: list[str]) -> int:
    """As `quantity`; 0 for a value that can't be read, with the reason appended to `wrong`."""
    try:
        return quantity(value, column)
    except WrongValue as why:
        wrong.append(str(why))
        return 0


def text(value: object) -> str:
    """Text fit for a store, a terminal and a reader (domain/text.py); empty for NULL."""
    return "" if value is None else clean_text(str(value))


def optional_text(value: object) -> str | None:
    """As `text`; None for NULL, which an optional column has where nothing was written."""
    return None if value is None else text(value)


def optional_sum(value: object) -> Decimal | None:
    """A sum of money, whatever type it came as; None for NULL, and for a value that is no sum."""
    try:
        amount = value if value is None or isinstance(value, Decimal) else Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return amount if amount is not None and amount.is_finite() else None


def moment(value: object, column: str) -> datetime:
    """A time with its zone.

    Raises:
        WrongValue: it is missing or no time.
    """
    if not isinstance(value, datetime):
        raise WrongValue(f"{column} is missing or no time with its zone")
    return value


def noted_moment(value: object, column: str, wrong: list[str]) -> datetime:
    """As `moment`; `LONG_AGO` for a value that can't be read, with the reason appended to `wrong`."""
    try:
        return moment(value, column)
    except WrongValue as why:
        wrong.append(str(why))
        return LONG_AGO

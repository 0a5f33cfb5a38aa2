"""Single fields out of the JSON of a PHP program: numbers as strings, `[]` for `{}`, `false` for nothing.

A sentence says why a value can't be read. It is kept for ever, and a text may have been written by a shopper: only ids,
numbers and times are quoted, by the methods that read them. Any other value is named by its kind.
Not here: which fields there are (order_parser.py, product_parser.py …).
"""

import functools
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

from npf_pipelines.domain.entities import without_entities
from npf_pipelines.domain.text import clean_text

_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?")
_LONGEST_NUMBER = 45
"""Characters; no number that `_NUMBER` fits is longer."""
_DIGITS = 15
_BIGGEST = 10**_DIGITS
_BIGGEST_SUM = 10**12
_LAST_SECOND = 253402300799  # the end of the year 9999, where datetime ends
_LONGEST_TEXT = 65_535  # characters of MySQL's TEXT, which is what a store keeps its long fields in
_QUOTED = 60
_KINDS = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "an object",
    type(None): "nothing",
}


class Unreadable(ValueError):
    """A field that doesn't hold what it should; the text names the field and what is wrong with it."""


class Row:
    """One JSON object of the store's, read field by field.

    Every method raises Unreadable, naming the field by its path: `products.1061624811.amount`.
    """

    def __init__(self, raw: object, *path: str) -> None:
        """Take the object in hand.

        Args:
            raw: the decoded JSON; PHP's empty values are read as an empty object.
            path: the names of the fields in which it was found, for the texts.

        Raises:
            Unreadable: it is not an object.
        """
        if _is_empty(raw):
            raw = {}
        if not isinstance(raw, dict):
            raise Unreadable(f"{_joined(path) or 'the row'}: {_kind(raw)} is not an object")
        self._raw = raw
        self._path = path

    def has(self, name: str) -> bool:
        """Whether the field is there, be it empty."""
        return name in self._raw

    def demand(self, name: str) -> None:
        """Insist that the field is there, be it empty."""
        if name not in self._raw:
            self._missing(name)

    def text(self, name: str) -> str:
        """Text without blanks around it, fit for any database; empty if there is none."""
        value = self._raw.get(name)
        if isinstance(value, str):
            text = value
        elif _is_empty(value):
            return ""
        elif _is_small_number(value):
            text = str(value)
        else:
            raise self._unfit(name, f"{_kind(value)} is not text")
        if len(text) > _LONGEST_TEXT:
            raise self._unfit(name, f"is longer than {_LONGEST_TEXT} characters")
        return clean_text(text).strip()

    def name(self, name: str) -> str:
        """The text of a name or of a part of an address, its HTML entities decoded."""
        text = self.text(name)
        return readable(text) if "&" in text else text

    def required_text(self, name: str) -> str:
        """Text that has to be there."""
        return self.text(name) or self._missing(name)

    def number_id(self, name: str) -> str:
        """An id that the store counts up: a whole number above 0, as a string of digits."""
        return str(self._whole(name, 1, _BIGGEST))

    def optional_id(self, name: str) -> str | None:
        """The same where 0 or nothing means none."""
        if self._is_blank(name):
            return None
        number = self._whole(name, 0, _BIGGEST)
        return str(number) if number else None

    def quantity(self, name: str) -> int:
        """A whole number of units, from 0 up to and without a million."""
        return self._whole(name, 0, 1_000_000)

    def optional_quantity(self, name: str) -> int | None:
        """The same where nothing means that the store doesn't say."""
        return None if self._is_blank(name) else self.quantity(name)

    def whole(self, name: str) -> int:
        """A whole number, also below 0."""
        return self._whole(name, -_BIGGEST, _BIGGEST)

    def money(self, name: str) -> Decimal:
        """A sum in the store's currency, to the four decimals that a table holds; 0 if there is none."""
        amount = self.optional_money(name)
        return Decimal(0) if amount is None else amount

    def optional_money(self, name: str) -> Decimal | None:
        """The same where nothing means that the store doesn't say."""
        if self._is_blank(name):
            return None
        amount = round(self._number(name), 4)
        if abs(amount) >= _BIGGEST_SUM:
            raise self._wrong(name, "is not a sum of a sensible size")
        return amount

    def moment(self, name: str) -> datetime:
        """A moment in UTC, given in seconds since 1970."""
        return datetime.fromtimestamp(self._whole(name, 0, _LAST_SECOND + 1), UTC)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """`Y`, true or 1 against everything else; the default if there is nothing."""
        value = self._raw.get(name)
        if value is None or value == "":
            return default
        return value is True or value == 1 or (isinstance(value, str) and value.upper() in {"Y", "1", "TRUE"})

    def raw(self, name: str) -> object:
        """The field as the store sent it, for what may have any form; None if it isn't there."""
        return self._raw.get(name)

    def row(self, name: str) -> "Row":
        """An object inside this one."""
        return Row(self._raw.get(name), *self._path, name)

    def rows(self, name: str) -> Iterator[tuple[str, "Row"]]:
        """The objects of a list or of an object of objects, each with its key."""
        for key, value in self.items(name):
            yield key, Row(value, *self._path, name, key)

    def items(self, name: str) -> list[tuple[str, object]]:
        """The values of a list or of an object, each with its key."""
        value = self._raw.get(name)
        if _is_empty(value):
            return []
        if isinstance(value, dict):
            if any(len(key) > _LONGEST_TEXT for key in value):
                raise self._unfit(name, f"has a key longer than {_LONGEST_TEXT} characters")
            return [(clean_text(key), inner) for key, inner in value.items()]
        if isinstance(value, list):
            return [(str(place), inner) for place, inner in enumerate(value)]
        raise self._unfit(name, f"{_kind(value)} is neither a list nor an object")

    def ids(self, name: str) -> tuple[str, ...]:
        """The ids in a list or in an object's values."""
        inner = Row(dict(self.items(name)), *self._path, name)
        return tuple(inner.number_id(key) for key in inner.names())

    def names(self) -> list[str]:
        """The names of all fields, which become keys: each fit for a table as it is."""
        for name in self._raw:
            if clean_text(name) != name:
                raise Unreadable(f"{self._where(name)}: has a name that can't be written")
        return list(self._raw)

    def _number(self, name: str) -> Decimal:
        value = self._raw.get(name)
        if isinstance(value, str) or _is_small_number(value):
            text = str(value).strip()
            if len(text) <= _LONGEST_NUMBER and (number := _number_in(text)) is not None:
                return number
        if self._is_blank(name):
            self._missing(name)
        raise self._wrong(name, "is not a number of a sensible size")

    def _whole(self, name: str, low: int, high: int) -> int:
        """A whole number, low <= number < high."""
        value = self._raw.get(name)
        if isinstance(value, str) and len(value) <= _DIGITS and value.isascii() and value.isdigit():  # Nearly always.
            number = int(value)
        else:
            exact = self._number(name)
            if exact != exact.to_integral_value():
                raise self._wrong(name, "is not a whole number")
            number = int(exact)
        if not low <= number < high:
            raise self._wrong(name, f"is not from {low} to {high - 1}")
        return number

    def _is_blank(self, name: str) -> bool:
        value = self._raw.get(name)
        return not value.strip() if isinstance(value, str) else _is_empty(value)

    def _where(self, name: str) -> str:
        return _joined((*self._path, name))

    def _wrong(self, name: str, what: str) -> Unreadable:
        """For ids, numbers and times, which may be quoted."""
        return self._unfit(name, f"{_quote(self._raw[name])} {what}")

    def _unfit(self, name: str, what: str) -> Unreadable:
        """For anything else, of which nothing is quoted."""
        return Unreadable(f"{self._where(name)}: {what}")

    def _missing(self, name: str) -> str:
        raise Unreadable(f"{self._where(name)}: is missing")


@functools.lru_cache(maxsize=10_000)
def _number_in(text: str) -> Decimal | None:
    """The number that a text is; None for any other text. A store has the same few prices in all of its orders."""
    number = Decimal(text) if _NUMBER.fullmatch(text) else None
    return number if number is not None and abs(number) < _BIGGEST else None


def readable(text: str) -> str:
    """The text as a person reads it: HTML entities decoded, fit for any database, no blanks around it."""
    return clean_text(without_entities(text)).strip()


def _is_empty(value: object) -> bool:
    """Whether a value is null, false or without content: not 0, which is a number."""
    return value is None or value is False or (not value and isinstance(value, str | list | dict))


def _is_small_number(value: object) -> bool:
    return isinstance(value, float) or (type(value) is int and abs(value) < _BIGGEST)


def _quote(value: object) -> str:
    """A value for a sentence: containers and huge numbers by their kind only."""
    if isinstance(value, list | dict) or (isinstance(value, int) and abs(value) >= _BIGGEST):
        return _kind(value)
    return _shown(repr(value))


def _kind(value: object) -> str:
    """The kind of a value, nothing of it being quoted."""
    if isinstance(value, int) and abs(value) >= _BIGGEST:
        return "a huge number"
    return _KINDS.get(type(value), "of an unknown kind")


def _joined(path: tuple[str, ...]) -> str:
    return ".".join(map(_shown, path))


def _shown(text: str) -> str:
    return clean_text(text, _QUOTED).replace("\n", " ")

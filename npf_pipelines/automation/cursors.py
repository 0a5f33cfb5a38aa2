"""Reads the cursor in which a sensor keeps its state between two ticks. Not here: the state (each sensor's file)."""

from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")


def remembered(adapter: TypeAdapter[T], cursor: str | None, nothing: T) -> T:
    """The cursor's content; `nothing` for no cursor, and for one that is damaged or of an older release."""
    if not cursor:
        return nothing
    try:
        return adapter.validate_json(cursor)
    except ValidationError:
        return nothing

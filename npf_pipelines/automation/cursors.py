"""Reads the cursor in which a sensor keeps its state between two ticks. Not here: the state (each sensor's file)."""

from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")


def remembered(adapter: TypeAdapter[dict[str, T]], cursor: str | None) -> dict[str, T]:
    """The cursor's content; empty for a cursor that was written by hand or by an older release."""
    try:
        return adapter.validate_json(cursor or "{}")
    except ValidationError:
        return {}

"""What a sensor remembers between two looks. Not here: what that is (each sensor's own file)."""

from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")


def remembered(adapter: TypeAdapter[dict[str, T]], cursor: str | None) -> dict[str, T]:
    """What the cursor holds; nothing for one that was written by hand or by an older version."""
    try:
        return adapter.validate_json(cursor or "{}")
    except ValidationError:
        return {}

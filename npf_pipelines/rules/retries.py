"""When a client's failed flow is retried automatically.

Not here: storing a flow's health (state/health.py), the usual interval (due.py).
"""

from datetime import datetime, timedelta

from npf_pipelines.domain.failure_kind import FailureKind

FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(hours=1)


def failures_in_a_row(before: int, kind: FailureKind) -> int:
    """The number of failures in a row, this one included. A store that answers starts the count again."""
    return 1 if kind is FailureKind.PARTIAL else before + 1


def pause(failures: int, *, first: timedelta = FIRST_PAUSE, longest: timedelta = LONGEST_PAUSE) -> timedelta:
    """The pause after a number of failures in a row: each is twice the previous one, up to the longest.

    Raises:
        ValueError: fewer than one.
    """
    if failures < 1:
        raise ValueError(f"There is no pause after {failures} failures.")
    doublings = min(failures - 1, 30)  # The limit is reached long before; a failure that lasts for years isn't one.
    return min(first * (1 << doublings), longest)


def next_try(kind: FailureKind, failures: int, now: datetime) -> datetime | None:
    """The time of the next try; None where no time is set.

    A permanent failure waits for a change or for the night, and a partial one for its flow's usual time. A correction
    in the store is noticed within the longest pause.
    """
    if kind is FailureKind.FIXABLE_IN_STORE:
        return now + LONGEST_PAUSE
    waits = kind in {FailureKind.TRANSIENT, FailureKind.OVER_LIMIT}
    return now + pause(failures) if waits else None


def next_try_in_words(kind: FailureKind, at: datetime | None) -> str:
    """When a failed flow is tried again, for a person.

    Args:
        kind: of the failure.
        at: the time of the next try; None where no time is set.
    """
    if kind is FailureKind.PARTIAL:
        return "with the next sweep"
    by_time = f"by itself after {at:%Y-%m-%d %H:%M} UTC" if at else "in the night"
    return f"when setup or key change, by hand, or {by_time}" if kind.is_permanent else f"by hand, or {by_time}"

"""When a client's flow that failed is tried again by itself.

Not here: what is remembered of a flow (state/health.py), what is tried at its usual time (due.py).
"""

from datetime import datetime, timedelta

from npf_pipelines.domain.failure_kind import FailureKind

FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(hours=1)


def failures_in_a_row(before: int, trouble: FailureKind) -> int:
    """How many there are with this one. One from a store that answers begins the count anew."""
    return 1 if trouble is FailureKind.PARTIAL else before + 1


def pause(failures: int, *, first: timedelta = FIRST_PAUSE, longest: timedelta = LONGEST_PAUSE) -> timedelta:
    """The pause after so many failures in a row: each is twice the one before, up to the longest.

    Raises:
        ValueError: fewer than one.
    """
    if failures < 1:
        raise ValueError(f"There is no pause after {failures} failures.")
    doublings = min(failures - 1, 30)  # The limit is reached long before; a failure that lasts for years isn't one.
    return min(first * (1 << doublings), longest)


def next_try(trouble: FailureKind, failures: int, now: datetime) -> datetime | None:
    """When it is tried again; None where time alone decides nothing.

    That is for lasting trouble, which waits for a change or for the night, and for partial trouble, which waits for
    its flow's usual time. What is mended in the store is noticed within the longest pause.
    """
    if trouble is FailureKind.FIXABLE_IN_STORE:
        return now + LONGEST_PAUSE
    return now + pause(failures) if trouble is FailureKind.TRANSIENT else None

"""The kinds of failure of a client's flow, and the advice for a person.

Not here: when a failed flow is retried (rules/retries.py), which failure is of which kind (runs/failures.py).
"""

import enum


class FailureKind(enum.StrEnum):
    """The kind of a failure, as far as a retry is concerned."""

    TRANSIENT = "passing"
    """It may pass by itself: the store is down, a database doesn't answer."""
    PERMANENT = "lasting"
    """It repeats until a person changes something here: a wrong key, a wrong setup."""
    FIXABLE_IN_STORE = "mendable"
    """It fails until a person corrects the store: a certificate, a right, a status. Only a retry can show it."""
    PARTIAL = "partial"
    """The store answers, and only a part failed: no reason to delay the rest."""
    OVER_LIMIT = "over_limit"
    """The change limit was exceeded. The store answers; the next count may be within the limit again."""

    @property
    def is_permanent(self) -> bool:
        """Whether only a change by a person ends such failures."""
        return self in {FailureKind.PERMANENT, FailureKind.FIXABLE_IN_STORE}

    @property
    def what_to_do(self) -> str:
        """The advice for a person."""
        return _WHAT_TO_DO[self]


_WHAT_TO_DO = {
    FailureKind.TRANSIENT: "It is tried again by itself. If it lasts, see whether the store answers.",
    FailureKind.PERMANENT: "Change what the reason names: it is tried again as soon as setup or key have changed.",
    FailureKind.FIXABLE_IN_STORE: "Change what the reason names, in the store or in the master setup: it is tried "
    "again every hour, and as soon as setup or key have changed.",
    FailureKind.PARTIAL: "Correct what the reason names; what waits for the store is tried again by itself.",
    FailureKind.OVER_LIMIT: "Check the rows. If they are right, run it again with the change limit overridden.",
}

"""The kinds of failure of a client's flow. Not here: when a failed flow is retried (rules/retries.py)."""

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

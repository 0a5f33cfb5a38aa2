"""The kinds of failure of a client's flow. Not here: what follows from each (rules/retries.py)."""

import enum


class FailureKind(enum.StrEnum):
    """What kind of failure it was, as far as trying again is concerned."""

    TRANSIENT = "passing"
    """It may pass by itself: the store is down, a database doesn't answer."""
    PERMANENT = "lasting"
    """It comes again until somebody changes something here: a wrong key, a wrong setup."""
    FIXABLE_IN_STORE = "mendable"
    """It fails until the store is mended: a certificate, a right, a status. Only a retry can show that it was."""
    PARTIAL = "partial"
    """The store answers, and only some things wait: no reason to leave the others waiting."""

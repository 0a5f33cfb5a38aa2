"""The base of the project's own errors.

Here: failures that a person can act on. The text of each is one sentence that says what happened, to which thing and
what to do, and quotes no shopper's data: runs, checks and commands show it without a traceback.
Not here: the errors themselves (each in its room), errors that only carry a parsed value's fault to the caller that
catches it (`Unreadable`, `WrongValue` and the like), failures of the machine (runs/machine_failures.py).
"""


class NpfError(Exception):
    """A failure whose own text says what happened and what to do."""

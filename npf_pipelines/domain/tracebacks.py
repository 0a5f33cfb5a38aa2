"""A fault of the program as text for a log: types and places in the code, without messages.

The message of an exception may quote a row with a shopper's data. Not here: expected failures, whose text is a sentence
for people (errors.py).
"""

import logging
import traceback
from collections.abc import Iterator


def log_fault(log: logging.Logger, fault: BaseException, sentence: str) -> None:
    """Log a fault of the program: the sentence, and where in the code it happened."""
    log.error("%s\n%s", sentence, safe_traceback(fault))


def safe_traceback(error: BaseException) -> str:
    """Type and frames of the exception and of each exception that led to it, oldest first."""
    return "\n".join(_parts(traceback.TracebackException.from_exception(error), set()))


def _parts(error: traceback.TracebackException, seen: set[int]) -> Iterator[str]:
    if id(error) in seen:
        return
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before:
        yield from _parts(before, seen)
    name = error.exc_type.__name__ if error.exc_type else "an exception"
    yield f"{name}, its message left out:\n{''.join(error.stack.format())}".rstrip()
    for inner in error.exceptions or ():
        yield from _parts(inner, seen)

"""The rule for repeating a call to a store, and the pauses between its attempts.

Not here: the kinds of failure (errors.py), the calls (http.py).
"""

import logging
from collections.abc import AsyncIterator
from functools import partial

import stamina

from npf_pipelines.cscart.errors import RateLimited, StoreError

_LOG = logging.getLogger(__name__)

ATTEMPTS = 4
LONGEST_PAUSE = 60.0
"""Seconds of `Retry-After` that are waited for; a store that asks for more is left alone until the next run."""


def pause_before_repeat(error: Exception, *, is_write: bool) -> bool | float:
    """Whether, and after which pause, a call is repeated: the only place that decides it.

    Reading changes nothing, so a read is repeated after every transient failure. CS-Cart has neither an
    idempotency key nor uniqueness (documented), so a write is repeated only if the store surely did not act:
    no connection was made, or the call was turned away with 429. After any other failure of a write the caller
    has to read what the store has.

    Args:
        error: how the attempt ended.
        is_write: whether the call could have changed something.

    Returns:
        False for no repeat, True for the usual growing pause, or the pause in seconds that the store asked for.
    """
    if not isinstance(error, StoreError) or not error.transient:
        return False
    if is_write and not error.store_untouched:
        return False
    if isinstance(error, RateLimited) and error.retry_after is not None:
        return error.retry_after if error.retry_after <= LONGEST_PAUSE else False
    return True


def attempts_of_call(attempts: int, *, is_write: bool) -> AsyncIterator[stamina.Attempt]:
    """The attempts at one call, the pauses between them included."""
    return stamina.retry_context(
        on=partial(pause_before_repeat, is_write=is_write),
        attempts=attempts,
        timeout=None,
        wait_initial=1.0,
        wait_max=15.0,
    ).__aiter__()


def _log_repeat(details: stamina.instrumentation.RetryDetails) -> None:
    _LOG.warning("%s Tried again in %.1f s.", details.caused_by, details.wait_for)


# Our sentence in the place of stamina's own line, which would quote the call's arguments.
stamina.instrumentation.set_on_retry_hooks([_log_repeat])

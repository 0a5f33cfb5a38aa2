"""The failures of a call to a store, as a small tree of exceptions, each with its meaning for trying again.

Each text says what happened and what to do about it; none holds a body as it came, a header or a credential.
Not here: which answer is which failure (answers.py), which calls are repeated (repeats.py).
"""

from datetime import timedelta

from npf_pipelines.errors import NpfError


class StoreError(NpfError):
    """A call to a store that brought no usable answer.

    Attributes:
        transient: the same call may succeed later without anybody changing anything.
        store_untouched: the store surely did not act, so that even a write may be repeated.
    """

    transient: bool = False
    store_untouched: bool = False


class Unauthorized(StoreError):
    """401: the key is wrong or revoked, or the host strips the Authorization header."""


class Forbidden(StoreError):
    """403 in the store's own words: the administrator lacks a right."""


class Blocked(StoreError):
    """403 of something in front of the store, which takes us for an attack: for a burst of calls, or for good.

    It may have judged the store's answer, so that a write may have been carried out.
    """

    transient = True


class NotFound(StoreError):
    """404 in the store's own words: it has no such order, product or shipment."""


class RequestRejected(StoreError):
    """400, 405 and the other 4xx, and redirects: this call will never be accepted."""


class RateLimited(StoreError):
    """429, 503, 509: too many calls, or maintenance.

    Attributes:
        retry_after: the pause that was asked for in seconds; None if none was.
    """

    transient = True

    def __init__(self, text: str, *, retry_after: float | None = None, store_untouched: bool = False) -> None:
        super().__init__(text)
        self.retry_after = retry_after
        self.store_untouched = store_untouched


class ServerError(StoreError):
    """Any other 5xx: an error that the store didn't catch. A write may have been carried out in part."""

    transient = True


class Unreachable(StoreError):
    """No connection was made, so the store can't have acted."""

    transient = True
    store_untouched = True


class OutcomeUnknown(StoreError):
    """A time-out or a lost connection after the request was sent: a write may have been carried out."""

    transient = True


class MalformedResponse(StoreError):
    """Success by its status, but no JSON or not of the documented shape. A write may have been carried out.

    Transient only if the JSON was cut short or absent; another shape or a web page will come again.
    """

    def __init__(self, text: str, *, transient: bool = False) -> None:
        super().__init__(text)
        self.transient = transient


class UnreadableShipment(MalformedResponse):
    """One shipment of an order's doesn't hold what it should; it concerns that order alone."""


class TooLarge(MalformedResponse):
    """More bytes than an answer may have. A page of a list is asked for again smaller; anything else is permanent."""

    def __init__(self, call: str, largest: int) -> None:
        super().__init__(
            f"{call}: the answer is larger than {largest / 1_000_000:g} MB. If the store needs as much, raise"
            " NPF_ANSWER_MEGABYTES; if not, ask the merchant for the add-on that swells its answers."
        )


class BadCertificate(StoreError):
    """The store's certificate is expired, self-signed or another host's: it has to be replaced there."""

    store_untouched = True


class Stalled(StoreError):
    """The store answers, but without progress: no new row, no write, no finished day for too long."""

    store_untouched = True

    def __init__(self, call: str, longest: timedelta) -> None:
        super().__init__(
            f"{call}: not asked any more. For {longest / timedelta(minutes=1):g} minutes (NPF_STALL_MINUTES) no new"
            " row, no write and no finished day has come of what the store answered. Ask the merchant's host why it is"
            " so slow, or for the add-on that repeats its lists."
        )

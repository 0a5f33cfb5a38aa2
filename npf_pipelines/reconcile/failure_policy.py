"""The consequence of a failed call to a store for the rest of the work.

Not here: the kinds of failure (cscart/errors.py).
"""

from npf_pipelines.cscart.errors import (
    Forbidden,
    NotFound,
    RequestRejected,
    StoreError,
    Unauthorized,
    UnreadableShipment,
)


def is_end_known(error: StoreError) -> bool:
    """Whether a write that ended so surely was not carried out, and won't be any more."""
    return error.store_untouched or isinstance(error, Unauthorized | Forbidden | NotFound | RequestRejected)


def raise_if_permanent(error: StoreError) -> None:
    """Go on after what concerns one call or order only; a wrong key or a missing right concerns them all."""
    if not error.transient and not isinstance(error, RequestRejected | NotFound | UnreadableShipment):
        raise error

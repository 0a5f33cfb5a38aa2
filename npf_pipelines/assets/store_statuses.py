"""The order statuses of a client's store, for the names in its master setup."""

from collections.abc import Sequence

from npf_pipelines.cscart.errors import Forbidden
from npf_pipelines.cscart.models import Status
from npf_pipelines.cscart.statuses import SHIPPED_STATUSES
from npf_pipelines.cscart.store import Store


async def statuses_of(store: Store) -> Sequence[Status]:
    """The store's own statuses, or those that CS-Cart ships with where the API user may not read them.

    Raises:
        StoreError: the store can't be asked.
    """
    try:
        return await store.statuses()
    except Forbidden:
        return SHIPPED_STATUSES

"""A client's order rules, with the names in its master setup resolved against its store.

Not here: the rules themselves (rules/orders.py), the meaning of a status (rules/status_meaning.py).
"""

from collections.abc import Collection, Iterable

from npf_pipelines.assets.store_facts import StoreFacts
from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.store_orders import Order, UnreadableOrder
from npf_pipelines.rules.order_criteria import order_criteria
from npf_pipelines.rules.orders import OrderFilter
from npf_pipelines.rules.status_meaning import Meaning


async def order_filter(
    facts: StoreFacts,
    setup: MasterSetup,
    orders: Iterable[Order | UnreadableOrder] = (),
    open_orders: Collection[str] = (),
) -> OrderFilter:
    """The client's order rules.

    Args:
        facts: the kept facts about the store.
        setup: the client's master setup.
        orders: orders to be judged by the rules. The statuses are read again for an order in a status that the store
            didn't have before, or in a status that would stop it: the merchant may have changed its meaning since.
        open_orders: the ids of the orders that are open on the platform.

    Raises:
        UnknownStatus: the store doesn't have a status that the setup names.
        SetupError: the setup contradicts itself in this store.
        StoreError: the store can't be asked.
    """
    meanings = await facts.meanings()
    doubtful = (
        not meanings.knows(order.status)
        or (order.order_id in open_orders and meanings.of(order.status) is Meaning.STOP)
        for order in orders
        if order.status and order.status not in meanings.stopping
    )
    if any(doubtful):
        meanings = await facts.meanings_read_now()
    return order_criteria(setup, meanings)

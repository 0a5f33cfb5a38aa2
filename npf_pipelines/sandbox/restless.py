"""A shop in which things happen while its lists are read: orders enter and leave the lists.

Not here: what a single change does to a store (store.py).
"""

import random
from dataclasses import replace

from npf_pipelines.sandbox.store import SandboxStore

_HIDDEN = "N"
_SHOWN = "P"
_MOST = 3


def stir(store: SandboxStore, dice: random.Random) -> None:
    """Let something happen: a few orders each are hidden, shown again, deleted and placed, as the dice say.

    Nobody is mailed. Orders are placed at the store's clock, and are copies of an existing one.
    """
    with store.lock:
        shown = [order_id for _, order_id in store.listed()]
        hidden = [order_id for order_id, order in store.orders.items() if order.status == _HIDDEN]
        for order_id in dice.sample(shown, min(len(shown), dice.randint(0, _MOST))):
            _place_like(store, order_id)
        for order_id in dice.sample(hidden, min(len(hidden), dice.randint(0, _MOST))):
            store.change_status(order_id, _SHOWN, user=False)
        for number, order_id in enumerate(dice.sample(shown, min(len(shown), dice.randint(0, 2 * _MOST)))):
            if number % 2:
                store.remove_order(order_id)
            else:
                store.change_status(order_id, _HIDDEN, user=False)


def _place_like(store: SandboxStore, order_id: int) -> None:
    order = store.orders[order_id]
    lines = [replace(line) for line in order.lines]
    store.add_order(
        replace(order, order_id=store.next_order_id, timestamp=store.now, updated_at=store.now, lines=lines)
    )

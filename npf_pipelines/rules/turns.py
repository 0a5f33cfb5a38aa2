"""Whose turn is first, where there may not be time for all.

Not here: how much time there is (automation/new_orders.py, automation/gap_audit.py,
automation/nightly.py).
"""

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import TypeVar

T = TypeVar("T")

_LEFT_AFTER = ((timedelta(hours=2), 7), (timedelta(minutes=30), 3), (timedelta(minutes=10), 1))
"""How often in a row a store is left, by the time without a change."""

_MINUTES = 10
"""Between two ticks of a night."""
_CLIENTS_PER_TICK = 25
"""So few clients, and fewer, have their turn at the first."""


def in_turn(things: Iterable[T], was_left: Callable[[T], bool], has_failed: Callable[[T], bool]) -> list[T]:
    """The things in the order of their turns: left last time, then the others, at the end all that have failed.

    A failure may take long. Where half of the others have their turn each time, all have it within two times.
    """
    return sorted(things, key=lambda thing: (has_failed(thing), not was_left(thing)))


def may_wait(changed_at: datetime, now: datetime, left: int) -> bool:
    """Whether a store is left for the next time.

    After ten minutes without a change it has every second turn, after half an hour every fourth, and after two hours
    every eighth. A turn costs the store a request, and at night no store has an order for hours.

    Args:
        changed_at: when a change was last noticed.
        now: the moment.
        left: how often in a row the store was left.
    """
    return left < next((times for after, times in _LEFT_AFTER if now - changed_at > after), 0)


def going_on_from(names: Sequence[str], first: str) -> list[str]:
    """Sorted names, beginning with the first that is not before `first`, and around to it."""
    before = [name for name in names if name < first]
    return [*names[len(before) :], *before]


def clients_of_tick(
    clients: Sequence[str], now: datetime, begin: time, ticks: int
) -> tuple[Sequence[str], Sequence[str]]:
    """The clients whose turn it is at one of the ticks of a night, so that each has it once, and those before them.

    Args:
        clients: all of them, in a stable order.
        now: the tick's moment; one outside the night counts as the first.
        begin: the time of the first tick, UTC.
        ticks: how many there are, every ten minutes.

    Returns:
        The clients of the tick, and the clients of the night's earlier ticks.
    """
    minutes = (now.hour - begin.hour) * 60 + now.minute - begin.minute
    tick = minutes // _MINUTES if 0 <= minutes < ticks * _MINUTES else 0
    size = max(_CLIENTS_PER_TICK, math.ceil(len(clients) / ticks))
    return clients[tick * size : (tick + 1) * size], clients[: tick * size]

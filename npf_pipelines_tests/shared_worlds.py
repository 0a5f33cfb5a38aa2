"""Worlds that it takes runs to reach: made once in a process, and copied for each test that changes one.

Not here: the world itself and how it is copied (loop.py).
"""

import functools
from collections.abc import Callable, Hashable

from npf_pipelines_tests.loop import Loop
from npf_pipelines_tests.midnight import days_now


class SharedWorlds:
    """The worlds that exist in this process."""

    def __init__(self, make: Callable[[], Loop]) -> None:
        """`make` gives a new world in which nothing has happened yet."""
        # A world belongs to its day: a suite that crosses midnight needs another one.
        self._kept = functools.cache(lambda _days, prepare, arguments: _prepared(make(), prepare, arguments))

    def of(self, prepare: Callable[..., object], *arguments: Hashable) -> Loop:
        """The world after `prepare(world, *arguments)`. Leave it as it is, or copy it."""
        world: Loop = self._kept(days_now(), prepare, arguments)
        return world


def run_through(loop: Loop) -> None:
    """Let a world go through the whole loop once."""
    assert loop.run_all() == []


def pull(loop: Loop, client: str, version: tuple[int, int, int] = (4, 18, 1)) -> None:
    """Pull all orders of a client, whose store has this version of CS-Cart."""
    loop.stores[client].version = version
    assert [run.failure for run in loop.run("orders", client)] == [""]


def _prepared(world: Loop, prepare: Callable[..., object], arguments: tuple[Hashable, ...]) -> Loop:
    prepare(world, *arguments)
    return world

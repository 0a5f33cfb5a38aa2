"""`npf run --wait`: clients that another run is at work on are run again when it is done.

Not here: the lease itself (state/lease.py).
"""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from npf_pipelines.automation.launch import Launched
from npf_pipelines.cli.output import stderr
from npf_pipelines.cli.plain import plain

_PAUSE = 2.0
"""Seconds between two reads of the leases."""


def launch_when_free(
    start: "Callable[[Sequence[str]], Launched]",
    clients: Sequence[str],
    held_now: Callable[[], Collection[str]],
    seconds: float,
) -> "list[Launched]":
    """Launch a run, and another one for the clients that it had to leave alone, until all had their turn.

    Args:
        start: launches a run over clients.
        clients: their ids.
        held_now: the clients that a run is at work on at the moment.
        seconds: how long to wait for others' runs in all; 0 to leave their clients alone.

    Returns:
        The runs; only the last one of a client can say that it was left alone.
    """
    until = time.monotonic() + seconds
    launched: list[Launched] = []
    while True:
        done = start(clients)
        left = until - time.monotonic()
        if not done.busy or left <= 0:
            return [*launched, done]
        launched.append(replace(done, failure=done.failure_but_busy, busy=()))
        clients = done.busy
        stderr().print(
            plain(f"{', '.join(clients)}: another run is at work there: waiting {left:.0f} s at most"), style="yellow"
        )
        while time.monotonic() < until and not set(clients).isdisjoint(held_now()):
            time.sleep(_PAUSE)

"""Whose changes the sensors hear of: where a sensor does, a sweep has little left to find, and comes more rarely.

Each code server begins without any. Not here: how rarely (rules/due.py).
"""

import time
from collections.abc import Iterable

from npf_pipelines.automation.flows import Flow

_LATELY = 600.0
"""Seconds. By default a sensor asks about each client within four minutes; otherwise it is off, rare, or fails."""


class Heard:
    """When a sensor last asked for the changes of each client, and would have noticed any."""

    def __init__(self) -> None:
        self._at: dict[tuple[str, str], float] = {}

    def note(self, flow: Flow, clients: Iterable[str]) -> None:
        """Keep that any change of these clients would have been noticed just now."""
        now = time.monotonic()
        self._at |= {(flow.name, client): now for client in clients}

    def is_heard(self, flow: Flow, client: str) -> bool:
        """Whether each change of the client is noticed these days."""
        at = self._at.get((flow.name, client))
        return at is not None and time.monotonic() - at < _LATELY

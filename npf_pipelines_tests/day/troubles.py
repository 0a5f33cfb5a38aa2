"""Random troubles of the stores in a day: outages, lost answers, a wrong key, a store that hangs a moment.

Not here: what the automation does meanwhile (day.py).
"""

import os
import random
import threading
from collections import Counter
from datetime import datetime, timedelta

from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.loop import API_KEY

_LIKELY = 0.03
"""That a store that is well gets a trouble in a step."""
_HANGS = 0.5
"""Real seconds."""
_LENGTHS = {"switched_off": (5, 120), "loses_answers": (5, 20), "wrong_key": (60, 60), "hangs": (0, 0)}
"""Simulated minutes, at least and at most."""


class Troubles:
    """The troubles of the stores.

    Attributes:
        had: how many of each kind there were.
    """

    def __init__(self, stores: dict[str, SandboxStore], dice: random.Random) -> None:
        self.had: Counter[str] = Counter()
        self._stores, self._dice = stores, dice
        self._until: dict[str, tuple[datetime, str]] = {}
        for client in stores:
            os.environ[key_variable(client)] = API_KEY

    def step(self, now: datetime) -> None:
        """Some begin and some end."""
        for client in self._stores:
            if client in self._until and now >= self._until[client][0]:
                self._switch(client, self._until.pop(client)[1], on=False)
            elif client not in self._until and self._dice.random() < _LIKELY:
                kind = self._dice.choice(list(_LENGTHS))
                self._until[client] = (now + timedelta(minutes=self._dice.randint(*_LENGTHS[kind])), kind)
                self.had[kind] += 1
                self._switch(client, kind, on=True)

    def end(self) -> None:
        """All end."""
        for client, (_, kind) in self._until.items():
            self._switch(client, kind, on=False)
        self._until.clear()

    def _switch(self, client: str, kind: str, *, on: bool) -> None:
        store = self._stores[client]
        match kind:
            case "wrong_key":
                os.environ[key_variable(client)] = "a-wrong-key" if on else API_KEY
            case "hangs":
                store.hangs = on
                if on:
                    threading.Timer(_HANGS, setattr, (store, "hangs", False)).start()
            case _:
                setattr(store, kind, on)


def key_variable(client: str) -> str:
    """The environment variable of a client's API key."""
    return f"NPF_DAY_TEST_{client.upper()}_KEY"

"""The world of a day's events: the clients by number, and what the events remember of it.

Not here: the events (events.py), and when they happen (plan.py).
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import yaml

from npf_pipelines.domain.alert import AlertKind
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines.sandbox.world import order_something
from npf_pipelines_tests.day.alerts import was_sent
from npf_pipelines_tests.loop import Loop

PACKING = "A"
"""The letter of a status that the merchant has added and the setup names."""

GRACE = timedelta(minutes=30)
"""How long the orders of a client are held that holds its orders."""


@dataclass
class World:
    """The events' world.

    Attributes:
        loop: stores, platform and pipeline.
        dice: for what shoppers order.
        clients: the clients' ids by number; a renamed client has its new id from the rename on.
        paused: the clients that are paused now.
        ahead: the jobs whose next run is executed by a machine with its clock ahead.
        expected: alerts that must have been sent and resolved in the end, by kind and client.
        wrongs: what an event found wrong.
        right_count: units on hand by SKU before a wrong count.
        on_sale: how many products the store had in stock then.
        removed_file: the text of a master setup that was removed.
        late_parcels: the tracking numbers of the parcels that were entered late.
        entered_at: when that was.
        held_from: from when on the orders of a client are held, by its number.
        released: the store's id of the order that a person has released.
    """

    loop: Loop
    dice: Random
    clients: list[str]
    paused: set[str] = field(default_factory=set)
    ahead: set[str] = field(default_factory=set)
    expected: list[tuple[AlertKind, str]] = field(default_factory=list)
    wrongs: list[str] = field(default_factory=list)
    right_count: dict[str, int] = field(default_factory=dict)
    on_sale: int = 0
    removed_file: str = ""
    late_parcels: list[str] = field(default_factory=list)
    entered_at: datetime | None = None
    held_from: dict[int, datetime] = field(default_factory=dict)
    released: str = ""

    def store(self, number: int) -> SandboxStore:
        """A client's store."""
        return self.loop.stores[self.clients[number]]

    def file(self, number: int) -> Path:
        """A client's master setup."""
        return self.loop.settings.data / "clients" / f"{self.clients[number]}.yaml"

    def change_setup(self, number: int, **changes: Any) -> None:
        """Change some fields of a master setup; a section's other fields stay."""
        path = self.file(number)
        setup = yaml.safe_load(path.read_text(encoding="utf-8"))
        for name, value in changes.items():
            setup[name] = setup[name] | value if isinstance(value, dict) else value
        path.write_text(yaml.safe_dump(setup), encoding="utf-8")

    def was_sent(self, kind: AlertKind, number: int) -> bool:
        """Whether an alert of the kind was sent for a client, which is then expected to be resolved, too."""
        if not was_sent(self.loop.services.state, kind, self.clients[number]):
            return False
        self.expected.append((kind, self.clients[number]))
        return True

    def order_for_packing(self, number: int) -> None:
        """A shopper orders, and the merchant moves the order to the added status."""
        store = self.store(number)
        if order_something(store, self.dice):
            store.change_status(store.next_order_id - 1, PACKING, user=False)

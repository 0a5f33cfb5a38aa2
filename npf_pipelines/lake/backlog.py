"""What isn't done: what the next run takes up by itself, and what needs a person, with what to do.

Not here: how it is found (facts.py).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from npf_pipelines.lake.facts import OpenFact


class Kind(NamedTuple):
    """A kind of open thing: what is told of it, and what a person has to do; nothing where the next run does it."""

    about: str
    """`orders`, `shipments` or `stock`."""
    name: str
    what_to_do: str = ""
    unit: str = ""
    """What a row is, where it isn't an order, a shipment or a SKU."""


HELD = "sku_held_by_old_order"
"""The one kind of open thing about stock in which the store has the wanted amount."""
KINDS = {
    "order_unreadable": Kind(
        "orders", "set aside", "Open the order in the store, complete it and save it: the nightly pull reads it again."
    ),
    "order_no_product_code": Kind("orders", "set aside", "Give all of the order's products their codes in the store."),
    "order_test_item_in_real_order": Kind("orders", "set aside", "Take the test item off the order in the store."),
    "order_probable_test_item": Kind(
        "orders", "set aside", "Correct the product code in the store: the letter case and blanks of test items count."
    ),
    "order_address_incomplete": Kind(
        "orders", "set aside", "Complete the order's delivery address in the store: a street, and a city or postcode."
    ),
    "order_country_unreadable": Kind(
        "orders", "set aside", "Correct the country of the order's delivery address in the store."
    ),
    "order_id_used_again": Kind(
        "orders", "set aside", "Give the new shop a client of its own: its order ids are those of an older shop."
    ),
    "order_held": Kind(
        "orders",
        "held: too many changes at once",
        "See whether a setting or the store was changed by mistake. If not, run npf run orders with --confirm-held.",
    ),
    "order_refused": Kind(
        "orders", "refused by the platform", "Correct what the reason names, then run orders for that day again."
    ),
    "order_differs": Kind(
        "orders",
        "differs between store and warehouse",
        "Decide with the warehouse which side is right, and bring the other one to it.",
    ),
    "order_status_unclear": Kind(
        "orders",
        "not explained by the master setup",
        "Write the status under orders.stop_statuses or orders.continue_statuses in the master setup.",
        "order status",
    ),
    "order_not_imported": Kind("orders", "accepted, not imported"),
    "shipment_set_aside": Kind(
        "shipments", "set aside", "Compare the order in the store with what was shipped, and correct what is wrong."
    ),
    "shipment_refused": Kind(
        "shipments",
        "refused by the store",
        "Look the order up in the store, and enter the shipment if it is missing.",
    ),
    "shipment_differs_in_store": Kind(
        "shipments",
        "shown otherwise in the store",
        "Correct in the store what the reason names; the next runs notice it.",
    ),
    "status_refused": Kind("shipments", "order status refused by the store", "Set the order's status in the store."),
    "shipment_waiting": Kind("shipments", "waiting for the store"),
    "status_waiting": Kind("shipments", "order status waiting for the store"),
    "sku_refused": Kind("stock", "refused by the store", "Look the product up in the store and set its amount there."),
    "sku_not_in_store": Kind(
        "stock", "not in the store", "Give the product this code in the store: spelling and letter case count."
    ),
    "sku_several_products": Kind("stock", "several products with one code", "Give each product a code of its own."),
    "sku_unreadable": Kind(
        "stock",
        "not readable in the store",
        "Correct the product's field that the reason names in the store: the next push takes it up.",
    ),
    "sku_uncounted": Kind(
        "stock",
        "not readable on the platform",
        "Ask the warehouse to correct the figure that the reason names: the next push takes it up.",
    ),
    "sku_several_counts": Kind(
        "stock", "several counts of one code", "Have the warehouse keep one of the codes that differ only by blanks."
    ),
    "sku_braked": Kind(
        "stock",
        "over the change limit",
        "Look at the amounts; if they are right, run stock with override_change_limit.",
    ),
    "sku_left_warehouse": Kind(
        "stock",
        "no longer in the warehouse's count",
        "Ask the warehouse whether it still has the SKU. If not, disable the product in the store.",
    ),
    HELD: Kind(
        "stock",
        "held by an order that grows too old",
        "Have the order imported, or complete or cancel it in the store.",
    ),
    "sku_waiting": Kind("stock", "waiting for the store"),
}
_SET_ASIDE = Kind("orders", "set aside", "Put right what the reason names: the nightly pull reads it again.")
"""What is set aside by a rule that has no words of its own here."""


@dataclass(frozen=True)
class Backlog:
    """The open things of a client: the rows for a person, and how many there are of each."""

    for_a_person: Sequence[tuple[Kind, OpenFact]]
    waiting: Counter[str]
    """What the next run takes up, by what it is about."""
    counts: Counter[tuple[str, str]]
    """Both, by what they are about and their name."""

    @property
    def set_aside(self) -> int:
        """Orders and shipments that were set aside."""
        return sum(rows for (_, name), rows in self.counts.items() if name == "set aside")

    @property
    def drift(self) -> int:
        """SKUs whose amount in the store is not the wanted one."""
        return sum(rows for key, rows in self.counts.items() if key[0] == "stock" and key != KINDS[HELD][:2])

    def about(self, about: str) -> list[tuple[Kind, OpenFact]]:
        """The rows for a person about orders, shipments or stock."""
        return [(kind, row) for kind, row in self.for_a_person if kind.about == about]


def kind_of(name: str) -> Kind:
    """The kind that an open thing names."""
    return KINDS.get(name, _SET_ASIDE)


def backlog(rows: Iterable[OpenFact]) -> Backlog:
    """Sort what isn't done into what needs a person and what waits for the next run."""
    known = [(kind_of(row.kind), row) for row in rows]
    return Backlog(
        for_a_person=[(kind, row) for kind, row in known if kind.what_to_do],
        waiting=Counter(kind.about for kind, _ in known if not kind.what_to_do),
        counts=Counter((kind.about, kind.name) for kind, _ in known),
    )

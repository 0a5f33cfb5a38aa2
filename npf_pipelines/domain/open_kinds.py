"""The kinds of open rows: their names, and the advice for a person.

Most of them are derived from the outcomes (outcomes.py). Not here: how open rows are found (lake/facts.py).
"""

from dataclasses import dataclass, replace

from npf_pipelines.domain.outcome import Outcome
from npf_pipelines.domain.outcomes import Decision, OrderOutcome, PushOutcome, Rule, StatusOutcome, StockOutcome


@dataclass(frozen=True)
class OpenKind:
    """A kind of open rows.

    Attributes:
        key: its stored name, part of an alert's key.
        about: `orders`, `shipments` or `stock`.
        name: its words.
        what_to_do: for a person; empty where the next run does it.
        unit: what a row is, where it isn't an order, a shipment or a SKU.
    """

    key: str
    about: str
    name: str
    what_to_do: str = ""
    unit: str = ""


_OF: dict[type[Outcome], tuple[str, str]] = {
    Rule: ("order", "orders"),
    OrderOutcome: ("order", "orders"),
    PushOutcome: ("shipment", "shipments"),
    StatusOutcome: ("status", "shipments"),
    StockOutcome: ("sku", "stock"),
}
"""By outcome: how the keys of its open rows begin, and what they are about. A decision's rows go by its rule."""


def key_prefix(outcomes: type[Outcome]) -> str:
    """The beginning of the keys of such outcomes' open rows: `sku_`."""
    return f"{_OF[outcomes][0]}_"


def open_key(outcome: Outcome) -> str:
    """The key of an outcome's open rows: `sku_refused`."""
    return f"{key_prefix(type(outcome))}{outcome}"


def open_kind(outcome: Outcome) -> OpenKind:
    """The kind of an outcome's open rows. All orders that were set aside have one name, whatever the rule."""
    name = outcome.words
    if isinstance(outcome, Rule):
        name = outcome.decision.words
    elif isinstance(outcome, StatusOutcome):
        name = f"order status {outcome.words}"
    return OpenKind(open_key(outcome), _OF[type(outcome)][1], name, outcome.what_to_do)


OPEN_KINDS = {
    kind.key: kind for outcomes in _OF for outcome in outcomes if outcome.is_open for kind in [open_kind(outcome)]
}
"""The kinds of the open rows of all outcomes, by key."""

NOT_IMPORTED = OpenKind("order_not_imported", "orders", "accepted, not imported")
"""An accepted order that the table of the platform's orders doesn't have yet."""
STATUS_UNCLEAR = OpenKind(
    "order_status_unclear",
    "orders",
    "not explained by the master setup",
    "Write the status under orders.stop_statuses or orders.continue_statuses in the master setup.",
    unit="order status",
)
"""A status of the store, whatever the number of its orders."""
HELD_SKU = OpenKind(
    "sku_held_by_old_order",
    "stock",
    "held by an order that grows too old",
    "Have the order imported, or complete or cancel it in the store.",
)
"""The one kind of open rows of stock in which the store has the right amount."""
SKU_MAP_REFUSED = OpenKind(
    "sku_map_refused",
    "orders",
    "of the SKU map not good, so that the last good map is used",
    "Correct the rows that the reason names: the next run of orders reads the map again.",
    unit="row",
)
"""A row of a client's map of codes (`orders.skus`)."""

MISSED_CUT_OFF = OpenKind(
    "order_missed_cut_off",
    "orders",
    "missed the cut-off",
    "Ask the warehouse whether it can still ship today.",
)
"""An order that reached the platform after the cut-off that it should have made; open for half a day."""

PLANNED_KINDS = {
    kind.key: kind
    for outcomes in _OF
    for outcome in outcomes
    if outcome.is_planned
    for kind in [replace(open_kind(outcome), name="planned in trial or quiet hours")]
}
"""The kinds of planned rows, by key: done for a client in trial, open for a live client alone."""

KINDS = OPEN_KINDS | {
    kind.key: kind for kind in (NOT_IMPORTED, STATUS_UNCLEAR, HELD_SKU, SKU_MAP_REFUSED, MISSED_CUT_OFF)
}
"""Every kind of open rows, by key."""


def kind_of(key: str) -> OpenKind:
    """The kind with this key. A rule of another release sets aside an order, too."""
    set_aside = Decision.SET_ASIDE
    return (KINDS | PLANNED_KINDS).get(key, OpenKind(key, "orders", set_aside.words, set_aside.what_to_do))

"""The kinds of rows that are open because of their outcome: their names, and the advice for a person.

Derived from the outcomes (outcomes.py). Not here: how open rows are found (lake/facts.py), the kinds that no outcome
is the reason of (lake/backlog.py).
"""

from dataclasses import dataclass

from npf_pipelines.domain.outcome import Outcome
from npf_pipelines.domain.outcomes import OrderOutcome, PushOutcome, Rule, StatusOutcome, StockOutcome


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


def open_key(outcome: Outcome) -> str:
    """The key of an outcome's open rows: `sku_refused`."""
    return f"{_OF[type(outcome)][0]}_{outcome}"


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

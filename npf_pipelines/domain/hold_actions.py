"""A person's decision to hold an order, or to release it.

Not here: where it is stored (state/hold_actions.py), what follows from it (rules/holds.py).
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class HoldAction:
    """The latest action of a person on one order: it replaces the earlier one.

    Attributes:
        order_id: the store's order id.
        is_hold: True for a hold, False for a release.
        acted_at: when.
        acted_by: the user of the machine.
        reason: in that person's words, which may name a shopper; may be empty.
    """

    order_id: str
    is_hold: bool
    acted_at: datetime
    acted_by: str
    reason: str

    @property
    def words(self) -> str:
        """The action, its time and the person, for the tables: they are kept for ever, and the reason is not."""
        done = "held" if self.is_hold else "released"
        return f"{done} at {self.acted_at:%Y-%m-%d %H:%M} UTC by {self.acted_by}"

    @property
    def explained(self) -> str:
        """The same with the reason, for people of the data team."""
        return f"{self.words}: {self.reason}" if self.reason else self.words

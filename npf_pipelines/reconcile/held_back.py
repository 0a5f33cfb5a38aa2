"""Old imports and cancellations of a run that automation asked for: left to the end of the client's days, then decided.

Only then it is known how many there are. Few are done like all others; very many are held for a person, and stay held
until a person runs orders for their days. Not here: how many are too many (rules/mass_changes.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from npf_pipelines.platform.gateway import Platform
from npf_pipelines.reconcile.orders_of_day import DayOutcome, OrderRow, OrdersOfDay, held_row
from npf_pipelines.reconcile.platform_orders import finish_cancellations, import_orders
from npf_pipelines.rules.mass_changes import MOST_OLD_IMPORTS, OLD, most_cancellations


@dataclass
class _Left:
    """A day that isn't finished: what it is about, without its orders, and what is left of it."""

    day: date
    about: OrdersOfDay
    outcome: DayOutcome


class HeldBack:
    """The old imports and cancellations of one client's days, left to the end."""

    def __init__(self, platform: Platform, client: str) -> None:
        self._platform = platform
        self._client = client
        self._left: list[_Left] = []
        self._imports = 0

    def leave(self, day: date, about: OrdersOfDay, outcome: DayOutcome) -> bool:
        """Keep what the day has left, in few bytes; False where the day has left nothing and is finished."""
        self._imports += len(outcome.imports)
        if self._imports > MOST_OLD_IMPORTS:
            for day_outcome in (*(left.outcome for left in self._left), outcome):
                self._hold_imports(day_outcome)
        if not outcome.imports and not outcome.cancellations:
            return False
        slim = replace(about, accepted=(), pulled={}, records={}, limit=None)
        self._left.append(_Left(day, slim, outcome))
        return True

    def finish(self) -> Iterator[tuple[date, list[OrderRow]]]:
        """Do or hold what was left; the rows of each of these days.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the platform can't be reached.
        """
        cancellations = sum(len(left.outcome.cancellations) for left in self._left)
        own = next((left.about.own for left in self._left), None)
        open_orders = self._platform.count_open(self._client, own) if cancellations else 0
        for left in self._left:
            outcome = left.outcome
            if cancellations > most_cancellations(open_orders):
                self._hold_cancellations(outcome)
            outcome.rows += import_orders(self._platform, left.about, outcome.imports)
            outcome.rows += finish_cancellations(self._platform, left.about, outcome.cancellations)
            yield left.day, outcome.rows

    def _hold_imports(self, outcome: DayOutcome) -> None:
        reason = (
            f"held: more than {MOST_OLD_IMPORTS} orders placed more than {OLD.days} days before the last good pull "
            f"would be imported at once; {self._what_to_do()}"
        )
        outcome.rows += [held_row(order, None, reason) for order in outcome.imports]
        outcome.imports = []

    def _hold_cancellations(self, outcome: DayOutcome) -> None:
        outcome.rows += [
            held_row(
                record.order,
                record.imported_at,
                f"held: {differs}, as are too many of the client's open orders at once; {self._what_to_do()}",
            )
            for record, differs in outcome.cancellations
        ]
        outcome.cancellations = []

    def _what_to_do(self) -> str:
        return f"if that is right: npf run orders --client {self._client} --confirm-held"

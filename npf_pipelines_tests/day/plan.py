"""The plan of a day: which client has which event, and when.

Not here: what the events do (events.py, hold_events.py); outages and kills, which come by dice (troubles.py, day.py).
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from npf_pipelines_tests.day.events import (
    client_is_renamed,
    clock_is_ahead,
    comes_back,
    file_is_back,
    file_is_gone,
    file_is_renamed,
    is_counted_as_zero,
    is_counted_right,
    is_paused,
    late_parcel_is_pushed,
    method_gets_a_code,
    method_has_no_code,
    new_prefix_is_used,
    parcel_is_entered_late,
    prefix_is_changed,
    setup_has_new_status,
    start_date_is_moved,
    status_is_renamed,
)
from npf_pipelines_tests.day.hold_events import held_order_is_released, holds_its_orders, released_order_is_imported
from npf_pipelines_tests.day.world import World

Happen = Callable[[World, int, datetime], bool]
"""Makes an event happen to a client, by its number; False: not yet, try again at the next step."""

AWAY = timedelta(days=2)
"""How long before the day the last run was, and since when a client is paused."""
CLOCK_AHEAD = timedelta(hours=20)
_FEW = 3
"""Clients among whom the events can be shared."""

BEFORE_THE_DAY: tuple[tuple[int, Happen], ...] = ((1, is_paused), (2, holds_its_orders))
"""Number of the client and event."""

PLAN: tuple[tuple[int, int, Happen], ...] = (
    (10, 0, is_counted_as_zero),
    (15, 2, parcel_is_entered_late),
    (20, 1, comes_back),
    (25, 7, prefix_is_changed),
    (30, 0, file_is_gone),
    (30, 2, late_parcel_is_pushed),
    (32, 2, held_order_is_released),
    (35, 2, released_order_is_imported),
    (35, 4, method_has_no_code),
    (40, 5, start_date_is_moved),
    (45, 4, status_is_renamed),
    (50, 7, new_prefix_is_used),
    (55, 4, method_gets_a_code),
    (60, 8, file_is_renamed),
    (65, 4, setup_has_new_status),
    (70, 0, file_is_back),
    (80, 0, is_counted_right),
    (90, 1, clock_is_ahead),
    (100, 8, client_is_renamed),
)
"""Minutes from the beginning of the day, number of the client, event. A client's events happen in this order.

Where there are too few clients, the first three share the events: the numbers count modulo 3.
The clock is ahead after midnight in Sydney, so that the run's today is the same by both clocks.
"""


class Events:
    """The events that are still to happen."""

    def __init__(self, world: World, start: datetime) -> None:
        numbers = 1 + max(number for _, number, _ in PLAN)
        modulus = _FEW if len(world.clients) < numbers else numbers
        self.pending = [
            (start + timedelta(minutes=minutes), number % modulus, happen) for minutes, number, happen in PLAN
        ]
        self._world = world

    def step(self, now: datetime) -> list[str]:
        """Let each due event happen unless it, or an earlier event of its client, has to wait; returns their names."""
        waiting: set[int] = set()
        happened, left = [], []
        for event in self.pending:
            at, number, happen = event
            if at <= now and number not in waiting and happen(self._world, number, now):
                happened.append(happen.__name__)
            else:
                waiting.add(number)
                left.append(event)
        self.pending = left
        return happened

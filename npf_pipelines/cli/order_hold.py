"""The order that a person holds or releases: which one a number means, and the run that follows.

Not here: the commands (hold.py, release.py).
"""

import getpass
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from npf_pipelines.cli.broken_files import name_broken
from npf_pipelines.cli.output import fail
from npf_pipelines.config.master_setup import SetupError
from npf_pipelines.domain.text import one_line
from npf_pipelines.runs.services import Services
from npf_pipelines.state.due_decisions import note_due
from npf_pipelines.state.health import read_one

_FOUND = """
SELECT order_id, order_number, day, decision, rule FROM filtered_orders
WHERE order_number = $number OR order_id IN ($number, $id) ORDER BY order_number = $number DESC, day DESC
"""
_LONGEST_NAME = 200
_JUST_AFTER = timedelta(milliseconds=1)


@dataclass(frozen=True)
class FoundOrder:
    """An order of a client's store.

    Attributes:
        order_id: the store's id.
        decision: the latest on it; empty where no run has decided.
        rule: the rule of that decision.
        days: the days on which the tables have it.
    """

    order_id: str
    decision: str = ""
    rule: str = ""
    days: Collection[date] = ()


def found_order(services: Services, client: str, number: str) -> FoundOrder:
    """The order with a number, with or without the order prefix, or an earlier one.

    Raises:
        typer.Exit: there is no such client, or the number is no number of an order.
    """
    try:
        prefix = services.setups()[client].orders.prefix
    except SetupError as error:
        fail(str(error))
    bare = number.removeprefix(prefix)
    with services.lake.connect(client) as lake:
        rows = lake.execute(_FOUND, {"number": number, "id": bare}).rows
        name_broken(lake)
    if rows:
        order_id, _, _, decision, rule = rows[0]
        return FoundOrder(order_id, decision, rule, {row[2] for row in rows if row[0] == order_id})
    if not bare.isdecimal():
        fail(f"{client}: {one_line(number, _LONGEST_NAME)} is no number of an order")
    return FoundOrder(bare)


def note_due_now(services: Services, client: str, order: FoundOrder) -> None:
    """Have the order decided on again by the next run, which the sensor new_orders requests at once.

    A moment before the last run would count as dealt with: this machine's clock may be behind.
    """
    now, tried_at = datetime.now(UTC), read_one(services.state, client, "orders").tried_at
    for day in order.days:
        note_due(services.state, client, day, [max(now, tried_at + _JUST_AFTER) if tried_at else now])


def the_user() -> str:
    """The user of the machine."""
    try:
        return one_line(getpass.getuser(), _LONGEST_NAME)
    except (OSError, KeyError):  # A container's user may have no name.
        return "a user without a name"

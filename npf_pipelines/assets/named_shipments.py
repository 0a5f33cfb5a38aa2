"""The orders whose shipments a run names instead of days: their numbers on the platform, and the days of lodgement.

Not here: the reading (shipment_records.py), the push (shipments.py), orders of the store (named_orders.py).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from npf_pipelines.domain.days import day_of
from npf_pipelines.domain.keys import shown
from npf_pipelines.domain.platform_orders import OrderState
from npf_pipelines.runs.client_run import ClientRun

_DAYS = """
SELECT DISTINCT order_number, day FROM (
  SELECT order_number, day FROM shipment_records UNION ALL SELECT order_number, day FROM tracking_push
) WHERE list_contains($numbers, order_number)
"""


@dataclass(frozen=True)
class NamedShipments:
    """The orders whose shipments a run takes.

    Attributes:
        numbers: the orders' numbers on the platform.
        days: the days on which a shipment of them is lodged, or was when it was pushed.
        why_not: a sentence about each name without a shipment.
    """

    numbers: frozenset[str]
    days: Sequence[date]
    why_not: Sequence[str]


def find_shipments(client_run: ClientRun, names: Collection[str]) -> NamedShipments:
    """Find the shipments of orders by the orders' numbers, with or without the order prefix.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the platform can't be reached.
    """
    platform, client, zone = client_run.services.platform, client_run.client, client_run.setup.zone
    by_number = platform.order_states(client, names)
    states = {name: _states(client_run, name, by_number.get(name)) for name in dict.fromkeys(names)}
    numbers = {state.order_number for found in states.values() for state in found} | (set(names) - by_number.keys())
    days = _days_in_tables(client_run, numbers)
    for number, shipments in platform.shipments_of(client, numbers).items():
        days.setdefault(number, set()).update(day_of(shipment.lodged_at, zone) for shipment in shipments)
    why_not = [
        _why_not(name, found)
        for name, found in states.items()
        if name not in days and not any(state.order_number in days for state in found)
    ]
    return NamedShipments(frozenset(days), sorted(set[date]().union(*days.values())), why_not)


def _states(client_run: ClientRun, name: str, numbered: OrderState | None) -> Sequence[OrderState]:
    """The platform's orders of the store that a name may mean: by its number, or else by the store's id."""
    platform, own = client_run.services.platform, client_run.own_numbers
    if numbered and own.has(numbered.order_number, numbered.store_order_id):
        return [numbered]
    return platform.states_of(client_run.client, [name], own).get(name, [])


def _days_in_tables(client_run: ClientRun, numbers: Collection[str]) -> dict[str, set[date]]:
    days: dict[str, set[date]] = {}
    with client_run.tables.connect() as connection:
        for number, day in connection.execute(_DAYS, {"numbers": sorted(numbers)}).rows:
            days.setdefault(number, set()).add(day)
    return days


def _why_not(name: str, found: Sequence[OrderState]) -> str:
    if not found:
        return f"the platform has no order {shown(name)}"
    listed = ", ".join(f"{state.order_number} ({str(state.status).replace('_', ' ')})" for state in found)
    return f"the warehouse has lodged no shipment of order {listed} yet"

"""The orders that a run names instead of days: the store's present form of each, and the days on which it is worked on.

Not here: the work on a day (orders_day.py), shipments of named orders (named_shipments.py).
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from npf_pipelines.assets.live_days import is_live
from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.days import day_of
from npf_pipelines.domain.keys import shown
from npf_pipelines.domain.store_orders import Order, UnreadableOrder
from npf_pipelines.runs.client_run import ClientRun

_DAYS = """
SELECT DISTINCT order_id, day FROM (
  SELECT order_id, order_number, day FROM filtered_orders
  UNION ALL SELECT order_id, order_number, day FROM platform_orders
  UNION ALL SELECT order_id, NULL, day FROM raw_orders
) WHERE list_contains($names, order_number) OR list_contains($ids, order_id)
"""
_IDS = """
SELECT DISTINCT order_number, order_id FROM (
  SELECT order_number, order_id FROM filtered_orders UNION ALL SELECT order_number, order_id FROM platform_orders
) WHERE list_contains($names, order_number)
"""


@dataclass(frozen=True)
class NamedOrders:
    """The orders that a run names.

    Attributes:
        ids: the store's ids of the orders that were found.
        by_day: the orders that the store has for each day; none for a day on which an order was before.
        why_not: a sentence about each name that names no order to work on.
    """

    ids: frozenset[str]
    by_day: Mapping[date, Sequence[Order | UnreadableOrder]]
    why_not: Sequence[str]


async def find_orders(client_run: ClientRun, store: Store, names: Collection[str]) -> NamedOrders:
    """Find orders by their numbers, with or without the order prefix: in the tables, in the store, on the platform.

    Raises:
        StoreError: the store can't be asked.
    """
    candidates = _candidates(client_run, names)
    ids = {order_id for found in candidates.values() for order_id in found}
    in_store = await store.orders_by_id(ids)
    days = _known_days(client_run, names, ids)
    by_day: defaultdict[date, list[Order | UnreadableOrder]] = defaultdict(list)
    taken: set[str] = set()
    why_not: list[str] = []
    for name, possible in candidates.items():
        order_id = next((each for each in possible if each in in_store or each in days), None)
        if order_id is None:
            why_not.append(f"the store has no order {shown(name)}, and no run has ever pulled one")
        elif order_id not in taken:
            order = in_store.get(order_id)
            if reason := _why_not(client_run, name, order, days.get(order_id, ())):
                why_not.append(reason)
                continue
            taken.add(order_id)
            for day in days.get(order_id, ()):
                by_day[day] += []
            if order is not None:
                by_day[_day(client_run, order, days.get(order_id, ()))].append(order)
    return NamedOrders(frozenset(taken), dict(sorted(by_day.items())), why_not)


def _candidates(client_run: ClientRun, names: Collection[str]) -> Mapping[str, Sequence[str]]:
    """The store's ids that each name may mean, the likeliest first: a number may have an earlier prefix."""
    with client_run.tables.connect() as connection:
        numbered = dict(connection.execute(_IDS, {"names": sorted(names)}).rows)
    prefix = client_run.setup.orders.prefix
    return {
        name: list(dict.fromkeys([*([numbered[name]] if name in numbered else []), name, name.removeprefix(prefix)]))
        for name in dict.fromkeys(names)
    }


def _known_days(client_run: ClientRun, names: Collection[str], ids: Collection[str]) -> Mapping[str, Collection[date]]:
    """The days of each order in the tables; of an order that only the platform has, the day of its import."""
    days: defaultdict[str, set[date]] = defaultdict(set)
    with client_run.tables.connect() as connection:
        rows = connection.execute(_DAYS, {"names": sorted(names), "ids": sorted(ids)}).rows
    for order_id, day in rows:
        days[order_id].add(day)
    platform, unknown = client_run.services.platform, ids - days.keys()
    for record in platform.records(client_run.client, unknown, client_run.own_numbers).values():
        days[record.order.store_order_id].add(day_of(record.order.placed_at, client_run.setup.zone))
    return days


def _day(client_run: ClientRun, order: Order | UnreadableOrder, known: Collection[date]) -> date:
    """The day of an order of the store; of one without a readable time, the day on which it was listed."""
    return day_of(order.placed_at, client_run.setup.zone) if order.placed_at else max(known)


def _why_not(client_run: ClientRun, name: str, order: Order | UnreadableOrder | None, known: Collection[date]) -> str:
    """Why an order can't be worked on; empty if it can."""
    if order is None:
        return ""
    if order.placed_at is None:
        return "" if known else f"order {shown(name)} has no readable time in the store: correct it there"
    day, start = day_of(order.placed_at, client_run.setup.zone), client_run.setup.orders.start_date
    if not known and not is_live(client_run, day):
        return f"order {shown(name)} was placed on {day}, before the order start date {start}: it is never imported"
    if day > client_run.today:
        return f"order {shown(name)} is dated {day}, a day that has not begun"
    return ""

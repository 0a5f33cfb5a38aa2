"""The platform's orders of a client's day, and the store's orders that the day's list doesn't show.

An order that the day's list lacks may be gone, hidden from lists, or re-dated to another day: the store is asked for it
by its id. Orders of the client's other carts are left out. Not here: what follows from it (rules/changes.py).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from npf_pipelines.assets.live_days import is_live
from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.days import day_of, end_of_day, start_of_day
from npf_pipelines.domain.platform_orders import PlatformOrder, PlatformRecord
from npf_pipelines.domain.sku_map import SkuMap
from npf_pipelines.domain.store_orders import Order, UnreadableOrder
from npf_pipelines.rules.after_import import is_cancelled_by_store
from npf_pipelines.rules.changes import is_parent
from npf_pipelines.rules.identity import is_same_order
from npf_pipelines.rules.kits import as_sold
from npf_pipelines.rules.own_orders import is_own
from npf_pipelines.rules.status_meaning import INCOMPLETE
from npf_pipelines.runs.client_run import ClientRun

_CHILDREN = "SELECT parent_order_id, order_id FROM raw_orders WHERE list_contains($parents, parent_order_id)"


@dataclass(frozen=True)
class PlatformDay:
    """The platform's orders of a day.

    Attributes:
        records: the orders that belong to the day, by order number.
        by_id: all orders of the store with the id of an order of the day, whether they are the same or not, by store
            order id.
        orders: the store's orders by id, including orders that its list doesn't show and that were read by their id.
        children: the ids of a Multi-Vendor parent's child orders, by the parent's id.
        redated: the ids of orders that were imported from another day's list, by that day.
        recognised: order number and store order id of orders that are the store's although their number didn't show it.
    """

    records: Mapping[str, PlatformRecord]
    by_id: Mapping[str, Sequence[PlatformOrder]]
    orders: Mapping[str, Order | UnreadableOrder]
    children: Mapping[str, Collection[str]]
    redated: Mapping[date, Collection[str]]
    recognised: Collection[tuple[str, str]] = ()

    def are_cancelled(self, numbers: Iterable[str]) -> bool:
        """Whether orders were all cancelled for the store, so that one of them may be taken up again."""
        records = [self.records.get(number) for number in numbers]
        return all(record is not None and is_cancelled_by_store(record) for record in records)


async def platform_day(
    client_run: ClientRun,
    store: Store,
    day: date,
    listed: Sequence[Order | UnreadableOrder],
    only: Collection[str] | None = None,
    *,
    sku_map: SkuMap,
) -> PlatformDay:
    """Read the platform's orders of a day.

    Args:
        client_run: the client's part of the run.
        store: the client's store, open.
        day: the day.
        listed: the orders that the store lists for it.
        only: the store's ids of the orders to read; None for the whole day.
        sku_map: what the store's codes are in the warehouse.

    Raises:
        StoreError: the orders that the store doesn't list can't be read.
    """
    orders = {order.order_id: order for order in listed if order.order_id}
    if not is_live(client_run, day):
        return PlatformDay({}, {}, orders, {}, {})
    found = _records(client_run, day, orders, only)
    zone, own = client_run.setup.zone, client_run.own_numbers
    records: dict[str, PlatformRecord] = {}
    absent: dict[str, PlatformRecord] = {}
    by_id: dict[str, list[PlatformOrder]] = {}
    redated: dict[date, set[str]] = {}
    recognised: set[tuple[str, str]] = set()
    for number, record in found.items():
        order, order_id = orders.get(record.order.store_order_id), record.order.store_order_id
        if not is_own(order, record.order, own, sku_map):
            continue
        if not own.has(number, order_id):
            recognised.add((number, order_id))
        by_id.setdefault(order_id, []).append(record.order)
        imported_from = day_of(record.order.placed_at, zone)
        if order is not None and is_same_order(order, record.order):
            records[number] = record
            if imported_from != day:
                redated.setdefault(imported_from, set()).add(order_id)
        elif imported_from == day:
            absent[number] = record
    ids = {record.order.store_order_id for record in absent.values()}
    read_by_id = await store.orders_by_id(ids) if ids else {}
    orders |= read_by_id
    records |= {
        number: record
        for number, record in absent.items()
        if not _is_of_another_day(client_run, day, read_by_id.get(record.order.store_order_id), record)
    }
    ids = {record.order.store_order_id for record in records.values()}
    parents = {order_id for order_id in ids if is_parent(orders.get(order_id))}
    children = _children(client_run, listed, parents) if parents else {}
    return PlatformDay(records, by_id, orders, children, redated, recognised)


def _records(
    client_run: ClientRun, day: date, order_ids: Iterable[str], only: Collection[str] | None
) -> dict[str, PlatformRecord]:
    platform, zone = client_run.services.platform, client_run.setup.zone
    if only is not None:
        return _as_sold(platform.records(client_run.client, only))
    since, until = start_of_day(day, zone), end_of_day(day, zone)
    return _as_sold(platform.records_of_day(client_run.client, order_ids, since, until, client_run.own_numbers))


def _as_sold(records: Mapping[str, PlatformRecord]) -> dict[str, PlatformRecord]:
    """The records in the codes of the store."""
    return {number: as_sold(record) for number, record in records.items()}


def _is_of_another_day(
    client_run: ClientRun, day: date, order: Order | UnreadableOrder | None, record: PlatformRecord
) -> bool:
    """Whether the store lists the order for another day, on which it is processed."""
    if order is None or order.placed_at is None or not is_same_order(order, record.order):
        return False
    if is_parent(order) or order.status == INCOMPLETE:
        return False
    its_day = day_of(order.placed_at, client_run.setup.zone)
    return its_day != day and its_day <= client_run.today and is_live(client_run, its_day)


def _children(
    client_run: ClientRun, listed: Iterable[Order | UnreadableOrder], parents: Collection[str]
) -> Mapping[str, Collection[str]]:
    children: dict[str, set[str]] = {parent: set() for parent in parents}
    for order in listed:
        if isinstance(order, Order) and order.parent_order_id in children:
            children[order.parent_order_id].add(order.order_id)
    with client_run.tables.connect() as connection:
        for parent, child in connection.execute(_CHILDREN, {"parents": sorted(parents)}).rows:
            children[parent].add(child)
    return children

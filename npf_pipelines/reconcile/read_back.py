"""Reading back what a push has written: number, carrier, link or comments, and units of the shipments just made.

Two reads for many orders show what was created: the orders again, and the list of the newest shipments. An order that
doesn't show it is read by itself. Not here: making shipments (order_shipments.py), the differences that count
(rules/parcels.py), the result by what is shown (shipment_results.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from npf_pipelines.cscart.carrier_links import CarrierLinks
from npf_pipelines.cscart.errors import StoreError
from npf_pipelines.cscart.gather_or_cancel import gather_or_cancel
from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.domain.store_shipments import Shipment
from npf_pipelines.reconcile.failure_policy import raise_if_permanent
from npf_pipelines.reconcile.shipment_results import read_back_result
from npf_pipelines.reconcile.tracking_results import ReadOrder, WrittenOrder, not_read_back

_BY_OTHERS = 20
"""Shipments that others may have made meanwhile, which are listed too."""


class NewestShipments:
    """The store's list of its newest shipments, used for as long as it shows what was made."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._shows_them = True

    async def find(self, ids: set[str]) -> Mapping[str, Shipment]:
        """The shipments with these ids that the list shows, by id.

        Raises:
            StoreError: a permanent one.
        """
        if not self._shows_them or not ids:
            return {}
        try:
            listed = await self._store.newest_shipments(len(ids) + _BY_OTHERS)
        except StoreError as error:
            raise_if_permanent(error)
            listed = []
        found = {shipment.shipment_id: shipment for shipment in listed if shipment.shipment_id in ids}
        self._shows_them = bool(found)
        return found


async def read_back_orders(
    store: Store, batch: Sequence[WrittenOrder], newest: NewestShipments, links: CarrierLinks
) -> list[ReadOrder]:
    """Read back what was written to the orders.

    Args:
        store: the client's store.
        batch: the orders.
        newest: the store's list of its newest shipments.
        links: learns from the shipments read.

    Returns:
        The orders, in their order.

    Raises:
        StoreError: a permanent one. An order that can't be read is left to the next run.
    """
    touched = [written for written in batch if written.is_touched]
    try:
        found = await store.orders_by_id([written.order.order_id for written in touched]) if touched else {}
    except StoreError as error:
        raise_if_permanent(error)
        return [not_read_back(written, str(error)) for written in batch]
    after = {order_id: order for order_id, order in found.items() if isinstance(order, Order)}
    created = [written for written in touched if written.created and written.order.order_id in after]
    shown = await _read_created(store, created, after, newest)
    links.learn(
        in_store[made.store_shipment_id]
        for written in created
        if isinstance(in_store := shown[written.lodged_order.order_number], Mapping)
        for made in written.created.values()
        if made.store_shipment_id in in_store
    )
    return [
        _read_order(written, after.get(written.order.order_id), shown.get(written.lodged_order.order_number), links)
        for written in batch
    ]


async def _read_created(
    store: Store, created: Sequence[WrittenOrder], after: Mapping[str, Order], newest: NewestShipments
) -> Mapping[str, Mapping[str, Shipment] | StoreError]:
    """The store's shipments by its id, or the reading's failure, by order number."""
    shared = [written for written in created if written.shows_created(after[written.order.order_id])]
    newest_shown = await newest.find(set().union(*map(_ids, shared)))
    listed = {written.lodged_order.order_number for written in shared if newest_shown.keys() >= _ids(written)}
    alone = [written for written in created if written.lodged_order.order_number not in listed]
    answers = await gather_or_cancel(_shipments_of(store, written.order.order_id) for written in alone)
    return dict.fromkeys(listed, newest_shown) | {
        written.lodged_order.order_number: answer for written, answer in zip(alone, answers, strict=True)
    }


def _ids(written: WrittenOrder) -> set[str]:
    return {made.store_shipment_id for made in written.created.values()}


async def _shipments_of(store: Store, order_id: str) -> Mapping[str, Shipment] | StoreError:
    try:
        return {shipment.shipment_id: shipment for shipment in await store.shipments_of(order_id)}
    except StoreError as error:
        raise_if_permanent(error)
        return error


def _read_order(
    written: WrittenOrder,
    after: Order | None,
    shown: Mapping[str, Shipment] | StoreError | None,
    links: CarrierLinks,
) -> ReadOrder:
    """The order after it was read back.

    Args:
        written: the order after its writes.
        after: the store's order, read again; None if it wasn't.
        shown: the store's shipments by its id, or why they couldn't be read; None if they needn't be.
        links: learns where the store shows no link.
    """
    if not written.is_touched:
        return ReadOrder(written.lodged_order, written.order, written.results)
    if after is None:
        return not_read_back(written, "the order could not be read back")
    if isinstance(shown, StoreError):
        return not_read_back(replace(written, order=after), str(shown))
    results = {
        shipment.shipment_id: read_back_result(shipment, made, (shown or {}).get(made.store_shipment_id), after, links)
        for shipment in written.lodged_order.lodged
        if (made := written.created.get(shipment.shipment_id))
    }
    return ReadOrder(written.lodged_order, after, {**written.results, **results})

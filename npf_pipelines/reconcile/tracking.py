"""The tracking push: lodged shipments, and the status that follows, brought into a client's store batch by batch.

Each batch goes through the same phases, which hand on values: read, decide and write for each order
(order_shipments.py), read back (read_back.py), statuses (order_statuses.py), results.
Not here: the phases, the decisions (rules/).
"""

import asyncio
import contextlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from npf_pipelines.cscart.errors import StoreError
from npf_pipelines.cscart.gather_or_cancel import gather_or_cancel
from npf_pipelines.cscart.store import Store
from npf_pipelines.cscart.write_check import writes_checked
from npf_pipelines.domain.chunking import chunked
from npf_pipelines.domain.outcomes import PushOutcome, StatusOutcome
from npf_pipelines.domain.store_orders import Order, UnreadableOrder
from npf_pipelines.domain.work_meter import note_done, plan_work
from npf_pipelines.reconcile.failure_policy import raise_if_permanent
from npf_pipelines.reconcile.order_shipments import write_shipments
from npf_pipelines.reconcile.order_statuses import decide_status, left_waiting, write_statuses
from npf_pipelines.reconcile.read_back import NewestShipments, read_back_orders
from npf_pipelines.reconcile.tracking_plan import OrderShipments, TrackingPlan
from npf_pipelines.reconcile.tracking_results import Results, ShipmentResult, WrittenOrder, not_read_back
from npf_pipelines.rules.identity import is_same_order
from npf_pipelines.rules.order_status import StatusStep
from npf_pipelines.state.lease import Lease, LeaseLost
from npf_pipelines.state.unknown_ends import NotedWrites, read_unknown_ends

_ORDERS_PER_BATCH = 50
"""Orders read in one request: the time between reading an order and writing to it stays short."""
_MOST_COMPARED_AGAIN = 25
"""Orders whose shipments differed in the store, compared again in one run, at the cost of a request each."""


@dataclass(frozen=True)
class Pushed:
    """The outcome for one shipment and for its order's status."""

    shipment_id: str
    order_number: str
    outcome: PushOutcome
    reason: str
    store_shipment_id: str | None
    order_status: str | None
    status_outcome: StatusOutcome
    status_reason: str


async def push_tracking(
    store: Store, orders: Sequence[OrderShipments], plan: TrackingPlan, lease: Lease
) -> list[Pushed]:
    """Bring the store to where every shipment is there once and every order has the status asked for.

    Args:
        store: the client's store.
        orders: the orders with shipments to push, each once.
        plan: what the master setup asks for.
        lease: the client's lease, held.

    Returns:
        An outcome for each shipment that is to be pushed now, and for each that was withdrawn.

    Raises:
        StoreError: a permanent one (key, rights): going on would only repeat it.
        LeaseLost: another run may have begun to write.
        Paused: a person has paused the client.
    """
    unknown = await asyncio.to_thread(read_unknown_ends, lease.engine, lease.client)
    pushed: list[Pushed] = []
    free: list[OrderShipments] = []
    for lodged_order in orders:
        if end := unknown.get(lodged_order.order_number):
            pushed += _same_rows(lodged_order, PushOutcome.WAITING, end.reason, also=lodged_order.withdrawn)
        else:
            free.append(lodged_order)
    differing = [
        lodged_order.order_number
        for lodged_order in free
        if any(before.differs for before in lodged_order.pushed_before.values())
    ]
    writes = NotedWrites(lease)
    push = _Push(store, plan, writes, compare_again=frozenset(differing[:_MOST_COMPARED_AGAIN]))
    try:
        # A status that is set twice does no harm: the check without a renewal suffices.
        with writes_checked(lease.check_store_write):
            plan_work("shipped orders", len(free))
            for batch in chunked(free, _ORDERS_PER_BATCH):
                pushed += await push.batch(batch)
                note_done("shipped orders", len(batch))
    finally:
        # A record that isn't removed leaves its order waiting for minutes, and costs nothing else.
        with contextlib.suppress(LeaseLost, SQLAlchemyError):
            await writes.finish()
    return pushed


class _Push:
    """One push: what all of its batches share."""

    def __init__(
        self, store: Store, plan: TrackingPlan, writes: NotedWrites, *, compare_again: Collection[str]
    ) -> None:
        self._store, self._plan, self._writes, self._compare_again = store, plan, writes, compare_again
        self._newest = NewestShipments(store)

    async def batch(self, orders: Sequence[OrderShipments]) -> list[Pushed]:
        """Push a batch of orders; a row for each shipment."""
        try:
            found = await self._store.orders_by_id([lodged_order.state.store_order_id for lodged_order in orders])
        except StoreError as error:
            raise_if_permanent(error)
            return [row for lodged_order in orders for row in _same_rows(lodged_order, PushOutcome.WAITING, str(error))]
        pushed: list[Pushed] = []
        to_write: list[tuple[OrderShipments, Order]] = []
        for lodged_order in orders:
            order = found.get(lodged_order.state.store_order_id)
            if isinstance(order, Order) and is_same_order(order, lodged_order.state):
                to_write.append((lodged_order, order))
            else:
                reason = _why_unusable(lodged_order, order)
                pushed += _same_rows(lodged_order, PushOutcome.SET_ASIDE, reason, also=lodged_order.withdrawn)
        written = await gather_or_cancel(self._write(lodged_order, order) for lodged_order, order in to_write)
        return pushed + await self._read_back(written)

    async def _write(self, lodged_order: OrderShipments, order: Order) -> WrittenOrder:
        return await write_shipments(
            self._store,
            lodged_order,
            order,
            self._plan.of(lodged_order.state, order),
            self._writes,
            compare_again=lodged_order.order_number in self._compare_again,
        )

    async def _read_back(self, batch: Sequence[WrittenOrder]) -> list[Pushed]:
        """Read back, then set the statuses that follow."""
        read_orders = await read_back_orders(self._store, batch, self._newest, self._plan.links)
        results = {read.lodged_order.order_number: read.results for read in read_orders}
        after = {read.lodged_order.order_number: read.order for read in read_orders}
        steps = {
            read.lodged_order.order_number: decide_status(read, self._plan.of(read.lodged_order.state, read.order))
            for read in read_orders
        }
        to_set = [read for read in read_orders if steps[read.lodged_order.order_number].is_to_be_set]
        try:
            set_steps, set_orders = await write_statuses(self._store, to_set, steps)
        except StoreError as error:
            raise_if_permanent(error)
            steps = {number: left_waiting(step, str(error)) for number, step in steps.items()}
            results = {w.lodged_order.order_number: not_read_back(w, str(error)).results for w in batch}
        else:
            steps |= set_steps
            after |= set_orders
        return [
            row
            for written in batch
            for number in [written.lodged_order.order_number]
            for row in _rows(written.lodged_order, results[number], after[number].status, steps[number])
        ]


def _why_unusable(lodged_order: OrderShipments, order: Order | UnreadableOrder | None) -> str:
    """Why an order's shipments can't be pushed, and what to do."""
    match order:
        case UnreadableOrder():
            problem = f"can't be read: {order.reason}"
        case Order():
            problem = "is another shopper's now in the store"
        case None:
            problem = "is gone from the store"
    return f"the order {lodged_order.state.store_order_id} {problem}: check it in the store"


def _rows(lodged_order: OrderShipments, results: Results, order_status: str, step: StatusStep) -> list[Pushed]:
    lodged = [shipment.shipment_id for shipment in lodged_order.lodged]
    shown = [shipment_id for shipment_id in lodged if shipment_id in lodged_order.pushed_now]
    shown += [shipment_id for shipment_id in results if shipment_id not in lodged]
    waiting = ShipmentResult(PushOutcome.WAITING, "not reached")
    return [
        _row(lodged_order, shipment_id, results.get(shipment_id, waiting), order_status, step) for shipment_id in shown
    ]


def _same_rows(
    lodged_order: OrderShipments, outcome: PushOutcome, reason: str, *, also: Collection[str] = ()
) -> list[Pushed]:
    """The same outcome for all shipments to push now, and for further ones."""
    step = StatusStep(None, StatusOutcome.WAITING, "no shipment of the order could be brought into the store")
    result = ShipmentResult(outcome, reason)
    return [
        _row(lodged_order, shipment_id, result, None, step)
        for shipment_id in sorted(lodged_order.pushed_now.union(also))
    ]


def _row(
    lodged_order: OrderShipments, shipment_id: str, result: ShipmentResult, order_status: str | None, step: StatusStep
) -> Pushed:
    store_shipment_id = result.store_shipment_id
    if result.outcome is not PushOutcome.WITHDRAWN and shipment_id in lodged_order.pushed_before:
        # That it was once made outlives an outage: its customer knows of it.
        store_shipment_id = store_shipment_id or lodged_order.pushed_before[shipment_id].store_shipment_id
    return Pushed(
        shipment_id=shipment_id,
        order_number=lodged_order.order_number,
        outcome=result.outcome,
        reason=result.reason,
        store_shipment_id=store_shipment_id,
        order_status=order_status,
        status_outcome=step.outcome,
        status_reason=step.reason,
    )

"""Lodged shipments and the status that follows, brought into a client's store, batch by batch.

Not here: one order's shipments (order_shipments.py), the decisions (rules/).
"""

import asyncio
import contextlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from npf_pipelines.cscart.errors import NotFound, RequestRejected, StoreError
from npf_pipelines.cscart.gather_or_cancel import gather_or_cancel
from npf_pipelines.cscart.store import Store
from npf_pipelines.cscart.write_check import writes_checked
from npf_pipelines.domain.chunking import chunked
from npf_pipelines.domain.outcomes import PushOutcome, StatusOutcome
from npf_pipelines.domain.platform_orders import OrderStatus
from npf_pipelines.domain.store_orders import Order, UnreadableOrder
from npf_pipelines.reconcile.failure_policy import raise_if_permanent
from npf_pipelines.reconcile.order_shipments import bring_shipments, confirm_created
from npf_pipelines.reconcile.read_back import NewestShipments, read_back_created
from npf_pipelines.reconcile.tracking_work import (
    OrderShipments,
    ShipmentResult,
    TrackingPlan,
    Work,
)
from npf_pipelines.rules.identity import is_same_order
from npf_pipelines.rules.order_status import StatusStep, next_status
from npf_pipelines.state.lease import Lease, LeaseLost
from npf_pipelines.state.unknown_ends import NotedWrites, read_unknown_ends

_ORDERS_AT_ONCE = 50
"""Orders read in one request: what lies between reading an order and writing to it stays short."""
_COMPARED_AGAIN = 25
"""Orders of which the store showed something else than was written, compared again in one run, a request each."""


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
    """
    unknown = await asyncio.to_thread(read_unknown_ends, lease.engine, lease.client)
    pushed: list[Pushed] = []
    free: list[OrderShipments] = []
    for one in orders:
        if end := unknown.get(one.state.order_number):
            pushed += _rows_alike(one, PushOutcome.WAITING, end.reason, also=_withdrawn(one))
        else:
            free.append(one)
    newest = NewestShipments(store)
    differing = [one for one in free if any(before.differs for before in one.pushed_before.values())]
    to_compare = {one.state.order_number for one in differing[:_COMPARED_AGAIN]}
    writes = NotedWrites(lease)
    try:
        # A status that is set twice does no harm: the cheap check suffices.
        with writes_checked(lease.check_write):
            for batch in chunked(free, _ORDERS_AT_ONCE):
                pushed += await _push_batch(store, batch, plan, writes, newest=newest, to_compare=to_compare)
    finally:
        # What isn't taken off leaves its orders waiting for minutes, and costs nothing else.
        with contextlib.suppress(LeaseLost, SQLAlchemyError):
            await writes.finish()
    return pushed


async def _push_batch(
    store: Store,
    orders: Sequence[OrderShipments],
    plan: TrackingPlan,
    writes: NotedWrites,
    *,
    newest: NewestShipments,
    to_compare: Collection[str],
) -> list[Pushed]:
    try:
        found = await store.orders_by_id([ours.state.store_order_id for ours in orders])
    except StoreError as error:
        raise_if_permanent(error)
        return [row for ours in orders for row in _rows_alike(ours, PushOutcome.WAITING, str(error))]
    work: list[Work] = []
    pushed: list[Pushed] = []
    for ours in orders:
        order = found.get(ours.state.store_order_id)
        if isinstance(order, Order) and is_same_order(order, ours.state):
            work.append(Work(ours, order, is_to_compare=ours.state.order_number in to_compare))
        else:
            said = f"can't be read: {order.reason}" if isinstance(order, UnreadableOrder) else "is gone from the store"
            said = "is another shopper's now in the store" if isinstance(order, Order) else said
            reason = f"the order {ours.state.store_order_id} {said}: look it up in the store"
            pushed += _rows_alike(ours, PushOutcome.SET_ASIDE, reason, also=_withdrawn(ours))
    await gather_or_cancel(bring_shipments(store, one, plan, writes) for one in work)
    try:
        await _read_back_shipments(store, work, newest, plan)
        await _bring_statuses(store, [one for one in work if one.judge_completeness()], plan)
    except StoreError as error:
        raise_if_permanent(error)
        for one in work:
            one.leave_waiting(str(error))
    return pushed + [row for one in work for row in _rows(one)]


async def _read_back_shipments(store: Store, work: Sequence[Work], newest: NewestShipments, plan: TrackingPlan) -> None:
    """Two reads for many orders show what was created; an order that doesn't show it is looked at by itself."""
    touched = [one for one in work if one.created or not one.is_fresh]
    found = await store.orders_by_id([one.order.order_id for one in touched]) if touched else {}
    created: list[Work] = []
    to_look_after: list[Work] = []
    for one in touched:
        after = found.get(one.order.order_id)
        if not isinstance(after, Order):
            one.leave_waiting("the order could not be read back")
            continue
        if one.created:
            created.append(one)
            if not (one.is_fresh and confirm_created(one, after)):
                to_look_after.append(one)
        one.order = after
    await read_back_created(store, created, newest, to_look_after, plan)


async def _bring_statuses(store: Store, work: Sequence[Work], plan: TrackingPlan) -> None:
    """Set the statuses that follow, and read all of them back at once."""
    for one in work:
        one.step = next_status(
            one.order,
            plan.statuses,
            in_store=one.units_in_store(),
            on_back_order=one.ours.state.status == OrderStatus.BACK_ORDER,
            is_over=one.is_over(plan.short_before),
        )
    to_set = [one for one in work if one.step.letter]
    if plan.dry_run:
        for one in to_set:
            reason = f"{one.step.reason}: would become {one.step.letter}"
            one.step = StatusStep(one.step.letter, StatusOutcome.PLANNED, reason)
        return
    await gather_or_cancel(_set_status(store, one) for one in to_set)
    found = await store.orders_by_id([one.order.order_id for one in to_set]) if to_set else {}
    for one in to_set:
        after = found.get(one.order.order_id)
        if isinstance(after, Order):
            one.order = after
        one.step = _as_read_back(one.step, one.order.status)


async def _set_status(store: Store, work: Work) -> None:
    try:
        await store.set_status(work.order.order_id, work.step.letter or "")
    except (RequestRejected, NotFound) as error:
        work.step = StatusStep(work.step.letter, StatusOutcome.REFUSED, str(error))
    except StoreError as error:
        raise_if_permanent(error)
        work.step = StatusStep(work.step.letter, StatusOutcome.WAITING, str(error))


def _as_read_back(step: StatusStep, status: str) -> StatusStep:
    """What the order's status now says of the attempt, whatever the store answered to it."""
    if status == step.letter:
        return StatusStep(step.letter, StatusOutcome.SET, step.reason)
    if step.outcome is not StatusOutcome.SET:
        return step
    reason = f"the store answered, but the order has the status {status}, not {step.letter}"
    return StatusStep(step.letter, StatusOutcome.REFUSED, f"{reason}: set it there, or ask why it doesn't take it")


def _rows(work: Work) -> list[Pushed]:
    lodged = {shipment.shipment_id for shipment in work.ours.lodged}
    shown = [shipment.shipment_id for shipment in work.ours.lodged if shipment.shipment_id in work.ours.pushed_now]
    shown += [shipment_id for shipment_id in work.results if shipment_id not in lodged]
    waiting = ShipmentResult(PushOutcome.WAITING, "not reached")
    return [
        _row(work.ours, shipment_id, work.results.get(shipment_id, waiting), work.order.status, work.step)
        for shipment_id in shown
    ]


def _withdrawn(ours: OrderShipments) -> Collection[str]:
    return ours.pushed_before.keys() - {shipment.shipment_id for shipment in ours.lodged}


def _rows_alike(ours: OrderShipments, outcome: PushOutcome, reason: str, *, also: Collection[str] = ()) -> list[Pushed]:
    step = StatusStep(None, StatusOutcome.WAITING, "no shipment of the order could be brought into the store")
    result = ShipmentResult(outcome, reason)
    return [_row(ours, shipment_id, result, None, step) for shipment_id in sorted(ours.pushed_now.union(also))]


def _row(
    ours: OrderShipments, shipment_id: str, result: ShipmentResult, order_status: str | None, step: StatusStep
) -> Pushed:
    store_shipment_id = result.store_shipment_id
    if result.outcome is not PushOutcome.WITHDRAWN and shipment_id in ours.pushed_before:
        # That it was once made outlives an outage: its customer knows of it.
        store_shipment_id = store_shipment_id or ours.pushed_before[shipment_id].store_shipment_id
    return Pushed(
        shipment_id=shipment_id,
        order_number=ours.state.order_number,
        outcome=result.outcome,
        reason=result.reason,
        store_shipment_id=store_shipment_id,
        order_status=order_status,
        status_outcome=step.outcome,
        status_reason=step.reason,
    )

"""Lodged shipments and the status that follows, brought into a client's store.

CS-Cart has no idempotency key, cuts quantities silently and answers 200 to status updates that it ignored: what is
missing is found by reading, and what was written counts once it has been read back.
Not here: the decisions (rules/shipments.py, rules/order_status.py).
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from npf_pipelines.cscart.carriers import carrier_code
from npf_pipelines.cscart.errors import NotFound, Refused, StoreError
from npf_pipelines.cscart.models import Order, Shipment, UnreadableOrder
from npf_pipelines.cscart.store import Store
from npf_pipelines.platform.lease import Lease
from npf_pipelines.platform.models import LodgedShipment, OrderState
from npf_pipelines.platform.tables import OrderStatus
from npf_pipelines.rules.order_status import StatusOutcome, StatusPlan, StatusStep, next_status
from npf_pipelines.rules.shipments import PushOutcome, match, skus_of, spread

_ORDERS_AT_ONCE = 50
"""Orders read in one request: what lies between reading an order and writing to it stays short."""


@dataclass(frozen=True)
class TrackingPlan:
    """What a master setup asks for, resolved against the store."""

    statuses: StatusPlan
    carriers: Mapping[str, str]
    notify_customer: bool


@dataclass(frozen=True)
class OrderShipments:
    """All that the platform has lodged of one order, and which of it is to be pushed now."""

    state: OrderState
    lodged: Sequence[LodgedShipment]
    pushed_now: frozenset[str]


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


_NOT_YET = StatusStep(None, StatusOutcome.WAITING, "not every shipment of the order is in the store yet")


@dataclass
class _Work:
    """What is known of one order while it is worked on."""

    ours: OrderShipments
    order: Order
    in_store: list[Shipment] = field(default_factory=list)
    outcomes: dict[str, tuple[PushOutcome, str, str | None]] = field(default_factory=dict)
    step: StatusStep = _NOT_YET


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
        An outcome for each shipment that is to be pushed now.

    Raises:
        StoreError: a permanent one (key, rights): going on would only repeat it.
        LeaseLost: another run may have begun to write.
    """
    pushed: list[Pushed] = []
    for start in range(0, len(orders), _ORDERS_AT_ONCE):
        pushed += await _push_batch(store, orders[start : start + _ORDERS_AT_ONCE], plan, lease)
    return pushed


async def _push_batch(store: Store, orders: Sequence[OrderShipments], plan: TrackingPlan, lease: Lease) -> list[Pushed]:
    try:
        found = await store.orders_by_id([ours.state.store_order_id for ours in orders])
    except StoreError as error:
        _raise_if_permanent(error)
        return [row for ours in orders for row in _rows_alike(ours, PushOutcome.WAITING, str(error))]
    work: list[_Work] = []
    pushed: list[Pushed] = []
    for ours in orders:
        order = found.get(ours.state.store_order_id)
        if isinstance(order, Order):
            work.append(_Work(ours, order))
        else:
            said = f"can't be read: {order.reason}" if isinstance(order, UnreadableOrder) else "is gone from the store"
            reason = f"the order {ours.state.store_order_id} {said}: look it up in the store"
            pushed += _rows_alike(ours, PushOutcome.SET_ASIDE, reason)
    await asyncio.gather(*(_push_shipments(store, one, plan, lease) for one in work))
    await _set_statuses(store, work, plan, lease)
    return pushed + [row for one in work for row in _rows(one)]


async def _push_shipments(store: Store, work: _Work, plan: TrackingPlan, lease: Lease) -> None:
    """Create what is missing of one order, and read it back."""
    ours = work.ours
    try:
        if work.order.shipment_ids:
            work.in_store = await store.shipments_of(work.order.order_id)
        there = match(ours.lodged, work.order, work.in_store)
        for shipment in ours.lodged:
            if shipment.shipment_id in there:
                _note(work, shipment, PushOutcome.ALREADY_THERE, "in the store already", there[shipment.shipment_id])
            elif shipment.shipment_id in ours.pushed_now:
                await _create(store, work, shipment, plan, lease)
    except StoreError as error:
        _raise_if_permanent(error)
        for shipment in ours.lodged:
            if shipment.shipment_id not in work.outcomes:
                _note(work, shipment, PushOutcome.WAITING, str(error))


async def _create(store: Store, work: _Work, shipment: LodgedShipment, plan: TrackingPlan, lease: Lease) -> None:
    laid = spread(shipment.quantities, work.order, work.in_store)
    if laid.problem:
        _note(work, shipment, PushOutcome.SET_ASIDE, f"{laid.problem}: compare the order in store and warehouse")
        return
    code, is_known = carrier_code(shipment.carrier, plan.carriers)
    lease.check()
    try:
        await store.create_shipment(
            work.order.order_id,
            shipping_id=await _shipping_id(store, work.order),
            carrier=code,
            tracking_number=shipment.tracking_number,
            quantities=dict(laid.quantities),
            # Only a carrier that the store knows gets a link of its own.
            comments="" if is_known else shipment.tracking_url,
        )
        trouble = ""
    except Refused as error:
        _note(work, shipment, PushOutcome.REFUSED, str(error))
        return
    except StoreError as error:
        _raise_if_permanent(error)
        trouble = str(error)  # The store may have acted all the same: the next step is always a read.
    known = {theirs.shipment_id for theirs in work.in_store}
    work.in_store = await store.shipments_of(work.order.order_id)
    new = [theirs for theirs in work.in_store if theirs.shipment_id not in known]
    made = match([shipment], work.order, new).get(shipment.shipment_id)
    if made:
        _note(work, shipment, PushOutcome.CONFIRMED, "created and read back", made)
    elif new:
        has = ", ".join(
            f"{quantity} of {sku}" for theirs in new for sku, quantity in skus_of(theirs, work.order).items()
        )
        reason = f"the store made it otherwise ({has or 'nothing in it'}): correct shipment {new[0].shipment_id} there"
        _note(work, shipment, PushOutcome.REFUSED, reason)
    else:
        _note(work, shipment, PushOutcome.WAITING, trouble or "the store answered, but has no such shipment")


async def _shipping_id(store: Store, order: Order) -> str | None:
    """The order's shipping method, or the store's first where the order lost its own: a shipment needs one."""
    named = next((method.shipping_id for method in order.shipping if method.shipping_id), None)
    return named or next(iter(await store.shipping_ids()), None)


async def _set_statuses(store: Store, work: Sequence[_Work], plan: TrackingPlan, lease: Lease) -> None:
    """Set the status of the orders whose shipments are all there, and read all of them back at once."""
    complete = [one for one in work if _all_in_store(one)]
    try:
        await _refresh(store, [one for one in complete if _created_some(one)])
        for one in complete:
            on_back_order = one.ours.state.status == OrderStatus.BACK_ORDER
            one.step = next_status(one.order, one.in_store, plan.statuses, on_back_order=on_back_order)
        to_set = [one for one in complete if one.step.letter]
        await asyncio.gather(*(_set_status(store, one, plan, lease) for one in to_set))
        await _refresh(store, to_set)
    except StoreError as error:
        _raise_if_permanent(error)
        for one in complete:
            if one.step.letter or one.step.outcome is StatusOutcome.WAITING:
                one.step = StatusStep(None, StatusOutcome.WAITING, str(error))
        return
    for one in to_set:
        if one.step.letter and one.order.status != one.step.letter:
            reason = f"the store answered, but the order has the status {one.order.status}, not {one.step.letter}"
            one.step = StatusStep(None, StatusOutcome.REFUSED, f"{reason}: set it there, or ask why it doesn't take it")


async def _set_status(store: Store, work: _Work, plan: TrackingPlan, lease: Lease) -> None:
    lease.check()
    try:
        await store.set_status(work.order.order_id, work.step.letter or "", notify_customer=plan.notify_customer)
    except (Refused, NotFound) as error:
        work.step = StatusStep(None, StatusOutcome.REFUSED, str(error))


async def _refresh(store: Store, work: Sequence[_Work]) -> None:
    found = await store.orders_by_id([one.order.order_id for one in work]) if work else {}
    for one in work:
        order = found.get(one.order.order_id)
        if isinstance(order, Order):
            one.order = order


def _all_in_store(work: _Work) -> bool:
    there = {PushOutcome.CONFIRMED, PushOutcome.ALREADY_THERE}
    return all(outcome in there for outcome, _, _ in work.outcomes.values())


def _created_some(work: _Work) -> bool:
    return any(outcome is PushOutcome.CONFIRMED for outcome, _, _ in work.outcomes.values())


def _note(
    work: _Work, shipment: LodgedShipment, outcome: PushOutcome, reason: str, theirs: Shipment | None = None
) -> None:
    work.outcomes[shipment.shipment_id] = (outcome, reason, theirs.shipment_id if theirs else None)


def _rows(work: _Work) -> list[Pushed]:
    return [
        Pushed(
            shipment.shipment_id,
            shipment.order_number,
            *work.outcomes[shipment.shipment_id],
            work.order.status,
            work.step.outcome,
            work.step.reason,
        )
        for shipment in work.ours.lodged
        if shipment.shipment_id in work.ours.pushed_now
    ]


def _rows_alike(ours: OrderShipments, outcome: PushOutcome, reason: str) -> list[Pushed]:
    return [
        Pushed(
            shipment.shipment_id,
            shipment.order_number,
            outcome,
            reason,
            None,
            None,
            StatusOutcome.WAITING,
            "no shipment of the order could be brought into the store",
        )
        for shipment in ours.lodged
        if shipment.shipment_id in ours.pushed_now
    ]


def _raise_if_permanent(error: StoreError) -> None:
    if not error.transient and not isinstance(error, Refused | NotFound):
        raise error

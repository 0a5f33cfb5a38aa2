"""The order statuses that follow from a push: decided, written, read back.

Not here: which status follows (rules/order_status.py).
"""

from collections.abc import Mapping, Sequence

from npf_pipelines.cscart.errors import NotFound, RequestRejected, StoreError
from npf_pipelines.cscart.gather_or_cancel import gather_or_cancel
from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.outcomes import PushOutcome, StatusOutcome
from npf_pipelines.domain.platform_orders import OrderStatus
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.reconcile.failure_policy import raise_if_permanent
from npf_pipelines.reconcile.tracking_plan import TrackingPlan
from npf_pipelines.reconcile.tracking_results import ReadOrder
from npf_pipelines.rules.order_status import StatusStep, next_status

Statuses = Mapping[str, StatusStep]
"""The step of each order's status, by order number."""


def decide_status(read: ReadOrder, plan: TrackingPlan) -> StatusStep:
    """The step for an order's status; none is set before all its lodged shipments are in the store."""
    if read.left:
        return StatusStep(None, StatusOutcome.WAITING, read.left)
    outcomes = {result.outcome for result in read.results.values()}
    if outcomes & {PushOutcome.SET_ASIDE, PushOutcome.REFUSED}:
        reason = "a shipment of the order is not in the store: see its reason"
        return StatusStep(None, StatusOutcome.NOT_ASKED, reason)
    if PushOutcome.WAITING in outcomes:
        return StatusStep(None, StatusOutcome.WAITING, "not every shipment of the order is in the store yet")
    step = next_status(
        read.order,
        plan.statuses,
        in_store=read.units_in_store(),
        on_back_order=read.lodged_order.state.status == OrderStatus.BACK_ORDER,
        is_over=read.is_over(plan.short_before),
        is_kit_open=any(shipment.is_kit_open for shipment in read.lodged_order.lodged),
    )
    if step.letter and plan.dry_run:
        return StatusStep(step.letter, StatusOutcome.PLANNED, f"{step.reason}: would become {step.letter}")
    return step


async def write_statuses(
    store: Store, batch: Sequence[ReadOrder], steps: Statuses
) -> tuple[Statuses, Mapping[str, Order]]:
    """Set the statuses, and read all of them back at once.

    Args:
        store: the client's store.
        batch: the orders to set the status of.
        steps: their steps, each with a letter.

    Returns:
        The steps with their outcomes, and the store's orders as far as they could be read again, by order number.

    Raises:
        StoreError: a permanent one, or the orders can't be read back.
    """
    if not batch:
        return {}, {}
    numbers = [read.lodged_order.order_number for read in batch]
    answers = await gather_or_cancel(
        _set_status(store, read.order.order_id, steps[number]) for number, read in zip(numbers, batch, strict=True)
    )
    found = await store.orders_by_id([read.order.order_id for read in batch])
    after = {
        number: order
        for number, read in zip(numbers, batch, strict=True)
        if isinstance(order := found.get(read.order.order_id), Order)
    }
    shown = {number: after.get(number, read.order).status for number, read in zip(numbers, batch, strict=True)}
    return {number: _as_read_back(step, shown[number]) for number, step in zip(numbers, answers, strict=True)}, after


def left_waiting(step: StatusStep, reason: str) -> StatusStep:
    """The step of an order whose status is left to the next run, if there was anything to set or to wait for."""
    if step.letter or step.outcome is StatusOutcome.WAITING:
        return StatusStep(None, StatusOutcome.WAITING, reason)
    return step


async def _set_status(store: Store, order_id: str, step: StatusStep) -> StatusStep:
    try:
        await store.set_status(order_id, step.letter or "")
    except (RequestRejected, NotFound) as error:
        return StatusStep(step.letter, StatusOutcome.REFUSED, str(error))
    except StoreError as error:
        raise_if_permanent(error)
        return StatusStep(step.letter, StatusOutcome.WAITING, str(error))
    return step


def _as_read_back(step: StatusStep, status: str) -> StatusStep:
    """The outcome by the order's status now, whether or not the store answered the attempt."""
    if status == step.letter:
        return StatusStep(step.letter, StatusOutcome.SET, step.reason)
    if step.outcome is not StatusOutcome.SET:
        return step
    reason = f"the store answered, but the order has the status {status}, not {step.letter}"
    return StatusStep(step.letter, StatusOutcome.REFUSED, f"{reason}: set it there, or ask why it doesn't take it")

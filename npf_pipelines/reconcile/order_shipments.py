"""One order's shipments: what is missing is created, what was corrected made anew, what was withdrawn deleted.

CS-Cart has no idempotency key, cuts quantities silently and lets anything be made twice: what is missing is found by
reading, and after a call whose end is not known the next step is always a read. If that shows nothing either, the
order is left alone while the store may still carry the write out (state/unknown_ends.py).
"""

import contextlib
from collections.abc import AsyncIterator, Mapping

from npf_pipelines.cscart.carriers import carrier_code
from npf_pipelines.cscart.errors import NotFound, RequestRejected, StoreError
from npf_pipelines.cscart.store import Store
from npf_pipelines.cscart.write_check import writes_checked
from npf_pipelines.domain.keys import shown
from npf_pipelines.domain.outcomes import PushOutcome
from npf_pipelines.domain.platform_orders import LodgedShipment
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.domain.store_shipments import LONGEST_LABEL, Shipment
from npf_pipelines.reconcile.failure_policy import is_end_known, raise_if_permanent
from npf_pipelines.reconcile.read_back import judge_created, judge_seen, note_otherwise, with_note
from npf_pipelines.reconcile.tracking_work import (
    NOT_READ_BACK,
    PushedBefore,
    TrackingPlan,
    Work,
    has_content,
)
from npf_pipelines.rules.parcels import Label, is_as_labelled, label_of
from npf_pipelines.rules.shipments import (
    Allocation,
    allocate,
    find_orphans,
    fitting,
    has_number,
    made_otherwise,
    match,
    skus_of,
)
from npf_pipelines.state.unknown_ends import NotedWrites

_TOO_LONG = (
    f"the tracking number is longer than the {LONGEST_LABEL} characters that a store keeps: correct it on the platform"
)


async def bring_shipments(store: Store, work: Work, plan: TrackingPlan, writes: NotedWrites) -> None:
    """Bring the store to where each lodged shipment of the order is there once; the outcomes go into `work`.

    Raises:
        StoreError: a permanent one.
        LeaseLost: another run may have begun to write.
    """
    ours = work.ours
    if _is_as_it_was_pushed(work) and not work.is_to_compare:
        for shipment in ours.lodged:
            before = ours.pushed_before[shipment.shipment_id]
            outcome = PushOutcome.DIFFERS_IN_STORE if before.differs else PushOutcome.ALREADY_THERE
            reason = before.differs or with_note("in the store already", shipment, work.order)
            work.note(shipment.shipment_id, outcome, reason, before.store_shipment_id)
        return
    try:
        work.in_store = await store.shipments_of(work.order.order_id) if work.order.shipment_ids else []
        await _delete_outdated(store, work, plan, writes)
        known = {
            one: before.store_shipment_id for one, before in ours.pushed_before.items() if before.store_shipment_id
        }
        there = match(ours.lodged, work.order, work.in_store, known)
        await _look_for_left_behind(store, work, there, plan, writes)
        taken = {theirs.shipment_id for theirs in there.values()}
        work.strangers = [theirs for theirs in work.in_store if theirs.shipment_id not in taken]
        for shipment in ours.lodged:
            if shipment.shipment_id in work.results:
                continue
            if theirs := there.get(shipment.shipment_id):
                judge_seen(work, shipment, theirs, _label(shipment, plan))
            elif shipment.shipment_id in ours.pushed_now:
                await _create(store, work, shipment, plan, writes)
            else:
                _reserve(work, shipment)
    except StoreError as error:
        raise_if_permanent(error)
        for shipment in ours.lodged:
            if shipment.shipment_id not in work.results:
                work.note(shipment.shipment_id, PushOutcome.WAITING, str(error))


def confirm_created(work: Work, after: Order) -> bool:
    """Whether the order, read again, shows what was created: the shipments' ids, and the units on each line.

    Args:
        work: the order's work; its `order` was read before anything was created.
        after: the order as it is now.
    """
    if not set(work.created.values()) <= set(after.shipment_ids):
        return False
    shipped_before = {line.item_id: line.shipped for line in work.order.lines}
    added = {line.item_id: line.shipped - shipped_before.get(line.item_id, 0) for line in after.lines}
    return {item_id: units for item_id, units in added.items() if units} == work.units_created


def _is_as_it_was_pushed(work: Work) -> bool:
    """Whether an earlier run put just this into the store, and the store still has it: nothing needs to be read."""
    ours = work.ours
    in_store = {before.store_shipment_id for before in ours.pushed_before.values()}
    return (
        ours.pushed_before.keys() == {shipment.shipment_id for shipment in ours.lodged}
        # Two parcels alike, each with one of its own.
        and len(in_store) == len(ours.lodged)
        and in_store <= set(work.order.shipment_ids)
        and all(has_content(one, ours.pushed_before[one.shipment_id].content) for one in ours.lodged)
    )


async def _delete_outdated(store: Store, work: Work, plan: TrackingPlan, writes: NotedWrites) -> None:
    """Delete what was pushed before and is no longer lodged, or no longer lodged so."""
    lodged = {shipment.shipment_id: shipment for shipment in work.ours.lodged}
    in_store = {theirs.shipment_id: theirs for theirs in work.in_store or []}
    for shipment_id, before in work.ours.pushed_before.items():
        theirs = in_store.get(before.store_shipment_id or "")
        if theirs and _is_outdated(work.order, before, lodged.get(shipment_id), theirs, plan):
            await _delete(store, work, theirs, plan, writes)
            if shipment_id not in lodged:
                _withdrawn(work, shipment_id, plan, was_there=True)


async def _look_for_left_behind(
    store: Store, work: Work, there: dict[str, Shipment], plan: TrackingPlan, writes: NotedWrites
) -> None:
    """Find what a run made that died before it could tell, and that the warehouse has corrected or withdrawn since.

    What is to be replaced is only written down: once the store's id of it is known to the next run, it can die too,
    and still no customer is told twice.
    """
    lodged = {shipment.shipment_id: shipment for shipment in work.ours.lodged}
    sent = {shipment_id: before.sent for shipment_id, before in work.ours.pushed_before.items()}
    found = find_orphans(sent, work.order, work.in_store or [], there)
    for shipment_id, theirs in there.items():
        before = work.ours.pushed_before.get(shipment_id)
        has_changes = before is not None and before.store_shipment_id != theirs.shipment_id and before.sent
        if has_changes and not _is_as_asked(theirs, lodged[shipment_id], work.order, plan):
            found[shipment_id] = theirs
    for shipment_id, theirs in found.items():
        if shipment_id in lodged:
            reason = f"made as {theirs.shipment_id} by a run that was cut off, and corrected since: to be replaced"
            work.note(shipment_id, PushOutcome.WAITING, reason, theirs.shipment_id)
        else:
            await _delete(store, work, theirs, plan, writes)
    for shipment_id in work.ours.pushed_before.keys() - lodged.keys() - work.results.keys():
        _withdrawn(work, shipment_id, plan, was_there=shipment_id in found)
    if found.keys() & lodged.keys():
        # They may hold the units that the order's other parcels need.
        for shipment_id in lodged.keys() - there.keys() - found.keys():
            work.note(shipment_id, PushOutcome.WAITING, "another parcel of the order is to be replaced first")


def _is_outdated(
    order: Order, before: PushedBefore, now: LodgedShipment | None, theirs: Shipment, plan: TrackingPlan
) -> bool:
    if now is None:
        return True
    if before.content == NOT_READ_BACK:
        return not _is_as_asked(theirs, now, order, plan)
    return not has_content(now, before.content)


async def _delete(store: Store, work: Work, theirs: Shipment, plan: TrackingPlan, writes: NotedWrites) -> None:
    if not plan.dry_run:
        await _delete_in_store(store, work, theirs, writes)
    work.in_store = [one for one in work.in_store or [] if one.shipment_id != theirs.shipment_id]


async def _delete_in_store(store: Store, work: Work, theirs: Shipment, writes: NotedWrites) -> None:
    work.is_fresh = False
    try:
        async with _write(writes, work, f"delete its shipment {shown(theirs.shipment_id)}"):
            await store.delete_shipment(theirs.shipment_id)
    except NotFound:
        pass  # Somebody was quicker.
    except StoreError as trouble:
        raise_if_permanent(trouble)
        work.in_store = await store.shipments_of(work.order.order_id)
        if theirs.shipment_id in {one.shipment_id for one in work.in_store}:
            raise
        writes.end(work.ours.state.order_number)


@contextlib.asynccontextmanager
async def _write(writes: NotedWrites, work: Work, name: str) -> AsyncIterator[None]:
    """Around one write: it is noted when it is sent, until its end is known, also when this run is cut off."""
    number = work.ours.state.order_number
    try:
        with writes_checked(lambda: writes.begin(number, name)):
            yield
    except StoreError as error:
        if is_end_known(error):
            writes.end(number)
        else:
            await writes.leave(number, name)
        raise
    writes.end(number)


async def _create(store: Store, work: Work, shipment: LodgedShipment, plan: TrackingPlan, writes: NotedWrites) -> None:
    label = _label(shipment, plan)
    laid = allocate(shipment.quantities, work.order, [*(work.in_store or []), *work.reserved])
    obstacle = _obstacle(work, shipment, laid)
    if obstacle or label is None:
        work.note(shipment.shipment_id, PushOutcome.SET_ASIDE, obstacle or _TOO_LONG)
        return
    if plan.dry_run:
        work.in_store = [*(work.in_store or []), _as_laid("0", shipment, work.order, dict(laid.quantities))]
        work.order = _shipped_too(work.order, laid.quantities)
        reason = with_note(f"would be created with the carrier {label.carrier}", shipment, work.order)
        work.note(shipment.shipment_id, PushOutcome.PLANNED, reason)
        return
    before = work.ours.pushed_before.get(shipment.shipment_id)
    was_made = before is not None and before.store_shipment_id is not None
    shipping_id = await _shipping_id(store, work.order)
    work.labels[shipment.shipment_id] = label
    try:
        async with _write(writes, work, f"create {shown(shipment.shipment_id)}"):
            made = await store.create_shipment(
                work.order.order_id,
                shipping_id=shipping_id,
                carrier=label.carrier,
                tracking_number=label.tracking_number,
                quantities=laid.quantities,
                comments=label.comments,
                # Of a shipment that was corrected since, the customer was told when it was made first.
                notify_customer=plan.notify_customer and not was_made,
            )
    except RequestRejected as error:
        work.note(shipment.shipment_id, PushOutcome.REFUSED, str(error))
        return
    except StoreError as error:
        raise_if_permanent(error)
        await _after_unknown_end(store, work, shipment, plan, error)
        writes.end(work.ours.state.order_number)
        return
    work.created[shipment.shipment_id] = made
    work.units_created.update(laid.quantities)
    work.in_store = [*(work.in_store or []), _as_laid(made, shipment, work.order, dict(laid.quantities))]
    work.note(shipment.shipment_id, PushOutcome.CONFIRMED, "created", made)


def _obstacle(work: Work, shipment: LodgedShipment, laid: Allocation) -> str:
    """Why a shipment can't be made, with what to do; empty if it can."""
    if not shipment.carrier and not shipment.tracking_number:
        return "lodged without carrier and tracking number, which the store demands: complete it on the platform"
    if laid.problem:
        return f"{laid.problem}: compare the order in store and warehouse"
    if theirs := made_otherwise(shipment, work.order, work.strangers):
        return (
            f"the store's shipment {theirs.shipment_id} has this tracking number, but other units: compare the two, and"
            " correct or delete it there"
        )
    return ""


def _reserve(work: Work, shipment: LodgedShipment) -> None:
    """Leave the lines that an earlier parcel needs to it, when its own day still has to bring it into the store."""
    laid = allocate(shipment.quantities, work.order, [*(work.in_store or []), *work.reserved])
    if not laid.problem:
        work.reserved.append(_as_laid("0", shipment, work.order, dict(laid.quantities)))


async def _after_unknown_end(
    store: Store, work: Work, shipment: LodgedShipment, plan: TrackingPlan, trouble: StoreError
) -> None:
    """The store may have acted all the same: look.

    Raises:
        StoreError: the trouble, when nothing is found, or that of looking. The store may still act, so that nothing
            more may be laid on the lines that this shipment needs: the rest of the order is left to the next run.
    """
    known = {theirs.shipment_id for theirs in work.in_store or []}
    work.in_store = await store.shipments_of(work.order.order_id)
    new = [theirs for theirs in work.in_store if theirs.shipment_id not in known]
    fits = fitting(shipment.quantities, work.order)
    # Whatever the store has made of the number: nobody else writes just these units at this moment.
    made = match([shipment], work.order, new).get(shipment.shipment_id) or next(
        (theirs for theirs in new if skus_of(theirs, work.order) == fits), None
    )
    cut = next((theirs for theirs in new if has_number(theirs, shipment.tracking_number)), None)
    if made:
        plan.links.learn([made])
        judge_created(work, shipment, made, plan)
        work.is_fresh = False
    elif cut:
        note_otherwise(work, shipment, cut)
    else:
        raise trouble


async def _shipping_id(store: Store, order: Order) -> str | None:
    """The order's shipping method, or the store's first where the order lost its own: a shipment needs one."""
    named = next((method.shipping_id for method in order.shipping if method.shipping_id), None)
    return named or next(iter(await store.shipping_ids()), None)


def _label(shipment: LodgedShipment, plan: TrackingPlan) -> Label | None:
    """What is written for a shipment, by what is known of the store's carriers now."""
    code, _ = carrier_code(shipment.carrier, plan.carriers)
    return label_of(shipment, code, has_link=plan.links.yields_link(code))


def _is_as_asked(theirs: Shipment, shipment: LodgedShipment, order: Order, plan: TrackingPlan) -> bool:
    """Whether the store has the shipment as it is lodged now, to the last field."""
    label = _label(shipment, plan)
    return label is not None and bool(match([shipment], order, [theirs])) and is_as_labelled(label, theirs)


def _as_laid(store_shipment_id: str, shipment: LodgedShipment, order: Order, quantities: dict[str, int]) -> Shipment:
    """What the store should have now, for the shipments of the order that are still to come."""
    return Shipment(
        shipment_id=store_shipment_id,
        order_id=order.order_id,
        shipping_id=None,
        carrier=shipment.carrier,
        tracking_number=shipment.tracking_number,
        comments="",
        tracking_url="",
        created_at=shipment.lodged_at,
        quantities=quantities,
    )


def _shipped_too(order: Order, quantities: Mapping[str, int]) -> Order:
    """The order as its lines would be with a shipment more."""
    lines = [
        line.model_copy(update={"shipped": line.shipped + quantities.get(line.item_id, 0)}) for line in order.lines
    ]
    return order.model_copy(update={"lines": tuple(lines)})


def _withdrawn(work: Work, shipment_id: str, plan: TrackingPlan, *, was_there: bool) -> None:
    reason = "withdrawn by the warehouse: deleted from the store" if was_there else "withdrawn by the warehouse"
    if plan.dry_run and was_there:
        work.note(shipment_id, PushOutcome.PLANNED, "withdrawn by the warehouse: would be deleted from the store")
    else:
        work.note(shipment_id, PushOutcome.WITHDRAWN, reason)

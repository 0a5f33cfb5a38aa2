"""One order's shipments: what is missing is created, what was corrected made anew, what was withdrawn deleted.

CS-Cart has no idempotency key, cuts quantities silently and lets anything be made twice: what is missing is found by
reading, and after a call whose end is not known the next step is always a read.
"""

from npf_pipelines.cscart.carriers import carrier_code
from npf_pipelines.cscart.errors import Refused, StoreError
from npf_pipelines.cscart.models import Order, Shipment
from npf_pipelines.cscart.store import Store
from npf_pipelines.platform.lease import Lease
from npf_pipelines.platform.models import LodgedShipment
from npf_pipelines.reconcile.tracking_work import NOT_READ_BACK, TrackingPlan, Work, content_print, raise_if_permanent
from npf_pipelines.rules.shipments import PushOutcome, match, skus_of, spread


async def bring_shipments(store: Store, work: Work, plan: TrackingPlan, lease: Lease) -> None:
    """Bring the store to where each lodged shipment of the order is there once; the outcomes go into `work`.

    Raises:
        StoreError: a permanent one.
        LeaseLost: another run may have begun to write.
    """
    ours = work.ours
    if _is_as_it_was_pushed(work):
        for shipment in ours.lodged:
            before = ours.pushed_before[shipment.shipment_id]
            _already_there(work, shipment, before.store_shipment_id)
        return
    try:
        work.in_store = await store.shipments_of(work.order.order_id) if work.order.shipment_ids else []
        await _withdraw(store, work, lease)
        known = {one: before.store_shipment_id for one, before in ours.pushed_before.items()}
        there = match(ours.lodged, work.order, work.in_store, known)
        for shipment in ours.lodged:
            if shipment.shipment_id in there:
                _already_there(work, shipment, there[shipment.shipment_id].shipment_id)
            elif shipment.shipment_id in ours.pushed_now:
                await _create(store, work, shipment, plan, lease)
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


async def look_after_created(store: Store, work: Work) -> None:
    """Read the order's shipments, and tell what became of those created: made as asked, otherwise, or not at all.

    Raises:
        StoreError: the store can't be asked.
    """
    in_store = {theirs.shipment_id: theirs for theirs in await store.shipments_of(work.order.order_id)}
    work.in_store = list(in_store.values())
    for shipment in work.ours.lodged:
        store_shipment_id = work.created.get(shipment.shipment_id)
        if store_shipment_id is None:
            continue
        theirs = in_store.get(store_shipment_id)
        if theirs is None:
            work.note(shipment.shipment_id, PushOutcome.WAITING, "the store answered, but has no such shipment")
        elif not match([shipment], work.order, [theirs]):
            _otherwise(work, shipment, theirs)


def _is_as_it_was_pushed(work: Work) -> bool:
    """Whether an earlier run put just this into the store, and the store still has it: nothing needs to be read."""
    ours = work.ours
    in_store = {before.store_shipment_id for before in ours.pushed_before.values()}
    return (
        ours.pushed_before.keys() == {shipment.shipment_id for shipment in ours.lodged}
        # Two parcels alike, each with one of its own.
        and len(in_store) == len(ours.lodged)
        and in_store <= set(work.order.shipment_ids)
        and all(ours.pushed_before[one.shipment_id].content == content_print(one) for one in ours.lodged)
    )


async def _withdraw(store: Store, work: Work, lease: Lease) -> None:
    """Delete what was pushed before and is no longer lodged, or no longer lodged so."""
    lodged = {shipment.shipment_id: shipment for shipment in work.ours.lodged}
    in_store = {theirs.shipment_id: theirs for theirs in work.in_store or []}
    for shipment_id, before in work.ours.pushed_before.items():
        theirs = in_store.get(before.store_shipment_id)
        now = lodged.get(shipment_id)
        # What was never read back may be as it is asked for now: that is for the comparison to find.
        is_kept = now is not None and before.content in {content_print(now), NOT_READ_BACK}
        if theirs and not is_kept:
            lease.check()
            await store.delete_shipment(theirs.shipment_id)
            work.in_store = [one for one in work.in_store or [] if one is not theirs]
        if now is None:
            reason = "withdrawn by the warehouse: deleted from the store" if theirs else "withdrawn by the warehouse"
            work.note(shipment_id, PushOutcome.WITHDRAWN, reason)


async def _create(store: Store, work: Work, shipment: LodgedShipment, plan: TrackingPlan, lease: Lease) -> None:
    laid = spread(shipment.quantities, work.order, [*(work.in_store or []), *work.reserved])
    if not shipment.carrier and not shipment.tracking_number:
        reason = "lodged without carrier and tracking number, which the store demands: complete it on the platform"
        work.note(shipment.shipment_id, PushOutcome.SET_ASIDE, reason)
        return
    if laid.problem:
        reason = f"{laid.problem}: compare the order in store and warehouse"
        work.note(shipment.shipment_id, PushOutcome.SET_ASIDE, reason)
        return
    code, is_known = carrier_code(shipment.carrier, plan.carriers)
    # Only a carrier that the store knows gets a link of its own.
    comments = "" if is_known else shipment.tracking_url
    shipping_id = await _shipping_id(store, work.order)
    lease.check()
    try:
        made = await store.create_shipment(
            work.order.order_id,
            shipping_id=shipping_id,
            carrier=code,
            tracking_number=shipment.tracking_number,
            quantities=laid.quantities,
            comments=comments,
            # Of a shipment that was corrected since, the customer was told when it was made first.
            notify_customer=plan.notify_customer and shipment.shipment_id not in work.ours.pushed_before,
        )
    except Refused as error:
        work.note(shipment.shipment_id, PushOutcome.REFUSED, str(error))
        return
    except StoreError as error:
        raise_if_permanent(error)
        await _after_unknown_end(store, work, shipment, error)
        return
    work.created[shipment.shipment_id] = made
    work.units_created.update(laid.quantities)
    work.in_store = [*(work.in_store or []), _as_asked(made, shipment, work.order, dict(laid.quantities))]
    work.note(shipment.shipment_id, PushOutcome.CONFIRMED, "created and read back", made)


def _reserve(work: Work, shipment: LodgedShipment) -> None:
    """Leave the lines that an earlier parcel needs to it, when its own day still has to bring it into the store."""
    laid = spread(shipment.quantities, work.order, [*(work.in_store or []), *work.reserved])
    if not laid.problem:
        work.reserved.append(_as_asked("0", shipment, work.order, dict(laid.quantities)))


async def _after_unknown_end(store: Store, work: Work, shipment: LodgedShipment, trouble: StoreError) -> None:
    """The store may have acted all the same: look.

    Raises:
        StoreError: the trouble, when nothing is found. The store may still act, so that nothing more may be laid on
            the lines that this shipment needs: the rest of the order is left to the next run.
    """
    known = {theirs.shipment_id for theirs in work.in_store or []}
    work.in_store = await store.shipments_of(work.order.order_id)
    new = [theirs for theirs in work.in_store if theirs.shipment_id not in known]
    made = match([shipment], work.order, new).get(shipment.shipment_id)
    if made:
        work.note(shipment.shipment_id, PushOutcome.CONFIRMED, "created and read back", made.shipment_id)
        work.is_fresh = False
    elif new:
        _otherwise(work, shipment, new[0])
    else:
        raise trouble


async def _shipping_id(store: Store, order: Order) -> str | None:
    """The order's shipping method, or the store's first where the order lost its own: a shipment needs one."""
    named = next((method.shipping_id for method in order.shipping if method.shipping_id), None)
    return named or next(iter(await store.shipping_ids()), None)


def _as_asked(store_shipment_id: str, shipment: LodgedShipment, order: Order, quantities: dict[str, int]) -> Shipment:
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


def _already_there(work: Work, shipment: LodgedShipment, store_shipment_id: str) -> None:
    work.note(shipment.shipment_id, PushOutcome.ALREADY_THERE, "in the store already", store_shipment_id)


def _otherwise(work: Work, shipment: LodgedShipment, theirs: Shipment) -> None:
    has = ", ".join(f"{quantity} of {sku}" for sku, quantity in skus_of(theirs, work.order).items())
    reason = f"the store made it otherwise ({has or 'nothing in it'}): correct shipment {theirs.shipment_id} there"
    work.note(shipment.shipment_id, PushOutcome.REFUSED, reason)

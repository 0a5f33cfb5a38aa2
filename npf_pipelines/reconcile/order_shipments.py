"""One order's shipments: what is missing is created, what was corrected made anew, what was withdrawn deleted.

CS-Cart has no idempotency key, cuts quantities silently and lets anything be made twice: what is missing is found by
reading, and after a call whose end is not known the next step is always a read. If that shows nothing either, the
lease remembers the write, so that no run begins while the store may still carry it out.
"""

import contextlib
from collections.abc import Iterator, Mapping

from npf_pipelines.cscart.carriers import carrier_code
from npf_pipelines.cscart.errors import NotFound, Refused, StoreError
from npf_pipelines.cscart.models import Order, Shipment
from npf_pipelines.cscart.store import Store
from npf_pipelines.platform.lease import Lease
from npf_pipelines.platform.models import LodgedShipment
from npf_pipelines.reconcile.tracking_work import (
    NOT_READ_BACK,
    PushedBefore,
    TrackingPlan,
    Work,
    content_print,
)
from npf_pipelines.reconcile.trouble import is_end_known, raise_if_permanent
from npf_pipelines.rules.shipments import PushOutcome, left_behind, match, skus_of, spread
from npf_pipelines.text import passable_address


async def bring_shipments(store: Store, work: Work, plan: TrackingPlan, lease: Lease) -> None:
    """Bring the store to where each lodged shipment of the order is there once; the outcomes go into `work`.

    Raises:
        StoreError: a permanent one.
        LeaseLost: another run may have begun to write.
    """
    ours = work.ours
    if _is_as_it_was_pushed(work):
        for shipment in ours.lodged:
            _already_there(work, shipment, ours.pushed_before[shipment.shipment_id].store_shipment_id)
        return
    try:
        work.in_store = await store.shipments_of(work.order.order_id) if work.order.shipment_ids else []
        await _delete_outdated(store, work, plan, lease)
        known = {
            one: before.store_shipment_id for one, before in ours.pushed_before.items() if before.store_shipment_id
        }
        there = match(ours.lodged, work.order, work.in_store, known)
        await _look_for_left_behind(store, work, there, plan, lease)
        for shipment in ours.lodged:
            if shipment.shipment_id in work.results:
                continue
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


async def _delete_outdated(store: Store, work: Work, plan: TrackingPlan, lease: Lease) -> None:
    """Delete what was pushed before and is no longer lodged, or no longer lodged so."""
    lodged = {shipment.shipment_id: shipment for shipment in work.ours.lodged}
    in_store = {theirs.shipment_id: theirs for theirs in work.in_store or []}
    for shipment_id, before in work.ours.pushed_before.items():
        theirs = in_store.get(before.store_shipment_id or "")
        if theirs and _is_outdated(work.order, before, lodged.get(shipment_id), theirs, plan):
            await _delete(store, work, theirs, plan, lease)
            if shipment_id not in lodged:
                _withdrawn(work, shipment_id, plan, was_there=True)


async def _look_for_left_behind(
    store: Store, work: Work, there: dict[str, Shipment], plan: TrackingPlan, lease: Lease
) -> None:
    """Find what a run made that died before it could tell, and that the warehouse has corrected or withdrawn since.

    What is to be replaced is only written down: once the store's id of it is known to the next run, it can die too,
    and still no customer is told twice.
    """
    lodged = {shipment.shipment_id: shipment for shipment in work.ours.lodged}
    sent = {shipment_id: before.sent for shipment_id, before in work.ours.pushed_before.items()}
    found = left_behind(sent, work.order, work.in_store or [], there)
    for shipment_id, theirs in there.items():
        before = work.ours.pushed_before.get(shipment_id)
        is_news = before is not None and before.store_shipment_id != theirs.shipment_id and before.sent
        if is_news and not _is_as_asked(theirs, lodged[shipment_id], work.order, plan):
            found[shipment_id] = theirs
    for shipment_id, theirs in found.items():
        if shipment_id in lodged:
            reason = f"made as {theirs.shipment_id} by a run that was cut off, and corrected since: to be replaced"
            work.note(shipment_id, PushOutcome.WAITING, reason, theirs.shipment_id)
        else:
            await _delete(store, work, theirs, plan, lease)
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
    return before.content != content_print(now)


async def _delete(store: Store, work: Work, theirs: Shipment, plan: TrackingPlan, lease: Lease) -> None:
    if not plan.dry_run:
        await _delete_in_store(store, work, theirs, lease)
    work.in_store = [one for one in work.in_store or [] if one.shipment_id != theirs.shipment_id]


async def _delete_in_store(store: Store, work: Work, theirs: Shipment, lease: Lease) -> None:
    write = f"delete {theirs.shipment_id}"
    work.is_fresh = False
    try:
        with _write(lease, write):
            await store.delete_shipment(theirs.shipment_id)
    except NotFound:
        pass  # Somebody was quicker.
    except StoreError as trouble:
        raise_if_permanent(trouble)
        work.in_store = await store.shipments_of(work.order.order_id)
        if theirs.shipment_id in {one.shipment_id for one in work.in_store}:
            raise
        lease.end_write(write)


@contextlib.contextmanager
def _write(lease: Lease, name: str) -> Iterator[None]:
    """Around one write: the lease knows of it until its end is known, also when this run is cut off in the middle."""
    lease.begin_write(name)
    try:
        yield
    except StoreError as error:
        if is_end_known(error):
            lease.end_write(name)
        raise
    lease.end_write(name)


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
    carrier, comments = _carrier_and_comments(shipment, plan)
    if plan.dry_run:
        work.in_store = [*(work.in_store or []), _as_laid("0", shipment, work.order, dict(laid.quantities))]
        work.order = _shipped_too(work.order, laid.quantities)
        work.note(shipment.shipment_id, PushOutcome.PLANNED, f"would be created with the carrier {carrier}")
        return
    before = work.ours.pushed_before.get(shipment.shipment_id)
    was_made = before is not None and before.store_shipment_id is not None
    shipping_id = await _shipping_id(store, work.order)
    try:
        with _write(lease, shipment.shipment_id):
            made = await store.create_shipment(
                work.order.order_id,
                shipping_id=shipping_id,
                carrier=carrier,
                tracking_number=shipment.tracking_number,
                quantities=laid.quantities,
                comments=comments,
                # Of a shipment that was corrected since, the customer was told when it was made first.
                notify_customer=plan.notify_customer and not was_made,
            )
    except Refused as error:
        work.note(shipment.shipment_id, PushOutcome.REFUSED, str(error))
        return
    except StoreError as error:
        raise_if_permanent(error)
        await _after_unknown_end(store, work, shipment, error)
        lease.end_write(shipment.shipment_id)
        return
    work.created[shipment.shipment_id] = made
    work.units_created.update(laid.quantities)
    work.in_store = [*(work.in_store or []), _as_laid(made, shipment, work.order, dict(laid.quantities))]
    work.note(shipment.shipment_id, PushOutcome.CONFIRMED, "created and read back", made)


def _reserve(work: Work, shipment: LodgedShipment) -> None:
    """Leave the lines that an earlier parcel needs to it, when its own day still has to bring it into the store."""
    laid = spread(shipment.quantities, work.order, [*(work.in_store or []), *work.reserved])
    if not laid.problem:
        work.reserved.append(_as_laid("0", shipment, work.order, dict(laid.quantities)))


async def _after_unknown_end(store: Store, work: Work, shipment: LodgedShipment, trouble: StoreError) -> None:
    """The store may have acted all the same: look.

    Raises:
        StoreError: the trouble, when nothing is found, or that of looking. The store may still act, so that nothing
            more may be laid on the lines that this shipment needs: the rest of the order is left to the next run.
    """
    known = {theirs.shipment_id for theirs in work.in_store or []}
    work.in_store = await store.shipments_of(work.order.order_id)
    new = [theirs for theirs in work.in_store if theirs.shipment_id not in known]
    made = match([shipment], work.order, new).get(shipment.shipment_id)
    cut = next((theirs for theirs in new if theirs.tracking_number == shipment.tracking_number), None)
    if made:
        work.note(shipment.shipment_id, PushOutcome.CONFIRMED, "created and read back", made.shipment_id)
        work.is_fresh = False
    elif cut:
        _otherwise(work, shipment, cut)
    else:
        raise trouble


async def _shipping_id(store: Store, order: Order) -> str | None:
    """The order's shipping method, or the store's first where the order lost its own: a shipment needs one."""
    named = next((method.shipping_id for method in order.shipping if method.shipping_id), None)
    return named or next(iter(await store.shipping_ids()), None)


def _carrier_and_comments(shipment: LodgedShipment, plan: TrackingPlan) -> tuple[str, str]:
    """Only a carrier that the store knows gets a link of its own."""
    code, is_known = carrier_code(shipment.carrier, plan.carriers)
    return code, "" if is_known else passable_address(shipment.tracking_url)


def _is_as_asked(theirs: Shipment, shipment: LodgedShipment, order: Order, plan: TrackingPlan) -> bool:
    """Whether the store has the shipment as it is lodged now, to the last field."""
    is_alike = bool(match([shipment], order, [theirs]))
    return is_alike and (theirs.carrier, theirs.comments) == _carrier_and_comments(shipment, plan)


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


def _already_there(work: Work, shipment: LodgedShipment, store_shipment_id: str | None) -> None:
    work.note(shipment.shipment_id, PushOutcome.ALREADY_THERE, "in the store already", store_shipment_id)


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


def _otherwise(work: Work, shipment: LodgedShipment, theirs: Shipment) -> None:
    has = ", ".join(f"{quantity} of {sku}" for sku, quantity in skus_of(theirs, work.order).items())
    reason = f"the store made it otherwise ({has or 'nothing in it'}): correct shipment {theirs.shipment_id} there"
    work.note(shipment.shipment_id, PushOutcome.REFUSED, reason)

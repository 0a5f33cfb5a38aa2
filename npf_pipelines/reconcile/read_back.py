"""What a store shows of the shipments just made, compared with what was written: number, carrier, link or comments.

Many orders' shipments are read in one request, from the list of the newest. A store that doesn't list them so is
asked order by order. Not here: making them (order_shipments.py), what counts as a difference (rules/parcels.py).
"""

from collections.abc import Mapping, Sequence

from npf_pipelines.cscart.errors import StoreError
from npf_pipelines.cscart.gather_or_cancel import gather_or_cancel
from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.outcomes import PushOutcome
from npf_pipelines.domain.platform_orders import LodgedShipment
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.domain.store_shipments import Shipment
from npf_pipelines.reconcile.failure_policy import raise_if_permanent
from npf_pipelines.reconcile.tracking_work import TrackingPlan, Work
from npf_pipelines.rules.parcels import Label, differences, lacks_link
from npf_pipelines.rules.shipments import fitting, left_out, skus_of

_OTHERS = 20
"""Shipments that others may have made meanwhile, which are listed too."""


class NewestShipments:
    """The store's list of its newest shipments, for as long as it shows what was made."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._shows_them = True

    async def find(self, ids: set[str]) -> Mapping[str, Shipment]:
        """Those of the shipments that the list shows, by the store's id.

        Raises:
            StoreError: a permanent one.
        """
        if not self._shows_them or not ids:
            return {}
        try:
            listed = await self._store.newest_shipments(len(ids) + _OTHERS)
        except StoreError as error:
            raise_if_permanent(error)
            listed = []
        found = {theirs.shipment_id: theirs for theirs in listed if theirs.shipment_id in ids}
        self._shows_them = bool(found)
        return found


async def read_back_created(
    store: Store, work: Sequence[Work], newest: NewestShipments, to_look_after: Sequence[Work], plan: TrackingPlan
) -> None:
    """Say of every shipment that was just made whether its shopper sees what was written.

    Args:
        store: the client's store.
        work: the orders for which shipments were made.
        newest: the store's list of its newest shipments.
        to_look_after: those of the orders that don't show what was made, each to be asked for by itself.
        plan: what the master setup asks for.

    Raises:
        StoreError: a permanent one. An order that can't be read is left to the next run.
    """
    shared = [one for one in work if one not in to_look_after]
    found = await newest.find({made for one in shared for made in one.created.values()})
    listed = [one for one in shared if found.keys() >= set(one.created.values())]
    seen = [(one, found) for one in listed]
    alone = [one for one in work if one not in listed]
    answers = await gather_or_cancel(_shipments_of(store, one) for one in alone)
    seen += [(one, answer) for one, answer in zip(alone, answers, strict=True) if answer is not None]
    plan.links.learn(found[made] for one, found in seen for made in one.created.values() if made in found)
    for one, theirs in seen:
        _judge_all(one, theirs, plan)


async def _shipments_of(store: Store, work: Work) -> Mapping[str, Shipment] | None:
    """The order's shipments by the store's id; None if they can't be read, and the order is left to the next run."""
    try:
        shipments = await store.shipments_of(work.order.order_id)
    except StoreError as error:
        raise_if_permanent(error)
        work.leave_waiting(str(error))
        return None
    work.in_store = shipments
    return {theirs.shipment_id: theirs for theirs in shipments}


def _judge_all(work: Work, found: Mapping[str, Shipment], plan: TrackingPlan) -> None:
    for shipment in work.ours.lodged:
        made = work.created.get(shipment.shipment_id)
        if made is None:
            continue
        theirs = found.get(made)
        if theirs is None:
            work.note(shipment.shipment_id, PushOutcome.WAITING, "the store answered, but has no such shipment")
        elif skus_of(theirs, work.order) != fitting(shipment.quantities, work.order):
            note_otherwise(work, shipment, theirs)
        else:
            judge_created(work, shipment, theirs, plan)


def judge_created(work: Work, shipment: LodgedShipment, theirs: Shipment, plan: TrackingPlan) -> None:
    """Keep what became of a shipment that was made now, of which the store has the units as they were sent."""
    label = work.labels[shipment.shipment_id]
    if lacks_link(label, theirs):
        # What is made again has the URL in its comments, whatever they show: so this happens once.
        plan.links.learn_missing(label.carrier)
        reason = (
            f"made as {theirs.shipment_id}, but the store builds no link for the carrier {label.carrier} any more: to"
            " be made again with the tracking URL in its comments"
        )
        work.note(shipment.shipment_id, PushOutcome.WAITING, reason, theirs.shipment_id)
    elif differs := _differs(label, theirs):
        work.note(shipment.shipment_id, PushOutcome.DIFFERS_IN_STORE, differs, theirs.shipment_id)
    else:
        reason = with_note("created and read back", shipment, work.order)
        work.note(shipment.shipment_id, PushOutcome.CONFIRMED, reason, theirs.shipment_id)


def judge_seen(work: Work, shipment: LodgedShipment, theirs: Shipment, label: Label | None) -> None:
    """Keep that a shipment is in the store already; if it differed when it was made, whether it still does."""
    before = work.ours.pushed_before.get(shipment.shipment_id)
    differs = before.differs if before and before.store_shipment_id == theirs.shipment_id else ""
    if differs and label:
        differs = _differs(label, theirs)
    outcome = PushOutcome.DIFFERS_IN_STORE if differs else PushOutcome.ALREADY_THERE
    reason = differs or with_note("in the store already", shipment, work.order)
    work.note(shipment.shipment_id, outcome, reason, theirs.shipment_id)


def note_otherwise(work: Work, shipment: LodgedShipment, theirs: Shipment) -> None:
    """Keep that the store made a shipment with other units."""
    has = ", ".join(f"{quantity} of {sku}" for sku, quantity in skus_of(theirs, work.order).items())
    reason = f"the store made it otherwise ({has or 'nothing in it'}): correct shipment {theirs.shipment_id} there"
    work.note(shipment.shipment_id, PushOutcome.REFUSED, reason)


def with_note(reason: str, shipment: LodgedShipment, order: Order) -> str:
    """The reason, and what of the shipment isn't on the order."""
    return "; ".join(filter(None, [reason, left_out(shipment.quantities, order)]))


def _differs(label: Label, theirs: Shipment) -> str:
    differs = differences(label, theirs)
    return differs and f"the store's shipment {theirs.shipment_id} shows {differs}: correct it there"

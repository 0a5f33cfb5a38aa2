"""Single writes of shipments to a store, each recorded while its end is unknown.

CS-Cart has no idempotency key, so after a call whose end is unknown the next step is always a read. If that shows
nothing either, the order is left alone while the store may still carry the write out (state/unknown_ends.py).
Not here: which shipments to make or delete (shipment_decisions.py, order_shipments.py).
"""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from npf_pipelines.cscart.errors import NotFound, RequestRejected, StoreError
from npf_pipelines.cscart.store import Store
from npf_pipelines.cscart.write_check import writes_checked
from npf_pipelines.domain.keys import shown
from npf_pipelines.domain.outcomes import PushOutcome
from npf_pipelines.domain.platform_orders import LodgedShipment
from npf_pipelines.domain.store_orders import PICK_UP, Order
from npf_pipelines.domain.store_shipments import Shipment
from npf_pipelines.reconcile.failure_policy import is_end_known, raise_if_permanent
from npf_pipelines.reconcile.shipment_decisions import as_allocated
from npf_pipelines.reconcile.shipment_results import created_result, other_units_result
from npf_pipelines.reconcile.tracking_plan import PushedBefore, TrackingPlan
from npf_pipelines.reconcile.tracking_results import Created, ShipmentResult
from npf_pipelines.rules.allocation import Allocation, fitting, skus_of
from npf_pipelines.rules.parcels import Label
from npf_pipelines.rules.shipments import has_number, match
from npf_pipelines.state.unknown_ends import NotedWrites


@dataclass(frozen=True)
class Attempt:
    """The end of an attempt to make a shipment.

    Attributes:
        result: the shipment's result.
        in_store: the store's shipments of the order after it.
        created: the shipment, if the store has answered that it is made.
        is_exact: whether the order as it was read and what is known to be made give together what the store has.
    """

    result: ShipmentResult
    in_store: Sequence[Shipment]
    created: Created | None = None
    is_exact: bool = True


class ShipmentWriter:
    """Writes shipments of one order."""

    def __init__(self, store: Store, order: Order, order_number: str, plan: TrackingPlan, writes: NotedWrites) -> None:
        self._store, self._order, self._order_number = store, order, order_number
        self._plan, self._writes = plan, writes

    async def delete(self, store_shipment: Shipment, in_store: Sequence[Shipment]) -> Sequence[Shipment]:
        """Delete a shipment.

        Args:
            store_shipment: the shipment.
            in_store: the store's shipments of the order.

        Returns:
            Its shipments after that.

        Raises:
            StoreError: the store still has the shipment, or can't be asked.
            LeaseLost: another run may have begun to write.
        """
        made = store_shipment.shipment_id
        try:
            async with self._recorded(f"delete its shipment {shown(made)}"):
                await self._store.delete_shipment(made)
        except NotFound:
            pass  # Somebody was quicker.
        except StoreError as failure:
            raise_if_permanent(failure)
            in_store = await self._store.shipments_of(self._order.order_id)
            if made in {listed.shipment_id for listed in in_store}:
                raise
            self._writes.end(self._order_number)
        return [listed for listed in in_store if listed.shipment_id != made]

    async def create(
        self,
        shipment: LodgedShipment,
        label: Label,
        allocation: Allocation,
        in_store: Sequence[Shipment],
        before: PushedBefore | None,
    ) -> Attempt:
        """Make a shipment.

        Args:
            shipment: the lodged shipment.
            label: the fields to write on it.
            allocation: its units on the order's lines.
            in_store: the store's shipments of the order.
            before: what earlier runs pushed of it.

        Raises:
            StoreError: a permanent one, or one after which the store may still act, so that nothing more may be
                allocated to the lines that this shipment needs.
            LeaseLost: another run may have begun to write.
        """
        was_made = before is not None and before.store_shipment_id is not None
        shipping_id = await self._shipping_id()
        try:
            async with self._recorded(f"create {shown(shipment.shipment_id)}"):
                made = await self._store.create_shipment(
                    self._order.order_id,
                    shipping_id=shipping_id,
                    carrier=label.carrier,
                    tracking_number=label.tracking_number,
                    quantities=allocation.quantities,
                    comments=label.comments,
                    # The customer had a mail when a shipment was first made, before its correction.
                    notify_customer=self._plan.notify_customer and not was_made,
                )
        except RequestRejected as error:
            return Attempt(ShipmentResult(PushOutcome.REFUSED, str(error)), in_store)
        except StoreError as failure:
            raise_if_permanent(failure)
            attempt = await self._after_unknown_end(shipment, label, in_store, failure)
            self._writes.end(self._order_number)
            return attempt
        return Attempt(
            ShipmentResult(PushOutcome.CONFIRMED, "created", made),
            [*in_store, as_allocated(made, shipment, self._order, allocation.quantities)],
            created=Created(made, label, allocation.quantities),
        )

    async def _after_unknown_end(
        self, shipment: LodgedShipment, label: Label, in_store: Sequence[Shipment], failure: StoreError
    ) -> Attempt:
        """Read whether the store has acted all the same.

        Raises:
            StoreError: the failure if nothing is found, or that of the reading.
        """
        known = {listed.shipment_id for listed in in_store}
        after = await self._store.shipments_of(self._order.order_id)
        new = [listed for listed in after if listed.shipment_id not in known]
        fits = fitting(shipment.quantities, self._order)
        # Even if the store changed the number: nobody else writes just these units at this moment.
        made = match([shipment], self._order, new).get(shipment.shipment_id) or next(
            (listed for listed in new if skus_of(listed, self._order) == fits), None
        )
        cut = next((listed for listed in new if has_number(listed, shipment.tracking_number)), None)
        if made:
            self._plan.links.learn([made])
            result = created_result(shipment, label, made, self._order, self._plan.links)
            return Attempt(result, after, is_exact=False)
        if cut:
            return Attempt(other_units_result(cut, self._order), after)
        raise failure

    async def _shipping_id(self) -> str | None:
        """The order's shipping method, or the store's first where the order lost its own: a shipment needs one.

        A parcel is no pick-up.
        """
        methods = sorted(self._order.shipping, key=lambda method: method.module == PICK_UP)
        named = next((method.shipping_id for method in methods if method.shipping_id), None)
        return named or next(iter(await self._store.shippings()), None)

    @contextlib.asynccontextmanager
    async def _recorded(self, name: str) -> AsyncIterator[None]:
        """Around one write: it is recorded from when it is sent until its end is known, also if this run is cut off."""
        try:
            with writes_checked(lambda: self._writes.begin(self._order_number, name)):
                yield
        except StoreError as error:
            if is_end_known(error):
                self._writes.end(self._order_number)
            else:
                await self._writes.leave(self._order_number, name)
            raise
        self._writes.end(self._order_number)

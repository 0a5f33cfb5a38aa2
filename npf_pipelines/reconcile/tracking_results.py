"""The values that the phases of a tracking push hand on: results, shipments made, an order written and read back.

Not here: the phases (order_shipments.py, read_back.py, order_statuses.py), the input (tracking_plan.py).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from npf_pipelines.domain.outcomes import SETTLED, PushOutcome
from npf_pipelines.domain.platform_orders import LodgedShipment, OrderStatus
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.domain.store_shipments import Shipment
from npf_pipelines.reconcile.tracking_plan import OrderShipments
from npf_pipelines.rules.parcels import Label


@dataclass(frozen=True)
class ShipmentResult:
    """The outcome for one shipment."""

    outcome: PushOutcome
    reason: str
    store_shipment_id: str | None = None


Results = Mapping[str, ShipmentResult]
"""By shipment_id, withdrawn shipments included."""


@dataclass(frozen=True)
class Created:
    """A shipment that this run has made.

    Attributes:
        store_shipment_id: the store's id of it.
        label: the fields written on it.
        quantities: its units by item_id.
    """

    store_shipment_id: str
    label: Label
    quantities: Mapping[str, int]


@dataclass(frozen=True)
class WrittenOrder:
    """An order after its writes.

    Attributes:
        lodged_order: the platform's side.
        order: the order as the store had it before the writes, or in a dry run as it would have it after them.
        results: so far; the shipments in `created` are still to be read back.
        in_store: the store's shipments of the order, as far as they had to be read.
        created: the shipments made now, by shipment_id.
        is_exact: whether `order` and `created` give together what the store has now; not so when something was
            deleted, or made in a call without an answer.
    """

    lodged_order: OrderShipments
    order: Order
    results: Results = field(default_factory=dict)
    in_store: Sequence[Shipment] = ()
    created: Mapping[str, Created] = field(default_factory=dict)
    is_exact: bool = True

    def with_results(self, results: Results) -> "WrittenOrder":
        """The order with further results."""
        return replace(self, results={**self.results, **results})

    def with_missing_results(self, outcome: PushOutcome, reason: str) -> "WrittenOrder":
        """The order with this result for every lodged shipment that has none."""
        result = ShipmentResult(outcome, reason)
        missing = {shipment.shipment_id: result for shipment in self.lodged_order.lodged}
        return replace(self, results={**missing, **self.results})

    @property
    def is_touched(self) -> bool:
        """Whether the order has to be read back."""
        return bool(self.created) or not self.is_exact

    def shows_created(self, after: Order) -> bool:
        """Whether the order, read again, shows exactly the shipments made: their ids, and the units on each line."""
        made = {created.store_shipment_id for created in self.created.values()}
        if not self.is_exact or not made <= set(after.shipment_ids):
            return False
        shipped_before = {line.item_id: line.shipped for line in self.order.lines}
        added = {line.item_id: line.shipped - shipped_before.get(line.item_id, 0) for line in after.lines}
        units: Counter[str] = Counter()
        for created in self.created.values():
            units.update(created.quantities)
        return {item_id: change for item_id, change in added.items() if change} == units


@dataclass(frozen=True)
class ReadOrder:
    """An order after it was read back.

    Attributes:
        lodged_order: the platform's side.
        order: the order as the store has it now, as far as it could be read.
        results: of all shipments worked on.
        left: why the order is left to the next run; empty if it isn't.
    """

    lodged_order: OrderShipments
    order: Order
    results: Results
    left: str = ""

    def units_in_store(self) -> Counter[str]:
        """Units of the warehouse's shipments that are in the store, by SKU."""
        units: Counter[str] = Counter()
        for shipment in self.lodged_order.lodged:
            if self._is_in_store(shipment):
                units.update(shipment.quantities)
        return units

    def is_over(self, moment: datetime | None) -> bool:
        """Whether the order is shipped, all of it lodged before the moment, and all of that in the store."""
        if moment is None or self.lodged_order.state.status is not OrderStatus.SHIPPED:
            return False
        return all(self._is_in_store(shipment) and shipment.lodged_at < moment for shipment in self.lodged_order.lodged)

    def _is_in_store(self, shipment: LodgedShipment) -> bool:
        result = self.results.get(shipment.shipment_id)
        return result is not None and result.outcome in SETTLED | {PushOutcome.PLANNED}


def not_read_back(written: WrittenOrder, reason: str) -> ReadOrder:
    """The order with its new shipments left to the next run, which will find them."""
    waiting = {
        shipment_id: ShipmentResult(
            PushOutcome.WAITING,
            f"made as {created.store_shipment_id}, but not read back yet: {reason}",
            created.store_shipment_id,
        )
        for shipment_id, created in written.created.items()
    }
    return ReadOrder(written.lodged_order, written.order, {**written.results, **waiting}, left=reason)

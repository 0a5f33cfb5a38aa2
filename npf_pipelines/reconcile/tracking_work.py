"""What the tracking push works on: the plan, an order with its shipments, and what is known of it meanwhile."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from npf_pipelines.cscart.carrier_links import CarrierLinks
from npf_pipelines.domain.outcomes import PushOutcome, StatusOutcome
from npf_pipelines.domain.platform_orders import LodgedShipment, OrderState, OrderStatus
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.domain.store_shipments import Shipment
from npf_pipelines.rules.order_status import StatusPlan, StatusStep
from npf_pipelines.rules.parcels import Label
from npf_pipelines.rules.shipments import IN_STORE


@dataclass(frozen=True)
class TrackingPlan:
    """What a master setup asks for, resolved against the store; a dry run only tells what it would write.

    An order that the platform calls shipped, and of which nothing was lodged since `short_before`, gets nothing more.
    `links` is what the store has shown of its carriers; the push adds to it.
    """

    statuses: StatusPlan
    carriers: Mapping[str, str]
    notify_customer: bool
    dry_run: bool = False
    short_before: datetime | None = None
    links: CarrierLinks = field(default_factory=CarrierLinks)


NOT_READ_BACK = ""
"""The print of a shipment that was made, but of which no run has seen yet what the store made of it."""


@dataclass(frozen=True)
class PushedBefore:
    """What earlier runs did in the store for a shipment.

    Attributes:
        store_shipment_id: the store's id of what they made last; None if they lived to see none.
        content: the print of its content.
        sent: the marks (rules/shipments.py) of all that they may have made, whether they lived to see it or not.
        differs: what of it the store shows otherwise than it was written, in words; empty if nothing.
    """

    store_shipment_id: str | None
    content: str
    sent: frozenset[str] = frozenset()
    differs: str = ""


@dataclass(frozen=True)
class OrderShipments:
    """All that the platform has lodged of one order, which of it is to be pushed now, and what was pushed before.

    `pushed_before` is by our shipment_id; what of it is no longer lodged was withdrawn.
    """

    state: OrderState
    lodged: Sequence[LodgedShipment]
    pushed_now: frozenset[str]
    pushed_before: Mapping[str, PushedBefore] = field(default_factory=dict)


@dataclass(frozen=True)
class ShipmentResult:
    """The outcome for one shipment."""

    outcome: PushOutcome
    reason: str
    store_shipment_id: str | None = None


@dataclass
class Work:
    """One order while it is worked on.

    Attributes:
        ours: what the platform has.
        order: the order as the store had it when it was last read.
        in_store: the store's shipments of it; None as long as they need not be read.
        strangers: those of them that somebody else made.
        reserved: what earlier parcels need that are not in the store yet and are not to be pushed now.
        results: by our shipment_id.
        created: the store's ids of the shipments made now, by ours.
        labels: what was written on them, by our shipment_id.
        units_created: what they hold, by item_id.
        is_fresh: whether `order` and `created` tell together what the store has now; not so when something was
            deleted, or made in a call that brought no answer.
        is_to_compare: whether what differed when it was made is to be compared again.
        is_left: whether it is left to the next run as it is.
        step: what becomes of the order status.
    """

    ours: OrderShipments
    order: Order
    in_store: list[Shipment] | None = None
    strangers: list[Shipment] = field(default_factory=list)
    reserved: list[Shipment] = field(default_factory=list)
    results: dict[str, ShipmentResult] = field(default_factory=dict)
    created: dict[str, str] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    units_created: Counter[str] = field(default_factory=Counter)
    is_fresh: bool = True
    is_to_compare: bool = False
    is_left: bool = False
    step: StatusStep = field(
        default_factory=lambda: StatusStep(
            None, StatusOutcome.WAITING, "not every shipment of the order is in the store yet"
        )
    )

    def note(self, shipment_id: str, outcome: PushOutcome, reason: str, theirs: str | None = None) -> None:
        """Keep the outcome for one of our shipments."""
        self.results[shipment_id] = ShipmentResult(outcome, reason, theirs)

    def leave_waiting(self, reason: str) -> None:
        """What could not be read back is left to the next run, which will find it."""
        self.is_left = True
        for shipment_id, made in self.created.items():
            self.note(shipment_id, PushOutcome.WAITING, f"made as {made}, but not read back yet: {reason}", made)
        if self.step.letter or self.step.outcome is StatusOutcome.WAITING:
            self.step = StatusStep(None, StatusOutcome.WAITING, reason)

    def units_in_store(self) -> Counter[str]:
        """What of the warehouse's lodgements is in the store, by SKU."""
        units: Counter[str] = Counter()
        for shipment in self.ours.lodged:
            if self._is_in_store(shipment):
                units.update(shipment.quantities)
        return units

    def is_over(self, moment: datetime | None) -> bool:
        """Whether the order is shipped, all of it lodged before the moment, and all of that in the store."""
        if moment is None or self.ours.state.status is not OrderStatus.SHIPPED:
            return False
        return all(self._is_in_store(shipment) and shipment.lodged_at < moment for shipment in self.ours.lodged)

    def _is_in_store(self, shipment: LodgedShipment) -> bool:
        result = self.results.get(shipment.shipment_id)
        return result is not None and result.outcome in IN_STORE | {PushOutcome.PLANNED}

    def judge_completeness(self) -> bool:
        """Whether every lodged shipment of the order is in the store; if one never will be, the status says so."""
        if self.is_left:
            return False
        outcomes = {result.outcome for result in self.results.values()}
        if outcomes & {PushOutcome.SET_ASIDE, PushOutcome.REFUSED}:
            reason = "a shipment of the order is not in the store: see its reason"
            self.step = StatusStep(None, StatusOutcome.NOT_ASKED, reason)
            return False
        return PushOutcome.WAITING not in outcomes


def content_hash(shipment: LodgedShipment) -> str:
    """A short print of what of a shipment goes to the store: another one means that the warehouse corrected it."""
    content = [
        shipment.carrier,
        shipment.tracking_number,
        shipment.tracking_url,
        sorted(shipment.quantities.items()),
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


def has_content(shipment: LodgedShipment, content: str | None) -> bool:
    """Whether a print is that of the shipment as it is lodged, normalised or, by an earlier release, as written."""
    as_written = shipment.as_written or shipment
    return content in {content_hash(shipment), content_hash(as_written)}

"""The input of a tracking push: the plan, and each order with its lodged shipments and what was pushed before.

Not here: what a push finds out and does (tracking.py and its phases: order_shipments.py, read_back.py,
order_statuses.py).
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from npf_pipelines.cscart.carrier_links import CarrierLinks
from npf_pipelines.cscart.carriers import carrier_code
from npf_pipelines.domain.platform_orders import LodgedShipment, OrderState
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.domain.writes import Writes
from npf_pipelines.rules.order_status import StatusPlan
from npf_pipelines.rules.orders import is_test
from npf_pipelines.rules.parcels import Label, label_of


@dataclass(frozen=True)
class TrackingPlan:
    """The master setup's tracking section, resolved against the store.

    Attributes:
        statuses: the order statuses to set.
        carriers: the client's own carrier codes, by the carrier's name.
        notify_customer: whether the store mails the customer.
        writes: which orders may be written to the store; of the others nothing is written.
        short_before: a shipped order all of whose lodgements are older than this moment gets nothing more; None
            where that is never assumed.
        links: the carriers for which the store builds a link; the push adds to it.
    """

    statuses: StatusPlan
    carriers: Mapping[str, str]
    notify_customer: bool
    writes: Writes = Writes.ALL
    short_before: datetime | None = None
    links: CarrierLinks = field(default_factory=CarrierLinks)

    @property
    def dry_run(self) -> bool:
        """Whether nothing is written of the order that the plan is for."""
        return self.writes is not Writes.ALL

    def of(self, state: OrderState, order: Order) -> "TrackingPlan":
        """The plan for one order, of which all or nothing is written. A test order must be one on both sides."""
        is_allowed = self.writes.allow(is_test=state.is_test and is_test(order))
        return replace(self, writes=Writes.ALL if is_allowed else Writes.NONE)

    def label(self, shipment: LodgedShipment) -> Label | None:
        """The fields that are written for a shipment, by what is known of the store's carriers now."""
        code, _ = carrier_code(shipment.carrier, self.carriers)
        return label_of(shipment, code, has_link=self.links.yields_link(code))


NOT_READ_BACK = ""
"""The content hash of a shipment that was made, and that no run has read back yet."""


@dataclass(frozen=True)
class PushedBefore:
    """A shipment as earlier runs pushed it.

    Attributes:
        store_shipment_id: the store's id of the shipment made last; None if no run recorded one.
        content: the hash of its content.
        sent: the fingerprints (rules/shipments.py) of all shipments that they may have made, recorded or not.
        differs: how the store's shipment differs from what was written, in words; empty if it doesn't.
    """

    store_shipment_id: str | None
    content: str
    sent: frozenset[str] = frozenset()
    differs: str = ""


@dataclass(frozen=True)
class OrderShipments:
    """An order on the platform with its shipments.

    Attributes:
        state: the order.
        lodged: all shipments that the platform has lodged of it.
        pushed_now: the ids of those to push in this run.
        pushed_before: what earlier runs pushed, by shipment_id; an id that is no longer lodged was withdrawn.
        has_kits: whether the units of one parcel depend on the others (rules/kit_parcels.py).
    """

    state: OrderState
    lodged: Sequence[LodgedShipment]
    pushed_now: frozenset[str]
    pushed_before: Mapping[str, PushedBefore] = field(default_factory=dict)
    has_kits: bool = False

    @property
    def order_number(self) -> str:
        """The order's number on the platform."""
        return self.state.order_number

    @property
    def withdrawn(self) -> Collection[str]:
        """The ids of shipments that were pushed before and are no longer lodged."""
        return self.pushed_before.keys() - {shipment.shipment_id for shipment in self.lodged}


def content_hash(shipment: LodgedShipment) -> str:
    """A short hash of the fields that go to the store: another hash means that the warehouse corrected the shipment."""
    content = [
        shipment.carrier,
        shipment.tracking_number,
        shipment.tracking_url,
        sorted(shipment.quantities.items()),
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


def has_content(shipment: LodgedShipment, content: str | None) -> bool:
    """Whether a hash is that of the shipment as it is lodged, normalised or, by an earlier release, as written."""
    as_written = shipment.as_written or shipment
    return content in {content_hash(shipment), content_hash(as_written)}

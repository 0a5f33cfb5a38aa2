"""The evidence of a client's certification: its test orders, test items and amounts, as store and platform showed them.

It holds no personal data: numbers, SKUs, units, statuses, labels of parcels. It is kept between two runs of a
certification as JSON.
Not here: which requirement follows from it (rules/certificate.py), how it is read (reconcile/certification.py).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from pydantic import BaseModel, ConfigDict


class _Seen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Imported(_Seen):
    """A test order on the platform; `units` by SKU."""

    units: dict[str, int]
    is_test: bool
    has_country: bool
    status: str
    imported_at: datetime


class LodgedParcel(_Seen):
    """A parcel that the warehouse has lodged.

    Attributes:
        carrier_code: the carrier in the store's terms.
        number_forms: the forms in which a store may show the tracking number.
    """

    shipment_id: str
    carrier: str
    carrier_code: str
    tracking_number: str
    number_forms: frozenset[str]
    tracking_url: str
    lodged_at: datetime
    units: dict[str, int]


class StoreParcel(_Seen):
    """A shipment as the shopper and the merchant see it.

    Attributes:
        link: the tracking link that the store shows; empty if none.
        urls_in_comments: the lodged tracking URLs that its comments hold. Other comments are not kept.
    """

    shipment_id: str
    carrier: str
    tracking_number: str
    link: str
    urls_in_comments: tuple[str, ...]
    units: dict[str, int]


class OrderSeen(_Seen):
    """A test order at one moment, in the store and on the platform.

    Attributes:
        status: the store's letter.
        imported: the platform's order; None if it has none.
        numbers: the numbers under which the platform has the order; more than one is a doubled import.
        decision: the pipeline's decision in words; empty if it made none.
    """

    seen_at: datetime
    status: str
    ordered: dict[str, int]
    imported: Imported | None
    numbers: tuple[str, ...]
    decision: str
    lodged: tuple[LodgedParcel, ...]
    shown: tuple[StoreParcel, ...]

    @property
    def units_lodged(self) -> Mapping[str, int]:
        """Units that the warehouse has lodged, by SKU."""
        return _added(parcel.units for parcel in self.lodged)

    @property
    def units_shown(self) -> Mapping[str, int]:
        """Units in the store's shipments, by SKU."""
        return _added(parcel.units for parcel in self.shown)

    @property
    def is_lodged_in_full(self) -> bool:
        """Whether everything that was ordered is lodged."""
        return bool(self.lodged) and self.units_lodged == self.ordered

    @property
    def is_lodged_in_part(self) -> bool:
        """Whether something, but not everything, is lodged."""
        return bool(self.lodged) and self.units_lodged != self.ordered


class OrderEvidence(_Seen):
    """A test order over time: after the first and the second pull, after the first and the second push."""

    order_id: str
    order_number: str
    placed_at: datetime
    pulled: OrderSeen | None = None
    pulled_again: OrderSeen | None = None
    pushed: OrderSeen | None = None
    pushed_again: OrderSeen | None = None


class Amount(_Seen):
    """The store's amount of one product with a test item's code.

    Attributes:
        product: its key (`Product.key`).
        is_counted: whether the store counts its stock.
        is_total: whether the store may show the total over several locations instead of the warehouse's location.
    """

    product: str
    sku: str
    amount: int
    is_counted: bool = True
    is_total: bool = False


class Figure(_Seen):
    """A stock figure that is played for one test item, in place of the warehouse's count."""

    sku: str
    on_hand: int
    in_process: int = 0
    back_orders: int = 0

    @property
    def available(self) -> int:
        """Available SOH."""
        return self.on_hand - self.in_process - self.back_orders


class StockSeen(_Seen):
    """One push of played figures: the figures, and the amounts in the store afterwards."""

    seen_at: datetime
    figures: tuple[Figure, ...]
    amounts: tuple[Amount, ...]


class StockEvidence(_Seen):
    """The pushes of stock.

    Attributes:
        before: the amounts before the first push.
        plain: after the push of positive figures.
        negative: after the push of a negative figure.
        again: after the same push a second time.
        put_back: the amounts at the end.
    """

    before: tuple[Amount, ...] = ()
    plain: StockSeen | None = None
    negative: StockSeen | None = None
    again: StockSeen | None = None
    put_back: tuple[Amount, ...] | None = None


class Evidence(_Seen):
    """Everything that a certification has seen so far.

    Attributes:
        began_at: when it began; it may take several runs.
        store: the store's address in the form in which two are compared. In another store its products and orders
            mean nothing.
        items: the store's products with a test item's code, read again by each run.
        full: the test order to be lodged in full.
        part: the test order to be lodged in part.
        failures: the sentences of runs that failed, by flow (`orders`, `shipments`, `stock`).
        to_put_back: the amounts that a push of played figures has replaced or may have replaced.
    """

    began_at: datetime
    store: str
    items: tuple[Amount, ...] = ()
    full: OrderEvidence | None = None
    part: OrderEvidence | None = None
    stock: StockEvidence = StockEvidence()
    failures: dict[str, str] = {}
    to_put_back: tuple[Amount, ...] = ()


def _added(parcels: Iterable[Mapping[str, int]]) -> Mapping[str, int]:
    units: Counter[str] = Counter()
    for parcel in parcels:
        units.update(parcel)
    return dict(units)

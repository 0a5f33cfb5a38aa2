"""The answers of a client's store, and of the platform, to the questions of a check.

Not here: asking (reconcile/store_check.py), the judgement (rules/store_check/), the findings (store_check.py).
"""

import enum
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from npf_pipelines.domain.issued_certificate import IssuedCertificate
from npf_pipelines.domain.order_statuses import Status
from npf_pipelines.domain.products import Product, UnreadableProduct
from npf_pipelines.domain.sku_map import NO_MAP, SkuMap
from npf_pipelines.domain.store_orders import Order, UnreadableOrder
from npf_pipelines.domain.store_shipments import Shipment
from npf_pipelines.domain.store_users import StoreUser


class Why(enum.Enum):
    """The kind of reason for which a question has no answer."""

    UNREACHABLE = enum.auto()
    """No call gets through: no connection or answer, a refused certificate, maintenance, another address."""
    UNAUTHORIZED = enum.auto()
    """The store doesn't accept the API user and key."""
    FORBIDDEN = enum.auto()
    """The API user lacks a right, or something in front of the store refuses the call."""
    ABSENT = enum.auto()
    """The store has no such thing."""
    FAILED = enum.auto()
    """Anything else."""


@dataclass(frozen=True)
class Unanswered:
    """A question without an answer, and the reason in words."""

    why: Why
    reason: str


@dataclass(frozen=True)
class Connection:
    """The connection to a store.

    Attributes:
        certificate_until: until when its certificate is valid; None without TLS.
        clock_ahead: by how much the store's clock is ahead of this machine's; None if no answer named its time.
        version: the line by which the store names its version; empty where it doesn't.
    """

    certificate_until: datetime | None = None
    clock_ahead: timedelta | None = None
    version: str = ""


@dataclass(frozen=True)
class OrdersRead:
    """The newest orders since the order start date.

    Attributes:
        orders: newest first.
        total: orders since that date, as the store counts them.
        lists_are_whole: whether the store's lists hold whole orders; None if it has no order to show it by.
        is_cut: whether time ran out before as many were read as should be.
    """

    orders: Sequence[Order | UnreadableOrder]
    total: int
    lists_are_whole: bool | None = None
    is_cut: bool = False


@dataclass(frozen=True)
class ProductsRead:
    """Products of the store, by code, each with its option combinations as products of their own.

    Attributes:
        products: the products.
        total: rows of the store's list of products.
        rows: the rows of the list that were read.
        not_expanded: products counted by option combination whose combinations were not read.
        test_codes: codes like a test item's, wherever in the catalogue they are.
        is_cut: whether time ran out before as many were read as should be.
    """

    products: Sequence[Product | UnreadableProduct]
    total: int
    rows: int
    not_expanded: int = 0
    test_codes: AbstractSet[str] = frozenset()
    is_cut: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether all products were read, combinations included."""
        return self.rows >= self.total and not self.not_expanded


@dataclass(frozen=True)
class WarehouseRead:
    """The platform's part.

    Attributes:
        skus: what it counts.
        imported: the store's order ids that it has.
        takes_despatch_methods: whether it has that optional column.
        sku_map: the client's map of codes.
        map_problems: why there is no map; None for a client without `orders.skus`.
    """

    skus: AbstractSet[str]
    imported: AbstractSet[str] = frozenset()
    takes_despatch_methods: bool = True
    sku_map: SkuMap = NO_MAP
    map_problems: Sequence[str] | None = None


@dataclass(frozen=True)
class StoreAnswers:
    """The answers of a store, and of the platform, to the questions of a check.

    Attributes:
        connection: as far as it could be made.
        access: None where the store answers an API call; otherwise why not.
        user: the user that the master setup names.
        statuses: the store's order statuses.
        shippings: the names of the shipping methods by id.
        shipments: the newest.
        storefronts: the names of the storefronts by id.
        vendors: the names of the vendors by id.
        lists_changes: whether lists can be narrowed to changed orders; None if the store has no order.
        orders: the newest since the order start date.
        products: the products.
        warehouse: the platform's part.
        certificate: the client's latest with a verdict, which proves what no reading shows.
    """

    connection: Connection
    access: Unanswered | None = None
    user: StoreUser | Unanswered | None = None
    statuses: Sequence[Status] | Unanswered = ()
    shippings: Mapping[str, str] | Unanswered = field(default_factory=dict)
    shipments: Sequence[Shipment] | Unanswered = ()
    storefronts: Mapping[str, str] | Unanswered = field(default_factory=dict)
    vendors: Mapping[str, str] | Unanswered = field(default_factory=dict)
    lists_changes: bool | Unanswered | None = None
    orders: OrdersRead | Unanswered = field(default_factory=lambda: OrdersRead((), 0))
    products: ProductsRead | Unanswered = field(default_factory=lambda: ProductsRead((), 0, 0))
    warehouse: WarehouseRead | Unanswered = field(default_factory=lambda: WarehouseRead(frozenset()))
    certificate: IssuedCertificate | None = None

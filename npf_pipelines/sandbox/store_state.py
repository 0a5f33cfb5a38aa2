"""The state of a sandbox store: its contents, its switches for faults, and the bookkeeping of changes.

Not here: the actions of shoppers and of the merchant (store_orders.py, store_shipments.py, store_stock.py).
"""

import bisect
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from npf_pipelines.sandbox.model import Mail, Order, Product, Shipment, ShippingMethod, User
from npf_pipelines.sandbox.store_defaults import CARRIERS, shipped_statuses

Change = tuple[str, int]
"""A change: the kind of thing and its number."""

_HIDDEN_STATUSES = frozenset("NT")


class StoreState:
    """A store with everything that the API can see or change.

    Attributes:
        orders: by order id; products and shipments also by their ids.
        statuses: by letter.
        mails: what went out, oldest first.
        journal: `(method, path, status)` of each answered request, method and path as they came.
        requests: how many requests reached the store, refused ones included; `writes` counts the writing ones.
        switched_off: closed for maintenance, every request is answered 503.
        hangs: requests are accepted and wait until this is taken back; then they act.
        loses_answers: requests act, and the connection breaks in the middle of the answer.
        users: by user id; the first is the administrator of the API.
        companies: the names of the storefronts by id, or of the vendors in a Multi-Vendor.
        shows_version: whether the store's own address names the version when it is asked for.
        missing_rights: rights that the administrator's group lacks, such as `edit_order`.
        strips_authorization: the host drops the Authorization header.
        refuses_put_and_delete: the host's web server does not let these verbs through.
        prints_warnings: PHP's warnings are printed before the JSON.
        prints_warnings_behind: and behind it, as shutdown functions print them.
        vetoes: status changes `(from, to)` that an add-on prevents.
        whole_orders_in_lists: whether `get_orders_data` is honoured.
        shows_shares: whether products show what each of their warehouses has (inferred); otherwise only the total.
        carriers: name and link by code, of the carriers that are switched on.
        strict_database: text that is longer than its column is refused, and not cut.
        drops: fields of a new shipment that an add-on leaves out: `carrier`, `tracking_number`, `comments`.
        padding: characters by which a whole order is longer, as add-ons make it.
        odd_fields: what add-ons and old imports print in a row of a list, or an order, in place of its fields, by the
            list's name and the row's id (of a status its letter).
        restless: dice, with which some orders enter and leave the lists after each list (restless.py).
    """

    def __init__(
        self,
        store_id: str,
        *,
        version: tuple[int, int, int] = (4, 18, 1),
        api_user: str = "api@store.example",
        api_key: str = "sandbox-api-key",
        currency: str = "AUD",
        time_zone: str = "Australia/Sydney",
        items_per_page: int = 10,
        whole_orders_in_lists: bool = True,
        multi_vendor: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store_id = store_id
        self.version = version
        self.api_user = api_user
        self.api_key = api_key
        self.currency = currency
        self.time_zone = time_zone
        self.items_per_page = items_per_page
        self.whole_orders_in_lists = whole_orders_in_lists
        self.multi_vendor = multi_vendor
        self.clock = clock

        self.orders: dict[int, Order] = {}
        self.products: dict[int, Product] = {}
        self.shipments: dict[int, Shipment] = {}
        self.statuses = {status.letter: status for status in shipped_statuses(version)}
        self.shippings = {1: ShippingMethod(1, "Custom shipping method")}
        self.users = {1: User(1, api_user)}
        self.companies = {number: f"Vendor {number}" for number in (1, 2, 3)} if multi_vendor else {1: store_id.title()}
        self.odd_fields: dict[tuple[str, str], dict[str, Any]] = {}
        self.mails: list[Mail] = []
        self.next_order_id = 1
        self.next_shipment_id = 1

        self.journal: list[tuple[str, str, int]] = []
        self.requests = 0
        self.writes = 0

        self.switched_off = False
        self.hangs = False
        self.loses_answers = False
        self.shows_version = True
        self.missing_rights: set[str] = set()
        self.strips_authorization = False
        self.refuses_put_and_delete = False
        self.prints_warnings = False
        self.prints_warnings_behind = False
        self.vetoes: set[tuple[str, str]] = set()
        self.shows_shares = True
        self.carriers = dict(CARRIERS)
        self.strict_database = False
        self.drops: frozenset[str] = frozenset()
        self.padding = 0
        self.restless: random.Random | None = None

        self.lock = threading.RLock()
        self.recorder: Callable[[Iterable[Change]], None] | None = None
        self._changes: set[Change] = set()
        self._depth = 0
        self._by_time: list[tuple[int, int]] = []
        self._shipments_of: dict[int, list[int]] = {}

    @property
    def updated_at_filter(self) -> bool:
        """Whether lists can be asked for orders changed since a moment (known behaviour: 4.13.2)."""
        return self.version >= (4, 13, 2)

    @property
    def now(self) -> int:
        """The store's clock, in whole unix seconds."""
        return int(self.clock())

    def add_product(self, product: Product) -> None:
        """Put a product into the catalogue."""
        with self._change():
            self.products[product.product_id] = product
            self._changes.add(("product", product.product_id))

    def add_order(self, order: Order) -> None:
        """Put an order of the past into the store: no stock moves, no mail goes out."""
        with self._change():
            self.orders[order.order_id] = order
            self.next_order_id = max(self.next_order_id, order.order_id + 1)
            self._list(order)
            self._changes |= {("order", order.order_id), ("next_order_id", 0)}

    def add_shipment(self, shipment: Shipment) -> None:
        """Put a shipment of the past into the store: no mail goes out."""
        with self._change():
            self.shipments[shipment.shipment_id] = shipment
            self._shipments_of.setdefault(shipment.order_id, []).append(shipment.shipment_id)
            self.next_shipment_id = max(self.next_shipment_id, shipment.shipment_id + 1)
            self._changes |= {("shipment", shipment.shipment_id), ("next_shipment_id", 0)}

    def skus(self) -> list[str]:
        """The distinct product codes, exact in case, of what can be put into a parcel, tracked by the store or not.

        For a product that is tracked by combination, the codes by which an order's lines name its combinations.
        """
        goods = [product for product in self.products.values() if not product.is_edp]
        codes = {product.product_code for product in goods if product.tracking != "O"}
        codes |= {
            product.code_of(combination)
            for product in goods
            if product.tracking == "O"
            for combination in product.combinations
        }
        return sorted(codes - {""})

    def listed(self, start: int | None = None, end: int | None = None) -> Sequence[tuple[int, int]]:
        """The `(timestamp, order_id)` of the orders that lists show, oldest first, both ends inclusive.

        Incomplete orders and parents of a split order are hidden (documented).
        """
        first = 0 if start is None else bisect.bisect_left(self._by_time, (start,))
        last = len(self._by_time) if end is None else bisect.bisect_left(self._by_time, (end + 1,))
        return self._by_time[first:last]

    def shipments_of(self, order_id: int) -> list[Shipment]:
        """The order's shipments, oldest first."""
        return [self.shipments[number] for number in self._shipments_of.get(order_id, [])]

    def shipped(self, order_id: int) -> dict[str, int]:
        """Units sent of each line, by item id; lines without any are left out."""
        sums: dict[str, int] = {}
        for shipment in self.shipments_of(order_id):
            for item_id, quantity in shipment.products.items():
                sums[item_id] = sums.get(item_id, 0) + quantity
        return sums

    def _inventory(self, letter: str) -> str:
        """`D` or `I`; empty for a letter that the store doesn't have, so that no stock moves."""
        if letter in _HIDDEN_STATUSES:
            return "I"
        status = self.statuses.get(letter)
        return status.inventory if status else ""

    def _mail(self, mail: Mail) -> None:
        self._changes.add(("mail", len(self.mails)))
        self.mails.append(mail)

    def _list(self, order: Order) -> None:
        if not order.is_parent and order.status not in _HIDDEN_STATUSES:
            bisect.insort(self._by_time, (order.timestamp, order.order_id))

    def _unlist(self, order: Order) -> None:
        place = bisect.bisect_left(self._by_time, (order.timestamp, order.order_id))
        if self._by_time[place : place + 1] == [(order.timestamp, order.order_id)]:
            del self._by_time[place]

    @contextmanager
    def _change(self) -> Iterator[None]:
        """One change at a time, and all that belongs to it recorded at once when it is through."""
        with self.lock:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    changes, self._changes = self._changes, set()
                    if self.recorder and changes:
                        self.recorder(changes)

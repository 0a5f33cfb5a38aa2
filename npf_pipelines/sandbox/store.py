"""One pretend store: its state and what happens to it, without HTTP.

Here: orders and their statuses, stock taken and given back, shipments, amounts, mails. Not here: how the
API reads requests (api/), how it prints answers (answers.py), which orders a list shows (listing.py).
"""

import bisect
import random
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from npf_pipelines.sandbox.model import (
    Address,
    Combination,
    Customer,
    Line,
    Mail,
    Order,
    Product,
    Shipment,
    ShippingMethod,
    Status,
)

Change = tuple[str, int]
"""What changed: the kind of thing and its number."""

Item = tuple[int, int] | tuple[int, int, int]
"""What a shopper orders: a product id, an amount and, of a product with combinations, a combination's hash."""

CARRIERS = {
    "ups": ("UPS", "https://wwwapps.ups.com/WebTracking/track?track=yes&trackNums={}"),
    "usps": ("USPS", "https://tools.usps.com/go/TrackConfirmAction?tLabels={}"),
    "fedex": ("FedEx", "https://www.fedex.com/fedextrack/?trknbr={}"),
    "dhl": ("DHL", "https://www.dhl.com/en/express/tracking.html?AWB={}"),
    "can": ("Canada Post", "https://www.canadapost-postescanada.ca/track-reperage/en#/search?searchFor={}"),
    "aup": ("Australia Post", "https://auspost.com.au/mypost/track/#/details/{}"),
    "swisspost": ("Swiss Post", "https://service.post.ch/ekp-web/ui/entry/search/{}"),
}
"""The carriers that a new store has, by code: name and link. The addresses stand in for those of the store."""

_LABEL_WIDTH = 255
"""Characters of the columns for tracking number and carrier (documented by the schema)."""

_HIDDEN_STATUSES = frozenset("NT")


def shipped_statuses(version: tuple[int, int, int]) -> list[Status]:
    """The statuses that a new store has, `N` and `T` left out as in its own list (documented).

    From when on newer stores say Paid and Canceled isn't known; 4.13 is an assumption.
    """
    newer = version >= (4, 13, 0)
    return [
        Status("P", "Paid" if newer else "Processed", "D"),
        Status("C", "Complete", "D"),
        Status("O", "Open", "D"),
        Status("F", "Failed", "I"),
        Status("D", "Declined", "I"),
        Status("B", "Backordered", "I"),
        Status("I", "Canceled" if newer else "Cancelled", "I"),
    ]


class OutOfStockError(ValueError):
    """The checkout refuses what the store doesn't have."""


class TooLongError(ValueError):
    """A strict database refuses a text that is longer than its column."""


class SandboxStore:
    """A store with everything that the API can see or change.

    Attributes:
        orders: by order id, products and shipments likewise.
        statuses: by letter.
        mails: what went out, oldest first.
        journal: `(method, path, status)` of each answered request, method and path as they came.
        requests: how many requests reached the store, refused ones included; `writes` those that write.
        switched_off: closed for maintenance, every request is answered 503.
        hangs: requests are accepted and wait until this is taken back; then they act.
        loses_answers: requests act, and the connection breaks in the middle of the answer.
        missing_rights: rights that the administrator's group lacks, such as `edit_order`.
        strips_authorization: the host drops the Authorization header.
        refuses_put_and_delete: the host's web server does not let these verbs through.
        prints_warnings: PHP's warnings stand before the JSON.
        prints_warnings_behind: and behind it, as shutdown functions print them.
        vetoes: status changes `(from, to)` that an add-on prevents.
        whole_orders_in_lists: whether `get_orders_data` is honoured.
        shows_shares: whether products show what each of their warehouses has (inferred); otherwise only the total.
        carriers: name and link by code, of the carriers that are switched on.
        strict_database: text that is longer than its column is refused, and not cut.
        drops: fields of a new shipment that an add-on leaves out: `carrier`, `tracking_number`, `comments`.
        padding: characters by which a whole order is longer, as add-ons make it.
        odd_fields: what add-ons and old imports print in a row of a list in place of its fields, by the list's name
            and the row's id (of a status its letter).
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
        self.clock = clock

        self.orders: dict[int, Order] = {}
        self.products: dict[int, Product] = {}
        self.shipments: dict[int, Shipment] = {}
        self.statuses = {status.letter: status for status in shipped_statuses(version)}
        self.shippings = {1: ShippingMethod(1, "Custom shipping method")}
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

    # What is in the store.

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

        Of a product that is tracked by combination those that an order's lines name its combinations by.
        """
        goods = [product for product in self.products.values() if not product.is_edp]
        codes = {product.product_code for product in goods if product.tracking != "O"}
        codes |= {product.code_of(one) for product in goods if product.tracking == "O" for one in product.combinations}
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
        """How much of each line was sent, by item id; lines of which nothing was are left out."""
        sums: dict[str, int] = {}
        for shipment in self.shipments_of(order_id):
            for item_id, quantity in shipment.products.items():
                sums[item_id] = sums.get(item_id, 0) + quantity
        return sums

    # What shoppers and the merchant do.

    def define_status(self, letter: str, description: str, inventory: str, *, notify: bool = False) -> None:
        """Add a status or change everything about one but its letter; no order's stock moves (documented).

        Args:
            letter: the status's.
            description: what the merchant calls it.
            inventory: `D` takes stock, `I` gives it back; empty as for one without the parameter: no stock moves.
            notify: whether the customer is mailed.
        """
        with self._change():
            self.statuses[letter] = Status(letter, description, inventory, notify)
            self._changes.add(("status", list(self.statuses).index(letter)))

    def change_amounts(self, order_id: int, amounts: Mapping[str, int]) -> None:
        """The merchant changes how much of some lines is ordered, by item id, which stay; stock moves (inferred)."""
        with self._change():
            order = self.orders[order_id]
            takes = self._inventory(order.status) == "D"
            if takes:
                self._move_stock(order.lines, 1)
            for line in order.lines:
                line.amount = amounts.get(line.item_id, line.amount)
            if takes:
                self._move_stock(order.lines, -1)
            order.updated_at = max(self.now, order.updated_at)
            self._changes.add(("order", order_id))

    def place_order(
        self,
        items: Iterable[Item],
        *,
        customer: Customer | None = None,
        status: str = "P",
        timestamp: int | None = None,
        notes: str = "",
    ) -> int:
        """A shopper's checkout: stock is taken at once when the status takes stock (documented).

        Args:
            items: what is ordered; a repeated product gets a line of its own.
            customer: who orders; left out, somebody in Sydney.
            status: the letter that the payment leads to.
            timestamp: unix seconds; left out, the store's clock.
            notes: the customer's note.

        Returns:
            The new order's id.

        Raises:
            OutOfStockError: a tracked product hasn't that many; nothing is ordered.
        """
        with self._change():
            placed = self.now if timestamp is None else timestamp
            order_id = self.next_order_id
            lines = []
            for number, (product_id, amount, *chosen) in enumerate(items):
                product = self.products[product_id]
                combination = chosen[0] if chosen else None
                lines.append(
                    Line(
                        item_id=item_id(product_id, order_id, number),
                        product_id=product_id,
                        product_code=product.code_of(combination),
                        name=product.name,
                        cents=product.cents,
                        amount=amount,
                        is_edp=product.is_edp,
                        company_id=product.company_id,
                        combination=combination,
                    )
                )
            order = Order(
                order_id=order_id,
                timestamp=placed,
                updated_at=placed,
                status=status,
                customer=customer or SOMEBODY,
                lines=lines,
                shipping=(next(iter(self.shippings.values())),),
                notes=notes,
            )
            if self._inventory(status) == "D":
                if not self._in_stock(order):
                    raise OutOfStockError(f"store {self.store_id} hasn't that much of everything")
                self._move_stock(order.lines, -1)
            self.add_order(order)
            return order_id

    def change_status(
        self,
        order_id: int,
        status: str,
        *,
        user: bool | None = None,
        department: bool = False,
        vendor: bool = False,
    ) -> bool:
        """Give an order another status, as the merchant does in the admin panel.

        Stock moves only between the two inventory groups (documented). An order that ran out of stock turns
        into `B` instead, and a vetoed change changes nothing; neither says so (known behaviour).

        Args:
            order_id: an order of the store.
            status: one letter, not checked against the store's statuses.
            user: whether the customer is mailed; None leaves it to the status (inferred).
            department: whether the orders department is mailed.
            vendor: whether the vendor is mailed.

        Returns:
            Whether the order's status changed.
        """
        with self._change():
            order = self.orders[order_id]
            if order.status == status or (order.status, status) in self.vetoes:
                return False
            before, after = self._inventory(order.status), self._inventory(status)
            if (before, after) == ("I", "D") and not self._in_stock(order):
                status = "B"
                if order.status == status:
                    return False
            elif {before, after} == {"I", "D"}:
                self._move_stock(order.lines, -1 if after == "D" else 1)
            self._unlist(order)
            order.status = status
            order.updated_at = max(self.now, order.updated_at)
            self._list(order)
            self._changes.add(("order", order_id))
            known = self.statuses.get(status)
            if user if user is not None else known is not None and known.notify:
                self._mail(Mail("order_status", order_id))
            if department:
                self._mail(Mail("order_status_department", order_id))
            if vendor:
                self._mail(Mail("order_status_vendor", order_id))
            return True

    def remove_order(self, order_id: int) -> None:
        """Forget an order, as the merchant may in the admin panel: its stock stays as it is (inferred)."""
        with self._change():
            self._unlist(self.orders[order_id])
            del self.orders[order_id]
            self._changes.add(("order", order_id))

    def split_order(self, order_id: int, parts: int = 2) -> list[int]:
        """Make an order a parent, as Multi-Vendor does, and its child orders of its lines; their ids (inferred)."""
        with self._change():
            parent = self.orders[order_id]
            self._unlist(parent)
            children = []
            for number in range(parts):
                child = replace(
                    parent,
                    order_id=self.next_order_id,
                    updated_at=self.now,
                    lines=[replace(line) for line in parent.lines[number::parts]],
                    parent_order_id=order_id,
                    documented=None,
                )
                self.add_order(child)
                children.append(child.order_id)
            parent.is_parent, parent.status, parent.updated_at = True, "T", self.now
            self._changes.add(("order", order_id))
            return children

    def rebuild_order(self, order_id: int, amounts: Mapping[str, int] | None = None) -> None:
        """What any key beyond status and notify_* does: the order is calculated anew (known behaviour).

        Prices become those of today's catalogue, the shipping is that of today's method, the lines get other
        item ids (inferred). With `amounts` by item id, lines that it doesn't name are deleted.
        """
        with self._change():
            order = self.orders[order_id]
            takes = self._inventory(order.status) == "D"
            if takes:
                self._move_stock(order.lines, 1)
            if amounts is not None:
                order.lines = [line for line in order.lines if line.item_id in amounts]
                for line in order.lines:
                    line.amount = amounts[line.item_id]
            for number, line in enumerate(order.lines):
                product = self.products.get(line.product_id)
                line.cents = product.cents if product else line.cents
                line.item_id = item_id(line.product_id, order_id, number, "rebuilt", line.item_id)
            if takes:
                self._move_stock(order.lines, -1)
            order.shipping = tuple(self.shippings.get(way.shipping_id or 0, way) for way in order.shipping)
            order.documented = None
            order.updated_at = max(self.now, order.updated_at)
            self._changes.add(("order", order_id))

    # Shipments.

    def save_shipment(
        self,
        order_id: int,
        products: Mapping[str, int],
        *,
        shipping_id: int,
        carrier: str = "",
        tracking_number: str = "",
        comments: str = "",
        timestamp: int | None = None,
        notify: bool = False,
    ) -> int:
        """Store a shipment, checking nothing; the order's `updated_at` stays (known behaviour).

        The columns of tracking number and carrier hold 255 characters: more is cut without a word (inferred).

        Raises:
            TooLongError: more where the database is strict.
        """
        labels = {"carrier": carrier, "tracking_number": tracking_number}
        if self.strict_database and any(len(text) > _LABEL_WIDTH for text in labels.values()):
            raise TooLongError(f"store {self.store_id} has a column that is too short for that")
        kept = {name: text[:_LABEL_WIDTH] for name, text in labels.items()} | {"comments": comments}
        kept |= dict.fromkeys(self.drops, "")
        with self._change():
            shipment = Shipment(
                shipment_id=self.next_shipment_id,
                order_id=order_id,
                timestamp=self.now if timestamp is None else timestamp,
                shipping_id=shipping_id,
                products=dict(products),
                **kept,
            )
            self.add_shipment(shipment)
            if notify:
                self._mail(Mail("shipment", order_id))
            return shipment.shipment_id

    def correct_shipment(self, shipment_id: int, fields: Mapping[str, str | int]) -> None:
        """Overwrite some of tracking_number, comments, status and timestamp."""
        with self._change():
            for name, value in fields.items():
                setattr(self.shipments[shipment_id], name, value)
            self._changes.add(("shipment", shipment_id))

    def delete_shipment(self, shipment_id: int) -> None:
        """Forget a shipment: its quantities are still to be sent. Its number isn't used again."""
        with self._change():
            shipment = self.shipments.pop(shipment_id)
            self._shipments_of[shipment.order_id].remove(shipment_id)
            self._changes.add(("shipment", shipment_id))

    # Stock.

    def set_amount(self, product_id: int, amount: int) -> None:
        """Set what is on sale; coming back from nothing mails those who wait for it (documented).

        Where stock is split over warehouses nothing changes (known behaviour). A product that is tracked by
        combination gets an amount that nothing uses (inferred).
        """
        product = self.products[product_id]
        if not product.warehouses:
            self._set_amount(product, product, amount)

    def combination(self, combination_hash: int) -> tuple[Product, Combination] | None:
        """The product and its combination of this hash; None if the store has no such combination."""
        for product in self.products.values():
            if combination_hash in product.combinations:
                return product, product.combinations[combination_hash]
        return None

    def set_combination_amount(self, combination_hash: int, amount: int) -> None:
        """Set what is on sale of a combination; it mails as `set_amount` does (inferred)."""
        found = self.combination(combination_hash)
        if found:
            self._set_amount(*found, amount)

    def set_warehouse_amounts(self, product_id: int, amounts: Mapping[int, int]) -> None:
        """Set what some of a product's warehouses hold; unknown warehouses are ignored."""
        product = self.products[product_id]
        with self._change():
            product.warehouses |= {place: amount for place, amount in amounts.items() if place in product.warehouses}
            self._set_amount(product, product, sum(product.warehouses.values()))

    def _set_amount(self, product: Product, shelf: Product | Combination, amount: int) -> None:
        with self._change():
            if shelf.amount <= 0 < amount:
                self._mail(Mail("back_in_stock", product_id=product.product_id))
            shelf.amount = amount
            self._changes.add(("product", product.product_id))

    def _inventory(self, letter: str) -> str:
        """`D` or `I`; empty for a letter that the store doesn't have, so that no stock moves."""
        if letter in _HIDDEN_STATUSES:
            return "I"
        status = self.statuses.get(letter)
        return status.inventory if status else ""

    def _in_stock(self, order: Order) -> bool:
        wanted: dict[tuple[int, int | None], int] = {}
        for line in order.lines:
            what = (line.product_id, line.combination)
            wanted[what] = wanted.get(what, 0) + line.amount
        for (number, combination), amount in wanted.items():
            product = self.products.get(number)
            shelf = product.shelf(combination) if product else None
            if shelf and shelf.amount < amount:
                return False
        return True

    def _move_stock(self, lines: Iterable[Line], direction: int) -> None:
        for line in lines:
            product = self.products.get(line.product_id)
            shelf = product.shelf(line.combination) if product else None
            if product is None or shelf is None:
                continue
            change = direction * line.amount
            for place in sorted(product.warehouses, key=lambda place: -product.warehouses[place])[:1]:
                product.warehouses[place] += change
            self._set_amount(product, shelf, shelf.amount + change)

    # Bookkeeping.

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


def item_id(*parts: object) -> str:
    """A cart hash: a number of up to ten digits, as a string."""
    return str(zlib.crc32(":".join(map(str, parts)).encode()))


_HOME = Address(
    firstname="Sam",
    lastname="Shopper",
    address="1 Example Street",
    city="Sydney",
    state="NSW",
    state_descr="New South Wales",
    country="AU",
    country_descr="Australia",
    zipcode="2000",
    phone="0491 570 156",
)
SOMEBODY = Customer(user_id=0, email="shopper@example.com", phone=_HOME.phone, company="", ship_to=_HOME, bill_to=_HOME)
"""Who orders when nobody is named."""

"""Orders in a sandbox store: checkout, status changes, and the merchant's edits.

Not here: stock (store_stock.py), shipments (store_shipments.py).
"""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from npf_pipelines.sandbox.model import Customer, Line, Mail, Order, Status
from npf_pipelines.sandbox.store_defaults import SOMEBODY
from npf_pipelines.sandbox.store_stock import StockActions

Item = tuple[int, int] | tuple[int, int, int]
"""An ordered item: a product id, an amount and, of a product with combinations, a combination's hash."""


class OutOfStockError(ValueError):
    """The checkout refuses what the store doesn't have."""


class OrderActions(StockActions):
    """Changes of orders and statuses."""

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

    def edit_order(self, order_id: int, **changes: Any) -> None:
        """The merchant changes fields of an order in the admin panel, such as its discount or the internal note."""
        with self._change():
            order = self.orders[order_id]
            for name, value in changes.items():
                setattr(order, name, value)
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
        """Rebuild an order, as any key beyond status and notify_* does: it is calculated again (known behaviour).

        Prices become the catalogue's of today, the shipping is that of today's method, the lines get other
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


def item_id(*parts: object) -> str:
    """A cart hash: a number of up to ten digits, as a string."""
    return str(zlib.crc32(":".join(map(str, parts)).encode()))

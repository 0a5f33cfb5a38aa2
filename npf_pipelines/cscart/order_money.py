"""The sums of an order and of its lines, out of the store's answers.

A sum that can't be read costs no order: it is unknown, and the order says which one. Nothing is guessed: `1,234` may be
a thousand or a bit more than one. Not here: the total and the prices, without which an order can't be read
(order_parser.py), whether the sums add up (rules/order_sums.py).
"""

import re
from collections.abc import Callable
from decimal import Decimal

from npf_pipelines.cscart.fields import Row, Unreadable
from npf_pipelines.domain.store_orders import OrderMoney

_CURRENCY = re.compile("[A-Z]{3}")
_BIGGEST = 10**12
"""No table holds a larger sum."""


class OrderSums:
    """Reads the sums of one order, and collects what can't be read of them."""

    def __init__(self) -> None:
        self._unreadable: list[str] = []

    def line_tax(self, line: Row) -> Decimal | None:
        """The tax on all units of a line (inferred); 0 in stores that compute it on the subtotal."""
        return self._sum(line.optional_money, "tax_value")

    def line_discount(self, line: Row, quantity: int) -> Decimal | None:
        """The discount on all units of a line; the store gives it for each unit (inferred)."""
        holder = line if line.has("discount") else line.row("extra")
        each = self._sum(holder.optional_money, "discount")
        return None if each is None else self._sum(lambda: each * quantity)

    def of_order(self, row: Row) -> OrderMoney:
        """The sums of an order whose lines have been read."""
        sums = {
            "subtotal": self._sum(row.optional_money, "subtotal"),
            # The field `discount` is that of the lines (known behaviour): their prices are without it.
            "discount": self._sum(row.optional_money, "subtotal_discount"),
            "shipping_cost": self._sum(row.optional_money, "shipping_cost"),
            "tax": self._sum(_taxes, row),
            "tax_on_top": self._sum(_taxes_on_top, row),
            "surcharge": self._sum(row.optional_money, "payment_surcharge"),
            "certificates": self._sum(_total, row, "gift_certificates", "amount"),
            "credit": self._sum(_credit, row),
        }
        # The store's sums are in its own currency; this one is what the shopper chose (inferred).
        currency = optional_text(row, "secondary_currency") or ""
        return OrderMoney(
            currency=currency if _CURRENCY.fullmatch(currency) else None,
            unreadable=tuple(dict.fromkeys(self._unreadable)),
            **sums,
        )

    def _sum(self, read: Callable[..., Decimal | None], *arguments: Row | str) -> Decimal | None:
        try:
            amount = read(*arguments)
        except Unreadable as why:
            self._unreadable.append(str(why))
            return None
        if amount is not None and abs(amount) >= _BIGGEST:
            self._unreadable.append("a sum is too large for any table")
            return None
        return amount


def payment_method(row: Row) -> str | None:
    """The name of the way of payment; nothing else of it, for it holds the merchant's keys (documented)."""
    try:
        return optional_text(row.row("payment_method"), "payment")
    except Unreadable:
        return None


def optional_text(row: Row, name: str) -> str | None:
    """The text of a field that costs no order; None where the store doesn't give it, or not readably."""
    try:
        return row.name(name) if row.has(name) else None
    except Unreadable:
        return None


def _taxes(row: Row) -> Decimal | None:
    return _total(row, "taxes", "tax_subtotal") if row.has("taxes") else None


def _taxes_on_top(row: Row) -> Decimal:
    """The taxes that the prices don't include: each says so by `price_includes_tax` (documented)."""
    taxes = (tax for _, tax in row.rows("taxes") if not tax.flag("price_includes_tax"))
    return sum((tax.money("tax_subtotal") for tax in taxes), Decimal(0))


def _credit(row: Row) -> Decimal:
    """Paid with gift certificates and reward points (known behaviour)."""
    certificates = _total(row, "use_gift_certificates", "cost")
    if not row.has("points_info"):  # An add-on's field: most stores have none.
        return certificates
    return certificates + row.row("points_info").row("in_use").money("cost")


def _total(row: Row, name: str, amount: str) -> Decimal:
    return sum((inner.money(amount) for _, inner in row.rows(name)), Decimal(0))

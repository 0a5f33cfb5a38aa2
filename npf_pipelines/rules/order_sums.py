"""Whether the sums of an order add up, by the store's own figures. Only said: nothing is repaired and no order waits.

Not here: reading them (cscart/order_money.py), their place on the platform (imports.py).
"""

from decimal import Decimal

from npf_pipelines.domain.store_orders import Order, OrderMoney

_A_CENT = Decimal("0.01")
_NOTHING = Decimal(0)


def sums_problem(order: Order) -> str:
    """Why the order's sums don't add up to a cent; empty where they do, or where one of them isn't known."""
    money = order.money
    if money is None:
        return ""
    unreadable = [f"can't be read: {reason}" for reason in money.unreadable]
    # With an unknown sum the others prove nothing.
    wrong = [] if money.unreadable else [*_goods(order, money), *_total(order, money)]
    return "; ".join(unreadable + wrong)


def _goods(order: Order, money: OrderMoney) -> list[str]:
    """The subtotal against the lines."""
    lines = _of_lines(order)
    if money.subtotal is None or not order.lines or _is_with_tax(money, lines):
        return []
    expected = lines + (money.certificates or _NOTHING)
    if abs(money.subtotal - expected) <= _A_CENT:
        return []
    return [f"the subtotal is {money.subtotal:.2f}, and the lines come to {expected:.2f}"]


def _total(order: Order, money: OrderMoney) -> list[str]:
    """The total against its parts."""
    if money.subtotal is None or money.shipping_cost is None:
        return []
    is_with_tax = _is_with_tax(money, _of_lines(order))
    goods = _of_lines(order) + (money.certificates or _NOTHING) if is_with_tax else money.subtotal
    parts = {
        "goods": goods,
        "discount": -(money.discount or _NOTHING),
        "shipping": money.shipping_cost,
        "tax": money.tax_on_top or _NOTHING,
        "payment surcharge": money.surcharge or _NOTHING,
        "certificates and points": -(money.credit or _NOTHING),
    }
    expected = sum(parts.values())
    if abs(order.total - expected) <= _A_CENT:
        return []
    added = ", ".join(f"{name} {amount:.2f}" for name, amount in parts.items() if amount)
    return [f"the total is {order.total:.2f}, and its parts come to {expected:.2f} ({added or 'nothing'})"]


def _is_with_tax(money: OrderMoney, lines: Decimal) -> bool:
    """Whether the subtotal includes tax that the prices don't: some stores count so (known behaviour)."""
    more = (money.subtotal or _NOTHING) - lines - (money.certificates or _NOTHING)
    return bool(money.tax_on_top) and _A_CENT < more <= (money.tax_on_top or _NOTHING) + _A_CENT


def _of_lines(order: Order) -> Decimal:
    return sum((line.price * line.quantity for line in order.lines), _NOTHING)

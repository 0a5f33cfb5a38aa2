"""The order numbers of a client's store on the platform, where the client's other carts have orders, too.

Not here: which order an unfamiliar number is (rules/own_orders.py), where the earlier prefixes are kept
(runs/own_numbers.py).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class OwnNumbers:
    """The numbers that the orders of a client's store have on the platform; all others are of its other carts.

    Attributes:
        prefix: the client's order prefix.
        used: the prefixes under which orders have been imported.
        others: numbers of single orders that none of these prefixes makes, such as of one entered by hand.
    """

    prefix: str
    used: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()

    @property
    def prefixes(self) -> frozenset[str]:
        """The present prefix and the earlier ones."""
        return self.used | {self.prefix}

    def has(self, order_number: str, order_id: str) -> bool:
        """Whether an order of the platform, by its number and its store order id, is the store's."""
        return (
            order_number == self.prefix + order_id
            or any(order_number == prefix + order_id for prefix in self.used)
            or order_number in self.others
        )

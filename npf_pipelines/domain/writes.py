"""Which writes to store and platform a run may make.

Not here: what a run's permission follows from (rules/client_mode.py).
"""

import enum


class Writes(enum.Enum):
    """The writes that are allowed; the others are only planned."""

    ALL = "all"
    TEST_ORDERS = "test_orders"
    """Writes of orders made of test items alone, and of the amounts of test items."""
    NONE = "none"

    def allow(self, *, is_test: bool) -> bool:
        """Whether an order or a SKU may be written.

        Args:
            is_test: whether the order is made of test items alone, or the SKU is a test item.
        """
        return self is Writes.ALL or (self is Writes.TEST_ORDERS and is_test)

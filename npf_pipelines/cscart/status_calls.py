"""Calls for order statuses: the statuses that a store has, and setting an order's.

Not here: which status an order should have (rules/order_status.py), how a row is read (status_parser.py).
"""

from npf_pipelines.cscart.calls import StoreCalls, checked_id
from npf_pipelines.cscart.paging import read_page
from npf_pipelines.cscart.status_parser import parse_status
from npf_pipelines.domain.order_statuses import Status

_MOST_STATUSES = 250


class StatusCalls(StoreCalls):
    """The part of a store's API that concerns order statuses."""

    async def statuses(self) -> list[Status]:
        """The order statuses that the store has; rows that can't be read go to `unreadable`.

        Reading them takes the right manage_order_statuses (known behaviour): Forbidden otherwise.
        """
        answer = await self._http.get("statuses", {"type": "O", "items_per_page": _MOST_STATUSES})
        return self._readable(parse_status, "statuses", "status_id", read_page(answer, "statuses").rows)

    async def set_status(self, order_id: str, letter: str) -> None:
        """Ask for another status; read the order back to know whether it was set.

        The store answers 200 also for a missing order, a vetoed change, or one that ran out of stock (known
        behaviour).

        Args:
            order_id: the store's.
            letter: exactly one letter that the store has: a longer word is cut to its first (inferred).

        Raises:
            ValueError: not one letter.
        """
        if len(letter) != 1 or not letter.isalnum():
            raise ValueError(f"A status is one letter, not {letter!r}.")
        await self._http.put(
            f"orders/{checked_id(order_id)}",
            # Any other key would rebuild the whole order (documented). JSON booleans: PHP takes "N" for true.
            {
                "status": letter,
                "notify_user": False,
                "notify_department": False,
                "notify_vendor": False,
            },
        )

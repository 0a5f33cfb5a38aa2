"""The number of rows to ask a store for at a time, learnt from its answers.

Not here: the requests (http.py), paging through a list (paging.py).
There is no largest page (known behaviour), each request costs time on both sides, and stores and their hosts differ in
what they bear by a factor of a hundred.
"""

_MOST_SECONDS = 1.0
_MOST_BYTES = 2_000_000
_STEPS = (4, 2)
"""How many times as many to ask for, where a store has room for it."""
_FEWER = 8
"""How many times as few to ask for, where an answer was over its budget."""


class PageSize:
    """The size of one list's pages at one store; several requests at a time may share it.

    Attributes:
        rows: how many to ask for next.
    """

    def __init__(self, rows: int = 50, *, most: int = 500) -> None:
        """Begin with so many rows, and never ask for more than `most`."""
        self.rows = rows
        self._most = most

    def answered(self, asked: int, got: int, size: int, seconds: float) -> None:
        """Learn from an answer: more if they would still come quick and small, half if it was slow or large.

        A page that isn't full says nothing of a larger one, nor does one asked for before the size last changed.

        Args:
            asked: the rows asked for.
            got: the rows that came.
            size: the answer's bytes.
            seconds: from the request to the answer's end.
        """
        if seconds > _MOST_SECONDS or size > _MOST_BYTES:
            self._ask_for(asked // 2)
        elif asked == self.rows <= got:
            times = next((n for n in _STEPS if n * seconds <= _MOST_SECONDS and n * size <= _MOST_BYTES), 1)
            self.rows = max(asked, min(times * asked, self._most))

    def failed(self, asked: int) -> None:
        """Learn from an answer that didn't come, or came broken: perhaps it was too much for the store."""
        self._ask_for(asked // 2)

    def too_large(self, asked: int) -> None:
        """Learn from an answer over its budget: each try costs the whole budget, so there are to be few."""
        self._ask_for(asked // _FEWER)

    def _ask_for(self, rows: int) -> None:
        self.rows = min(self.rows, max(1, rows))

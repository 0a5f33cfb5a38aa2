"""Which request meets which fault: the kinds, and their sequence by seed.

Not here: how a fault is done to a connection (proxy.py).
"""

import enum
import random
from collections.abc import Iterator


class Fault(enum.Enum):
    """The fault of a request, or of its answer."""

    LOST = "the connection closes before the store sees the request"
    RESET = "the connection is reset before the store sees the request"
    ERROR_UNDONE = "HTTP 500 with a web page, and the store has not acted"
    TOO_MANY = "HTTP 429"
    TOO_MANY_PAUSE = "HTTP 429 with Retry-After"
    CLOSED = "HTTP 503 with a web page"
    CLOSED_PAUSE = "HTTP 503 with Retry-After"
    ANSWER_LOST = "the store acts, and the connection closes without an answer"
    ANSWER_RESET = "the store acts, and the connection is reset within the answer"
    BROKEN_OFF = "the store acts, and the connection closes within the answer"
    CUT_SHORT = "the store acts, and the JSON of its answer is cut short"
    ERROR_DONE = "HTTP 500 with a web page, but the store has acted"
    TOO_LATE = "the store acts, and answers after the client's time-out"


BEFORE_THE_STORE = frozenset(
    {Fault.LOST, Fault.RESET, Fault.ERROR_UNDONE, Fault.TOO_MANY, Fault.TOO_MANY_PAUSE}
    | {Fault.CLOSED, Fault.CLOSED_PAUSE}
)
"""The store never sees the request; after any other fault it has acted."""


def fault_sequence(seed: int, rate: float) -> Iterator[Fault | None]:
    """The faults of one request after the other, without end; None for no fault.

    Args:
        seed: the same seed, the same sequence.
        rate: the share of the requests that meet a fault. The kinds come equally often, in rounds.
    """
    dice = random.Random(seed)
    deck: list[Fault] = []
    while True:
        if dice.random() >= rate:
            yield None
            continue
        deck = deck or dice.sample(list(Fault), len(Fault))
        yield deck.pop()

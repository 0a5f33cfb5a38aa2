"""Whether a function's cost grows with its input's length, and not with its square."""

import time
from collections.abc import Callable

_TIMES = 8
"""How many times more than in proportion is still no square: a machine may be busy with something else."""


def assert_linear(run: Callable[[str], object], unit: str, *, small: int = 2_000, times: int = 50) -> None:
    """Compare the cost of a short input and one that is so many times as long, both made of the unit."""
    short, long = unit * small, unit * (small * times)
    assert _seconds(run, long) < _TIMES * times * max(_seconds(run, short), 1e-5)


def _seconds(run: Callable[[str], object], text: str) -> float:
    def once() -> float:
        began = time.process_time()
        run(text)
        return time.process_time() - began

    return min(once() for _ in range(3))

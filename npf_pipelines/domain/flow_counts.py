"""The counts of one client's part of a run, for the metrics, and the names under which it is kept.

Not here: where it is kept (state/counters.py), how it is shown (reports/metrics.py).
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import inf

from npf_pipelines.domain.failure_kind import FailureKind

REQUESTS, WRITES, DELAY_SECONDS = "requests", "writes", "delay_seconds"
SUCCEEDED = "succeeded"
OUTCOMES = (SUCCEEDED, *(kind.name.lower() for kind in FailureKind))
"""How a client's part of a run may end."""
DELAY_BOUNDS = (15.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3_600.0, 14_400.0, 86_400.0, 259_200.0, inf)
"""The upper bounds, in seconds, by which delays are counted."""
_ENDED, _DELAYS = "ended_", "delays_"


@dataclass
class FlowCounts:
    """The counts of one client's part of a run.

    Attributes:
        requests: to the store, repeats included.
        writes: the requests that could change something.
        imported: when orders were placed, and when the platform got them from this run; test orders apart.
        delays: how long shipments took from the lodgement until the store was known to have them.
    """

    requests: int = 0
    writes: int = 0
    imported: list[tuple[datetime, datetime]] = field(default_factory=list)
    delays: list[timedelta] = field(default_factory=list)

    def by_name(self, outcome: str, delays: Iterable[timedelta]) -> Mapping[str, float]:
        """The additions to the flow's counters.

        Args:
            outcome: one of OUTCOMES; empty for a run that says nothing about the flow.
            delays: those to count, `delays` or made of `imported`.
        """
        counts: dict[str, float] = {}
        if self.requests:
            counts[REQUESTS], counts[WRITES] = self.requests, self.writes
        if outcome:
            counts[f"{_ENDED}{outcome}"] = 1
        seconds = [max(0.0, delay.total_seconds()) for delay in delays]
        within = Counter(DELAY_BOUNDS[bisect_left(DELAY_BOUNDS, each)] for each in seconds)
        counts |= {f"{_DELAYS}{bound:g}": number for bound, number in within.items()}
        if seconds or self.imported:
            counts[DELAY_SECONDS] = sum(seconds)
        return counts


def ends(counts: Mapping[str, float]) -> Mapping[str, float]:
    """How many runs of a flow ended with each outcome."""
    return {outcome: counts.get(f"{_ENDED}{outcome}", 0) for outcome in OUTCOMES}


def delays_within(counts: Mapping[str, float]) -> Sequence[tuple[float, float]]:
    """How many delays are within each bound, by the bound: never fewer than within a smaller one."""
    found = [(float(name.removeprefix(_DELAYS)), number) for name, number in counts.items() if name.startswith(_DELAYS)]
    return [(bound, sum(number for upper, number in found if upper <= bound)) for bound in DELAY_BOUNDS]


def delay_seconds(counts: Mapping[str, float]) -> float:
    """The sum of all delays."""
    return counts.get(DELAY_SECONDS, 0)

"""The figures of a client, from its facts: counts by day, medians, totals of the overview.

Pure. Not here: drawing (charts.py), wording (pages.py).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from npf_pipelines.domain.days import day_of
from npf_pipelines.domain.outcomes import Decision
from npf_pipelines.lake.backlog import Backlog, backlog
from npf_pipelines.lake.facts import Facts, MissedFact, OrderFact, StockLevel

DAYS = 30
"""How many days a report covers, today included."""
_WEEK = 7
_STALE_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class Latency:
    """The duration of an event, in seconds; None where it never happened."""

    count: int
    median: float | None
    p95: float | None


@dataclass(frozen=True)
class Figures:
    """A client's figures. All counts by day follow `days`, days without orders included."""

    days: Sequence[date]
    orders: Mapping[Decision, Sequence[int]]
    kept_out: Sequence[tuple[str, int]]
    """The rules that rejected orders, most frequent first."""
    imported: Sequence[int]
    """The orders placed on each day that are on the platform."""
    planned: int
    """The orders whose import is planned in trial."""
    to_import: Latency
    to_import_by_day: Sequence[Latency]
    backfilled: int
    """The imported orders that the time to import leaves out."""
    missed: Sequence[MissedFact]
    """The orders that reached the platform after the cut-off that they should have made, the latest first."""
    to_tracking: Latency
    to_tracking_by_day: Sequence[Latency]
    stock: Sequence[StockLevel]
    skus: Mapping[str, int]
    backlog: Backlog
    last_pull: datetime | None
    last_push: datetime | None

    @property
    def by_day(self) -> list[int]:
        """The orders placed on each day, whatever was decided."""
        return [sum(counts) for counts in zip(*self.orders.values(), strict=True)]

    @property
    def accepted(self) -> Sequence[int]:
        """The orders placed on each day that were accepted."""
        return self.orders[Decision.ACCEPTED]

    @property
    def today(self) -> int:
        """Today's orders."""
        return self.by_day[-1]

    @property
    def week(self) -> tuple[int, int, int]:
        """The orders of the last seven days, today included: all, accepted, imported."""
        counted = (self.by_day, self.accepted, self.imported)
        placed, accepted, imported = (sum(counts[-_WEEK:]) for counts in counted)
        return placed, accepted, imported

    @property
    def missed_by(self) -> Latency:
        """How long after their cut-offs the orders came that missed them."""
        return latency((order.imported_at - order.cut_off).total_seconds() for order in self.missed)

    def is_stale(self, now: datetime) -> bool:
        """Whether no pull has succeeded for a day."""
        return self.last_pull is None or now - self.last_pull > _STALE_AFTER

    def urgency(self, now: datetime) -> tuple[bool, int, int, int]:
        """The greater, the more urgent for a person."""
        waiting = self.backlog.waiting.total()
        return self.is_stale(now), self.backlog.needing_a_person, waiting, self.backlog.drift


def window(now: datetime, zone: ZoneInfo) -> list[date]:
    """The days of a report, the last one being today in the client's zone."""
    today = day_of(now, zone)
    return [today - timedelta(days=ago) for ago in reversed(range(DAYS))]


def figures(facts: Facts, days: Sequence[date]) -> Figures:
    """The figures of one client over the days. Facts of other days are left out."""
    decided = Counter((order.day, order.decision) for order in facts.orders)
    arrived = [order for order in facts.orders if order.imported_at is not None]
    imported = Counter(order.day for order in arrived)
    timed = [order for order in arrived if not is_backfilled(order, facts.first_import)]
    rejected = Counter(
        order.rule for order in facts.orders if order.decision == Decision.REJECTED and order.day in set(days)
    )
    to_import = _by_day(days, ((order.day, _seconds_to_import(order)) for order in timed))
    to_tracking = _by_day(days, facts.shipments)
    return Figures(
        days=days,
        orders={decision: [decided[day, decision] for day in days] for decision in Decision},
        kept_out=sorted(rejected.items(), key=lambda rule_count: (-rule_count[1], rule_count[0])),
        imported=[imported[day] for day in days],
        planned=facts.planned,
        to_import=latency(second for seconds in to_import for second in seconds),
        to_import_by_day=[latency(seconds) for seconds in to_import],
        backfilled=sum(order.day in set(days) for order in arrived) - sum(map(len, to_import)),
        missed=facts.missed,
        to_tracking=latency(second for seconds in to_tracking for second in seconds),
        to_tracking_by_day=[latency(seconds) for seconds in to_tracking],
        stock=facts.stock,
        skus=facts.skus,
        backlog=backlog(facts.open),
        last_pull=facts.last_pull,
        last_push=facts.last_push,
    )


def is_backfilled(order: OrderFact, first_import: datetime | None) -> bool:
    """Whether an order was placed before the client's first import: its age is not the pipeline's time.

    An order that waited while the client was paused, its store down or the order held is not left out.
    """
    return order.placed_at is None or first_import is None or order.placed_at < first_import


def axis_start(has_data: Iterable[bool]) -> int:
    """The place of the day at which a chart begins: the first day with data."""
    return next((place for place, has in enumerate(has_data) if has), 0)


def latency(seconds: Iterable[float]) -> Latency:
    """Median and 95th percentile; a negative time, from a clock that is ahead, counts as 0."""
    times = pd.Series([max(0.0, second) for second in seconds], dtype="float64")
    if times.empty:
        return Latency(0, None, None)
    return Latency(len(times), float(times.quantile(0.5)), float(times.quantile(0.95)))


def _seconds_to_import(order: OrderFact) -> float | None:
    return (order.imported_at - order.placed_at).total_seconds() if order.imported_at and order.placed_at else None


def _by_day(days: Sequence[date], times: Iterable[tuple[date, float | None]]) -> list[list[float]]:
    seconds: dict[date, list[float]] = {day: [] for day in days}
    for day, second in times:
        if second is not None and day in seconds:
            seconds[day].append(second)
    return list(seconds.values())

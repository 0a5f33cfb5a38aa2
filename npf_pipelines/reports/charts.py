"""The charts, each as an SVG element for a page: one accent colour and greys, sizes that a phone can still read.

The page's style sheet has the colours, a light and a dark set: an element has no use outside a page.

Only the project's own words are drawn: no text of a store gets into a chart. Not here: the figures (figures.py).
"""

import io
import re
from collections.abc import Mapping, Sequence
from datetime import date
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.dates import date2num
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from npf_pipelines.domain.outcomes import Amount, Decision, StockOutcome
from npf_pipelines.lake.facts import StockLevel
from npf_pipelines.reports.figures import Latency, axis_start
from npf_pipelines.reports.formatting import day_in_words, duration

_ACCENT, _DARK, _MIDDLE, _LIGHT, _FAINT = "#1d4ed8", "#374151", "#9ca3af", "#d1d5db", "#e5e7eb"
_VARIABLES = {
    _ACCENT: "--chart-accent",
    _DARK: "--chart-dark",
    _MIDDLE: "--chart-middle",
    _LIGHT: "--chart-light",
    _FAINT: "--chart-faint",
}
"""The colours by which matplotlib draws, and the style sheet's variables (templates/style.css) that replace them."""
_OF_DECISION = {
    Decision.ACCEPTED: _ACCENT,
    Decision.HELD: _MIDDLE,
    Decision.REJECTED: _LIGHT,
    Decision.SET_ASIDE: _DARK,
}
_OF_AMOUNT = {Amount.RIGHT: _ACCENT, Amount.WRONG: _DARK, Amount.NONE: _LIGHT}
_WIDTH, _HEIGHT = 5.2, 2.7
"""Inches: a chart is as wide as half a page, or a whole phone."""
_BAR = 0.5
"""Inches: the height of a bar with its gap."""
_LABELS = 7
"""Days that are named below a chart, at most."""
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # Text stays text, in the page's own font.
    "font.size": 11,
    "text.color": _DARK,
    "text.parse_math": False,
    "axes.edgecolor": _LIGHT,
    "axes.labelcolor": _DARK,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.axisbelow": True,
    "grid.color": _FAINT,
    "xtick.color": _DARK,
    "xtick.major.size": 0,
    "ytick.color": _DARK,
    "ytick.major.size": 0,
    "legend.frameon": False,
}
_STEPS = [1, 10, 60, 600, 3600, 6 * 3600, 86400, 7 * 86400, 30 * 86400]
"""The seconds at which an axis of times has a tick."""


def orders_chart(days: Sequence[date], orders: Mapping[Decision, Sequence[int]]) -> str:
    """Orders by day placed, stacked by decision."""
    start = axis_start(map(any, zip(*orders.values(), strict=True)))
    days = days[start:]
    with mpl.rc_context(_STYLE):
        figure, axes = _over_days(days)
        below = [0] * len(days)
        width = min(0.8, len(days) / 10)
        for decision, shade in _OF_DECISION.items():
            counts = orders[decision][start:]
            if decision is Decision.HELD and not any(counts):
                continue  # Most clients hold no orders.
            axes.bar(_places(days), counts, bottom=below, width=width, color=shade, label=decision.words)
            below = [base + count for base, count in zip(below, counts, strict=True)]
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.set_ylim(0, max(*below, 1) * 1.05)
        _legend(axes)
        return _svg(figure, "Orders by the day on which they were placed, and what was decided on them")


def latency_chart(days: Sequence[date], times: Sequence[Latency], title: str) -> str:
    """Median and 95th percentile by day, on an axis that shows seconds and days alike."""
    days_shown = days[axis_start(bool(took.count) for took in times) :]
    with mpl.rc_context(_STYLE):
        figure, axes = _over_days(days_shown)
        known = [(day, took) for day, took in zip(days, times, strict=True) if took.count]
        shown = _places([day for day, _ in known])
        medians = [max(took.median or 0, 1) for _, took in known]
        p95s = [max(took.p95 or 0, 1) for _, took in known]
        axes.vlines(shown, medians, p95s, color=_LIGHT, linewidth=3)
        axes.plot(shown, p95s, "_", color=_MIDDLE, markersize=8, label="95th percentile")
        axes.plot(shown, medians, "o", color=_ACCENT, markersize=5, label="median")
        longest, shortest = max(p95s, default=1), min(medians, default=1)
        axes.set_yscale("log")
        axes.set_ylim(
            0.7 * max([step for step in _STEPS if step <= shortest], default=1),
            1.4 * min([step for step in _STEPS if step >= max(longest, 30 * shortest, 60)], default=longest),
        )
        axes.yaxis.set_major_locator(FixedLocator(_STEPS))
        axes.yaxis.set_minor_locator(FixedLocator([]))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda seconds, _: duration(seconds)))
        _legend(axes)
        return _svg(figure, title)


def stock_chart(days: Sequence[date], levels: Sequence[StockLevel], zone: ZoneInfo) -> str:
    """Units on hand and available at each snapshot, held until the next one."""
    moments = [level.taken_at.astimezone(zone).replace(tzinfo=None) for level in levels]
    first = min((moment.date() for moment in moments), default=days[-1])
    days_shown = days[axis_start(day >= first for day in days) :]
    with mpl.rc_context(_STYLE):
        figure, axes = _over_days(days_shown)
        taken = _places(moments, middle=0.5)
        lines = {
            "on hand": ([level.on_hand for level in levels], _MIDDLE),
            "available": ([level.available for level in levels], _ACCENT),
        }
        marker = "o" if len(levels) == 1 else ""
        for name, (units, shade) in lines.items():
            axes.step(taken, units, where="post", color=shade, linewidth=2, marker=marker, label=name)
        every = [unit for units, _ in lines.values() for unit in units]
        axes.set_ylim(min([0, *every]) * 1.1, max([*every, 1]) * 1.1)
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda units, _: f"{units:,.0f}"))
        _legend(axes)
        return _svg(figure, "Units in the warehouse, on hand and available")


def skus_chart(skus: Mapping[str, int]) -> str:
    """SKUs by the outcome of their amount in the store: accent for right, dark for wrong."""
    found = [outcome for outcome in StockOutcome if outcome in skus]
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(_WIDTH, _BAR * len(found)), layout="constrained")
        axes = figure.add_subplot()
        names = [outcome.words for outcome in found]
        counts = [skus[outcome] for outcome in found]
        bars = axes.barh(names, counts, height=0.6, color=[_OF_AMOUNT[outcome.amount] for outcome in found])
        axes.bar_label(bars, [f"{count:,}" for count in counts], padding=4, color=_DARK)
        axes.set_xlim(0, max([*counts, 1]) * 1.12)
        axes.set_ylim(len(found) - 0.5, -0.5)
        axes.xaxis.set_visible(False)
        axes.spines["bottom"].set_visible(False)
        return _svg(figure, "SKUs by what the last stock push found in the store")


def _over_days(days: Sequence[date]) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(_WIDTH, _HEIGHT), layout="constrained")
    axes = figure.add_subplot()
    places = _places(days)
    axes.set_xlim(places[0] - 0.55, places[-1] + 0.55)
    step = -ceil(len(days) / _LABELS)
    axes.set_xticks(places[::step], [day_in_words(day) for day in days[::step]])
    axes.grid(axis="y")
    return figure, axes


def _places(moments: Sequence[date], *, middle: float = 0) -> list[float]:
    """The places of moments on the axis of days: a whole day in its middle, a time of day relative to it."""
    return [float(date2num(moment)) - middle for moment in moments]  # type: ignore[no-untyped-call]


def _legend(axes: Axes) -> None:
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1), ncols=3, handlelength=1, columnspacing=1.2, borderpad=0.2)


def _svg(figure: Figure, title: str) -> str:
    """The figure as an element that HTML can hold, without the prolog, and with a title for screen readers."""
    file = io.StringIO()
    # The salt keeps the inner names of one page's charts apart, and the same from one drawing to the next.
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with mpl.rc_context({"svg.hashsalt": title}):
        figure.savefig(file, format="svg", metadata=nothing, transparent=True)
    drawn = re.sub(r"(?<=: )#[0-9a-f]{6}\b", lambda colour: f"var({_VARIABLES[colour[0]]})", file.getvalue())
    return drawn[drawn.index("<svg") :].replace("<svg", f'<svg role="img" aria-label="{title}"', 1)

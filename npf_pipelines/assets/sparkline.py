"""A plot small enough for the UI's table of metadata, which hides longer values behind a link.

Not here: charts for people to study (reports/charts.py).
"""

import base64
from collections.abc import Mapping, Sequence

import dagster as dg

_WIDTH, _HEIGHT = 240, 60
_MOST_POINTS = 28
_COLOURS = {"grey": "#999", "blue": "#17c"}


def sparkline(lines: Mapping[str, Sequence[int]]) -> dg.MetadataValue:
    """Two lines of the same length in one plot, from 0 up to their maximum, as an image in Markdown.

    Args:
        lines: by name, the first in grey and the second in blue; of long lines the last points.
    """
    shown = {name: list(points)[-_MOST_POINTS:] for name, points in lines.items()}
    top = max((value for points in shown.values() for value in points), default=0) or 1
    paths = "".join(
        f'<polyline points="{_points(points, top)}" stroke="{colour}"/>'
        for points, colour in zip(shown.values(), _COLOURS.values(), strict=False)
    )
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" fill="none">{paths}</svg>'
    image = base64.b64encode(svg.encode()).decode()
    now = ", ".join(
        f"{name} {points[-1]:,} ({colour})"
        for (name, points), colour in zip(shown.items(), _COLOURS, strict=False)
        if points
    )
    return dg.MetadataValue.md(f"![{now}](data:image/svg+xml;base64,{image})\n\n{now}")


def _points(values: Sequence[int], top: int) -> str:
    step = _WIDTH / max(1, len(values) - 1)
    rows = [round((_HEIGHT - 2) * (1 - max(0, value) / top)) + 1 for value in values]
    return " ".join(f"{round(number * step)},{row}" for number, row in enumerate(rows))

"""The pages as HTML: figures and charts in the templates, with every text of a store escaped.

Not here: storing them (folder.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jinja2
from markupsafe import Markup

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.outcome import words_of
from npf_pipelines.domain.outcomes import Rule
from npf_pipelines.domain.store_links import order_link
from npf_pipelines.reports.charts import latency_chart, orders_chart, skus_chart, stock_chart
from npf_pipelines.reports.figures import Figures
from npf_pipelines.reports.folder import POLICY
from npf_pipelines.reports.formatting import as_of, day_in_words, duration, moment
from npf_pipelines.reports.links import page_link

MOST_ROWS = 100
"""Rows of a table; the number of further rows is below it."""

_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("npf_pipelines.reports"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters |= {
    "as_of": as_of,
    "duration": duration,
    "moment": moment,
    "day": day_in_words,
    "number": lambda number: f"{number:,}",
    "rule": lambda rule: words_of(Rule, rule),
}
_TEMPLATES.globals |= {"policy": POLICY, "most_rows": MOST_ROWS, "page_link": page_link}


@dataclass(frozen=True)
class Line:
    """A client's line of the overview; `figures` is None where `trouble` gives the reason."""

    setup: MasterSetup
    figures: Figures | None
    trouble: str = ""

    def urgency(self, now: datetime) -> tuple[Any, ...]:
        """The greater, the more urgent for a person."""
        return (1, *self.figures.urgency(now)) if self.figures else (2,)


def render(template: str, **values: object) -> str:
    """A page of the folder `templates`."""
    return _TEMPLATES.get_template(template).render(**values)


def report_page(setup: MasterSetup, figures: Figures, now: datetime) -> str:
    """A client's report."""
    charts = {
        "orders": orders_chart(figures.days, figures.orders),
        "to_import": latency_chart(figures.days, figures.to_import_by_day, "Time to import by the day of the order"),
        "to_tracking": latency_chart(
            figures.days, figures.to_tracking_by_day, "Time to tracking by the day of lodgement"
        ),
        "stock": stock_chart(figures.days, figures.stock, setup.zone),
        "skus": skus_chart(figures.skus),
    }
    return _TEMPLATES.get_template("report.html").render(
        setup=setup,
        zone=setup.zone,
        figures=figures,
        # Drawn here from the project's own words: the only markup that is not escaped.
        charts={name: Markup(chart) for name, chart in charts.items()},  # noqa: S704
        now=now,
        order_link=lambda order_id: order_link(setup.store.url, order_id),
    )


def overview_page(lines: Sequence[Line], wrong_setups: Sequence[str], now: datetime) -> str:
    """The overview, the most urgent client first."""
    ordered = sorted(lines, key=lambda line: line.setup.id)
    ordered.sort(key=lambda line: line.urgency(now), reverse=True)
    return _TEMPLATES.get_template("overview.html").render(lines=ordered, wrong_setups=wrong_setups, now=now, zone=UTC)


def key_figures(figures: Figures) -> Mapping[str, float]:
    """The figures beside a page's link in the UI; times in minutes."""
    minutes = {
        f"{name}, median minutes": round(latency.median / 60, 1)
        for name, latency in (("time to import", figures.to_import), ("time to tracking", figures.to_tracking))
        if latency.median is not None
    }
    return {
        "orders": sum(figures.by_day),
        "imported": sum(figures.imported),
        "needs a person": len(figures.backlog.for_a_person),
        "waiting": figures.backlog.waiting.total(),
        "SKUs not right": figures.backlog.drift,
    } | minutes

"""The pages as HTML: figures and charts in the templates, with every text of a store escaped.

Not here: storing them (folder.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import jinja2
from markupsafe import Markup

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.alert import Alert
from npf_pipelines.domain.open_kinds import NOT_IMPORTED
from npf_pipelines.domain.outcome import Outcome, words_of
from npf_pipelines.domain.outcomes import Decision, OrderOutcome, Rule
from npf_pipelines.domain.store_links import order_link
from npf_pipelines.lake.listings import Listed
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
    """A client's line of the overview; `figures` is None where `reason` says why."""

    setup: MasterSetup
    figures: Figures | None
    reason: str = ""
    alerts: int = 0
    """How many alerts of the client are open."""

    def urgency(self, now: datetime) -> tuple[Any, ...]:
        """The greater, the more urgent for a person."""
        return (1, self.alerts > 0, *self.figures.urgency(now)) if self.figures else (2,)


def report_page(
    setup: MasterSetup,
    figures: Figures,
    now: datetime,
    *,
    alerts: Sequence[Alert] = (),
    charts: Mapping[str, str] | None = None,
    drawn_at: datetime | None = None,
) -> str:
    """A client's report.

    Args:
        setup: the client's master setup.
        figures: the client's, as of now.
        now: the moment.
        alerts: the client's open alerts.
        charts: as drawn earlier, at `drawn_at`; drawn now if None.
        drawn_at: when the charts were drawn.
    """
    charts = draw_charts(setup, figures) if charts is None else charts
    return render(
        "report.html",
        setup=setup,
        zone=setup.zone,
        figures=figures,
        # Drawn here from the project's own words: the only markup that is not escaped.
        charts={name: Markup(chart) for name, chart in charts.items()},  # noqa: S704
        now=now,
        alerts=alerts,
        drawn_at=drawn_at or now,
        order_link=lambda order_id: order_link(setup.store.url, order_id),
    )


def draw_charts(setup: MasterSetup, figures: Figures) -> Mapping[str, str]:
    """The charts of a client's report that have something to show, by name."""
    from npf_pipelines.reports.charts import (  # noqa: PLC0415 - matplotlib takes a second
        latency_chart,
        orders_chart,
        skus_chart,
        stock_chart,
    )

    drawn = {}
    if any(figures.by_day):
        drawn["orders"] = orders_chart(figures.days, figures.orders)
    if figures.to_import.count:
        title = "Time to import by the day of the order"
        drawn["to_import"] = latency_chart(figures.days, figures.to_import_by_day, title)
    if figures.to_tracking.count:
        title = "Time to tracking by the day of lodgement"
        drawn["to_tracking"] = latency_chart(figures.days, figures.to_tracking_by_day, title)
    if figures.stock:
        drawn["stock"] = stock_chart(figures.days, figures.stock, setup.zone)
    if figures.skus:
        drawn["skus"] = skus_chart(figures.skus)
    return drawn


def overview_page(
    lines: Sequence[Line],
    wrong_setups: Sequence[str],
    now: datetime,
    *,
    alerts: Sequence[Alert] = (),
    drawn_at: datetime | None = None,
) -> str:
    """The overview, the most urgent client first.

    Args:
        lines: the clients.
        wrong_setups: a sentence for each master setup that is wrong or missing.
        now: the moment.
        alerts: all open alerts.
        drawn_at: the oldest moment of any client's figures; now if None.
    """
    ordered = sorted(lines, key=lambda line: line.setup.id)
    ordered.sort(key=lambda line: line.urgency(now), reverse=True)
    return render(
        "overview.html",
        lines=ordered,
        wrong_setups=wrong_setups,
        now=now,
        alerts=alerts,
        drawn_at=drawn_at or now,
        zone=UTC,
    )


def alerts_page(name: str, why: str, alerts: Sequence[Alert], now: datetime) -> str:
    """The page of a client of whom nothing but the alerts can be shown, `why` in words."""
    return render("alerts_only.html", name=name, why=why, alerts=alerts, now=now, zone=UTC)


def skipped_page(setup: MasterSetup, skipped: Listed, first: date, now: datetime) -> str:
    """A client's orders that are not on the platform, each with the reason.

    Args:
        setup: the client's master setup.
        skipped: the orders placed from the first day on.
        first: that day.
        now: when the page is made.
    """
    return render(
        "skipped.html",
        setup=setup,
        zone=setup.zone,
        skipped=skipped,
        first=first,
        now=now,
        order_link=lambda order_id: order_link(setup.store.url, order_id),
        decided=_decided,
        what_to_do=_what_to_do,
    )


def render(template: str, **values: object) -> str:
    """A page from its template; every value is escaped."""
    return _TEMPLATES.get_template(template).render(**values)


def _decided(row: Mapping[str, Any]) -> str:
    """The outcome of an order that isn't on the platform, or else the rule that kept it out."""
    if row["outcome"]:
        return words_of(OrderOutcome, row["outcome"]).capitalize()
    if row["decision"] == Decision.ACCEPTED:
        return NOT_IMPORTED.name
    return words_of(Rule, row["rule"]).capitalize()


def _what_to_do(row: Mapping[str, Any]) -> str:
    kinds: list[Outcome] = [*OrderOutcome] if row["outcome"] else [*Rule]
    return next((kind.what_to_do for kind in kinds if kind in (row["outcome"], row["rule"])), "")


def key_figures(figures: Figures) -> Mapping[str, float]:
    """The figures beside a page's link in the UI; times in minutes."""
    minutes = {
        f"{name}, median minutes": round(latency.median / 60, 1)
        for name, latency in (("time to import", figures.to_import), ("time to tracking", figures.to_tracking))
        if latency.median is not None
    }
    missed = {"missed the cut-off": len(figures.missed)} if figures.missed else {}
    return (
        {
            "orders": sum(figures.by_day),
            "imported": sum(figures.imported),
            "needs a person": figures.backlog.needing_a_person,
            "waiting": figures.backlog.waiting.total(),
            "SKUs not right": figures.backlog.drift,
        }
        | missed
        | minutes
    )

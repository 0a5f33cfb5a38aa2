"""Tests of the pages: self-contained, harmless whatever a store says, and in the order of what needs a person."""

import html
import re
from datetime import UTC, datetime, time
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from npf_pipelines.domain.store_links import order_link
from npf_pipelines.lake.facts import Facts, OpenFact, OrderFact, ShipmentFact, StockLevel
from npf_pipelines.lake.listings import SKIPPED, Listed
from npf_pipelines.lake.order_history import HistoryEvent, OrderHistory
from npf_pipelines.reports.figures import figures, window
from npf_pipelines.reports.folder import POLICY
from npf_pipelines.reports.formatting import day_in_words
from npf_pipelines.reports.history_page import history_page
from npf_pipelines.reports.links import with_addresses
from npf_pipelines.reports.pages import MOST_ROWS, Line, key_figures, overview_page, report_page, skipped_page
from npf_pipelines_tests.reports.plain import HOSTILE, NOW, busy, setup_of

WINDOW = window(NOW, setup_of().zone)


def _report(facts: Facts, **changes: str) -> str:
    return report_page(setup_of(**changes), figures(facts, WINDOW), NOW)


def _line(client: str, facts: Facts) -> Line:
    return Line(setup_of(client), figures(facts, WINDOW))


class _Elements(HTMLParser):
    """The elements of a page with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


PAGES = {
    "busy": _report(busy()),
    "empty": _report(Facts()),
    "hostile": _report(busy(HOSTILE), name=HOSTILE),
    "overview": overview_page(
        [_line("acme", busy()), Line(setup_of("bolt", name=HOSTILE), None, HOSTILE)], [HOSTILE], NOW
    ),
    "skipped": skipped_page(
        setup_of("acme", name=HOSTILE),
        Listed([dict.fromkeys(SKIPPED.columns, HOSTILE) | {"day": WINDOW[0], "order_id": "7", "outcome": None}], 9),
        WINDOW[0],
        NOW,
    ),
    "history": history_page(
        setup_of("acme", name=HOSTILE),
        OrderHistory(HOSTILE, "7", [HistoryEvent(NOW, HOSTILE), HistoryEvent(None, HOSTILE)]),
        NOW,
    ),
}
_LINKS = {
    "overview": {"acme.html", "bolt.html"},
    "skipped": {"index.html", "acme.html"},
    "history": set[str](),
}
"""The links to other pages, by page; a report's are in the test."""


@pytest.mark.parametrize("page", PAGES)
def test_a_page_runs_nothing_and_loads_nothing(page: str) -> None:
    for tag, attributes in _Elements(PAGES[page]).found:
        assert tag not in {"script", "iframe", "object", "embed", "link", "img", "base", "form", "image"}
        assert not [name for name in attributes if name.startswith("on") or name == "src"]
        for name in ("href", "xlink:href"):
            if tag != "a" and (address := attributes.get(name)):
                assert address.startswith("#")
    assert not re.search(r"@import|url\((?!#)", PAGES[page])
    assert POLICY in html.unescape(PAGES[page])


@pytest.mark.parametrize("page", PAGES)
def test_a_page_that_is_mailed_links_to_the_clients_store_alone(page: str) -> None:
    links = {attributes["href"] or "" for tag, attributes in _Elements(PAGES[page]).found if "href" in attributes}
    store = r"https://shop\.acme\.example/admin\.php\?dispatch=orders\.details&order_id=\d+"
    assert not [link for link in links if not re.fullmatch(rf"#\w+|{store}", link)]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_that_is_served_links_to_the_pages_beside_it(page: str) -> None:
    served = with_addresses(PAGES[page])
    links = {attributes.get("href") or "" for tag, attributes in _Elements(served).found if tag == "a"}
    of_report = {"index.html", "acme.skipped.html"}
    assert {link for link in links if link.endswith(".html")} == _LINKS.get(page, of_report)
    assert "" not in links


@pytest.mark.parametrize("page", PAGES)
def test_headings_are_in_order_and_each_table_has_headers(page: str) -> None:
    found = _Elements(PAGES[page]).found
    levels = [int(tag[1]) for tag, _ in found if re.fullmatch(r"h[1-6]", tag)]
    assert levels[:1] == [1]
    assert levels.count(1) == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))
    assert all(attributes.get("scope") in {"col", "row"} for tag, attributes in found if tag == "th")


@pytest.mark.parametrize("page", PAGES)
def test_every_page_says_as_of_when(page: str) -> None:
    moment = "24 Nov 2026 15:10 UTC" if page == "overview" else "25 Nov 2026 02:10 AEDT"
    assert f">{moment}</time>" in PAGES[page]


def test_the_style_sheet_has_each_colour_of_the_charts_light_and_dark() -> None:
    used = set(re.findall(r"var\((--[a-z-]+)\)", PAGES["busy"]))
    light, dark = PAGES["busy"].split("prefers-color-scheme: dark")
    for sheet in (light, dark):
        assert used <= set(re.findall(r"(--[a-z-]+):", sheet.partition("}")[0]))
    assert not re.search(r"(?:fill|stroke): #", PAGES["busy"])


@pytest.mark.parametrize("page", ["hostile", "overview"])
def test_what_a_store_or_a_setup_says_stays_text(page: str) -> None:
    assert "&lt;script&gt;alert" in PAGES[page]
    assert "<script" not in PAGES[page]


def test_every_chart_is_drawn_in_the_page_and_says_what_it_is() -> None:
    charts = [attributes for tag, attributes in _Elements(PAGES["busy"]).found if tag == "svg"]
    assert len(charts) == 5
    assert "None in these days" not in PAGES["busy"]
    assert all(chart["role"] == "img" and chart["aria-label"] for chart in charts)


def test_a_chart_without_data_is_a_sentence() -> None:
    assert "<svg" not in PAGES["empty"]
    assert PAGES["empty"].count("None in these days.") == 4


@pytest.mark.parametrize("days", [1, 3, 7])
def test_a_chart_begins_with_its_data(days: int) -> None:
    first = WINDOW[-days]
    levels = [StockLevel(datetime.combine(first, time(12), UTC), 9, 9, 0)]
    page = _report(
        Facts(orders=[OrderFact(first, "accepted", "all_passed")], shipments=[ShipmentFact(first, 9.0)], stock=levels)
    )
    charts = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(charts) == 3
    for chart in charts:
        labels = re.findall(r">(\d+ [A-Z][a-z]{2})</text>", chart)
        assert labels == [day_in_words(day) for day in reversed(WINDOW[-days:])]


def test_a_row_for_a_person_has_its_reason_what_to_do_and_its_link() -> None:
    facts = Facts(open=[OpenFact("order_no_product_code", WINDOW[-1], "CS1000012", "1000012", "no code <b>")])
    page = _report(facts)
    assert "no code &lt;b&gt;" in page
    assert "Give all of the order&#39;s products their codes" in page
    assert "order_id=1000012" in page
    assert "1 thing needs" in page


def test_a_long_table_is_cut_and_says_so() -> None:
    rows = [OpenFact("sku_not_in_store", None, f"SKU-{number}", None, "not there") for number in range(MOST_ROWS + 1)]
    page = _report(Facts(open=rows))
    assert f"SKU-{MOST_ROWS - 1}<" in page
    assert f"SKU-{MOST_ROWS}<" not in page
    assert f"The oldest {MOST_ROWS} of {MOST_ROWS + 1}" in page


@pytest.mark.parametrize("order_id", [None, "", "unnumbered-3", "1&x=2", "١٢"])
def test_what_is_no_order_number_has_no_link(order_id: str | None) -> None:
    assert order_link("https://shop.acme.example", order_id) is None


def test_the_overview_begins_with_what_needs_a_person() -> None:
    quiet, waits = Facts(last_pull=NOW), Facts(last_pull=NOW, open=[OpenFact("sku_waiting", None, "A", None, "later")])
    lines = [
        _line("quiet", quiet),
        _line("waits", waits),
        _line("busy", busy()),
        Line(setup_of("broken"), None, "gone"),
    ]
    order = re.findall(r'data-page="([a-z]+)"', overview_page(lines, [], NOW))
    assert order == ["broken", "busy", "waits", "quiet"]


def test_an_overview_of_nobody_says_so() -> None:
    assert "There is no client yet" in overview_page([], [], NOW)


def test_the_key_figures_are_numbers_and_leave_out_what_is_not_known() -> None:
    known, unknown = (key_figures(figures(facts, WINDOW)) for facts in (busy(), Facts()))
    assert known["needs a person"] == figures(busy(), WINDOW).backlog.needing_a_person
    assert known.keys() - unknown.keys() == {"time to import, median minutes", "time to tracking, median minutes"}

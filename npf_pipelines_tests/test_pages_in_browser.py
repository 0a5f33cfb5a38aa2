"""The pages in a browser: readable for everybody, on a phone as on a desk, light and dark.

axe-core finds what a screen reader, a keyboard or weak eyes can't use. Not here: the pages' content (reports/).
"""

from collections.abc import Iterator
from itertools import product
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from npf_pipelines.lake.facts import Facts
from npf_pipelines.loopback import LoopbackServer
from npf_pipelines.reports.figures import figures, window
from npf_pipelines.reports.folder import OVERVIEW, ReportFolder
from npf_pipelines.reports.live import LivePages
from npf_pipelines.reports.metrics import Metrics
from npf_pipelines.reports.pages import report_page
from npf_pipelines.reports.server import reports_app
from npf_pipelines_tests.browser import running_browser
from npf_pipelines_tests.loop import copied_loop
from npf_pipelines_tests.reports.plain import NOW, busy, setup_of
from npf_pipelines_tests.shared_worlds import SharedWorlds, run_through

WIDTHS = (390, 1024)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
NAMES = (OVERVIEW, "acme", "busy", "empty")
_HIDDEN = """cells => cells.filter(cell => !cell.checkVisibility() || !cell.offsetWidth
    || !(cell.tagName === 'TH' || cell.colSpan > 1 || cell.dataset.label)).map(cell => cell.outerHTML)"""
"""The cells that a phone doesn't show, or not behind a label."""


@pytest.fixture(scope="module")
def address(worlds: SharedWorlds, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The reports' server over the pages of a world, and of a client of which all is open or nothing known."""
    with copied_loop(worlds.of(run_through), tmp_path_factory.mktemp("pages")) as world:
        assert [run.failure for run in world.run("reports")] == [""]
        folder = ReportFolder(world.settings.reports, "")
        days = window(NOW, setup_of().zone)
        for name, facts in {"busy": busy("a-reason-without-a-blank-" * 4), "empty": Facts()}.items():
            folder.write(name, report_page(setup_of(), figures(facts, days), NOW))
        with LoopbackServer(
            reports_app(LivePages(world.services, folder).page, folder.certificates.read, Metrics(world.services))
        ) as server:
            yield server.url


@pytest.fixture(scope="module")
def browser(address: str) -> Iterator[Browser]:
    """A browser, once the world is done: from now on its event loop runs here."""
    with running_browser() as running:
        yield running


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """An empty page; addresses are relative to the server's. axe can run in it, whatever a page's policy forbids."""
    context = browser.new_context(base_url=address, bypass_csp=True)
    yield context.new_page()
    context.close()


def test_every_page_is_readable_for_everybody(page: Page) -> None:
    axe, found = Axe(), []
    for name in NAMES:
        page.goto(f"/{name}.html")
        for width, scheme in product(WIDTHS, SCHEMES):
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=scheme)
            found += [
                (name, width, scheme, finding["id"], [node["target"] for node in finding["nodes"]][:3])
                for finding in axe.run(page).response["violations"]
                if finding["impact"] in {"serious", "critical"}
            ]
    assert found == []


def test_no_page_scrolls_sideways(page: Page) -> None:
    too_wide = []
    for name in NAMES:
        page.goto(f"/{name}.html")
        for width in (320, *WIDTHS, 768, 901, 1440):
            page.set_viewport_size({"width": width, "height": 800})
            if (needed := page.evaluate("document.documentElement.scrollWidth")) > width:
                too_wide.append((name, width, needed))
    assert too_wide == []


def test_a_phone_shows_every_cell_behind_its_label(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    for name in (OVERVIEW, "busy"):
        page.goto(f"/{name}.html")
        cells = page.locator("table.cards tbody :is(th, td)")
        assert cells.count() > 10
        assert cells.evaluate_all(_HIDDEN) == []


def test_a_dark_screen_gets_a_dark_page_and_print_a_light_one(page: Page) -> None:
    page.goto("/busy.html")
    colours = {}
    media: list[tuple[Literal["screen", "print"], Literal["light", "dark"]]]
    media = [("screen", "light"), ("screen", "dark"), ("print", "dark")]
    for medium, scheme in media:
        page.emulate_media(media=medium, color_scheme=scheme)
        colours[medium, scheme] = page.evaluate(
            "[getComputedStyle(document.body).color, getComputedStyle(document.querySelector('svg text')).fill]"
        )
    assert colours["screen", "light"] == colours["print", "dark"]
    assert all(light != dark for light, dark in zip(colours["screen", "light"], colours["screen", "dark"], strict=True))
    assert page.locator("nav").is_hidden()

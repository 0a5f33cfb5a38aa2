"""A real `npf dev` whose automation is stopped, so that only what is clicked runs; and a browser in front of it."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from npf_pipelines_tests.dev_server import DevServer, start_dev

_QUIET = [
    "--no-sandbox",  # Chromium refuses to run as root with it.
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_PATIENCE = 60_000
"""Milliseconds that a page has to show what is expected of it: a run in between takes seconds, a busy machine more."""


@pytest.fixture(scope="session")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    """The server, ended after the last test, nothing left behind."""
    server = start_dev(tmp_path_factory.mktemp("dev"), NPF_AUTOMATION="stopped")
    try:
        assert server.assets(), "npf dev did not come up"
        yield server
    finally:
        server.end()
    assert server.left_behind() == []


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail("The tests of the UI need a browser: apt-get install chromium (.ci/run does so).")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, headless=True, args=_QUIET)
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser, dev: DevServer) -> Iterator[Page]:
    """An empty page; addresses are those of the server."""
    expect.set_options(timeout=_PATIENCE)
    context = browser.new_context(base_url=dev.url, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(_PATIENCE)
    yield context.new_page()
    context.close()

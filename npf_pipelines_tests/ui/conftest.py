"""A real `npf dev` whose automation is stopped, so that only what is clicked runs; and a browser in front of it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from npf_pipelines_tests.browser import running_browser
from npf_pipelines_tests.dev_server import DevServer, start_dev

_PATIENCE = 60_000
"""Milliseconds that a page has to show what is expected of it: a run in between takes seconds, a busy machine more."""


@pytest.fixture(scope="package")
def dev(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[DevServer]:
    """The server, ended after the last test, nothing left behind. It isn't started where no browser would ask it."""
    server = start_dev(tmp_path_factory.mktemp("dev"), NPF_AUTOMATION="stopped")
    try:
        assert server.assets() >= {"raw_orders", "tracking_push", "stock_push", "npf_platform"}, (
            "npf dev did not come up"
        )
        yield server
    finally:
        code = server.end()
    assert code == 0
    assert server.left_behind() == []


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The machine's browser. Its event loop ends with the package: others run theirs."""
    with running_browser() as running:
        yield running


@pytest.fixture
def page(browser: Browser, dev: DevServer) -> Iterator[Page]:
    """An empty page; addresses are relative to the server's."""
    expect.set_options(timeout=_PATIENCE)
    context = browser.new_context(base_url=dev.url, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(_PATIENCE)
    yield context.new_page()
    context.close()

"""The machine's Chromium or Chrome, headless, for tests that see pages as a person does.

Not here: how it is found (machine.py), what is opened in it (ui/, test_pages_in_browser.py).
"""

import contextlib
from collections.abc import Iterator

from playwright.sync_api import Browser, sync_playwright

from npf_pipelines_tests.deploy.nginx import NAME
from npf_pipelines_tests.machine import BROWSER, demand

_QUIET = [
    "--no-sandbox",  # Chromium refuses to run as root with it.
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules=MAP {NAME} 127.0.0.1",
]


@contextlib.contextmanager
def running_browser() -> Iterator[Browser]:
    """The browser. Nothing else can run an event loop in this thread meanwhile."""
    chromium = demand(BROWSER)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, headless=True, args=_QUIET)
        yield running
        running.close()

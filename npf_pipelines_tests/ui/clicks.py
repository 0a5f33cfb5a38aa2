"""A person's actions in Dagster's UI, by name. Each action begins with an address and ends where the page has answered.

Not here: what is expected of the pages (test_ui.py).
"""

import re
from urllib.parse import quote

import stamina
from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as NotInTime

from npf_pipelines.runs.run_scope import client_tag

RUN = re.compile("^[0-9a-f]{8}$")
"""The text of a link to a run."""
_WHILE_OPEN = 10_000
"""Milliseconds that a list which may close again gets to be clicked."""


def materialize_dialog(page: Page, *assets: str) -> Locator:
    """Select assets in the lineage and press *Materialize selected*; confirm it where the UI asks back.

    It asks as long as one of the assets before them was never materialized.
    """
    page.goto(f"/asset-groups/~/{quote(','.join(assets), safe=',')}")
    page.get_by_role("button", name=re.compile("Materialize selected")).click()
    confirm, dialog = page.get_by_role("button", name="Confirm"), page.get_by_role("dialog")
    choice = dialog.get_by_role("button", name="All", exact=True).first
    expect(confirm.or_(choice)).to_be_visible()
    if confirm.is_visible():
        confirm.click()
    expect(choice).to_be_visible()
    return dialog


def pick_client(page: Page, dialog: Locator, client: str) -> None:
    """Choose a client's partition in the dialog, whose list closes when the page learns of something meanwhile."""
    item = page.get_by_role("menuitem").filter(has_text=client)
    for attempt in stamina.retry_context(on=NotInTime, attempts=6, timeout=None):
        with attempt:
            if not item.is_visible():
                dialog.get_by_text("Select a partition or create one").first.click()
            item.click(timeout=_WHILE_OPEN)
    page.keyboard.press("Escape")


def pick_days(dialog: Locator, first: str, last: str) -> None:
    """Choose a range of days in the dialog."""
    days = dialog.get_by_placeholder(re.compile("^ex: "))
    days.fill(f"[{first}...{last}]")
    days.press("Enter")


def give_config(page: Page, dialog: Locator, config: str) -> None:
    """Write a run config in the dialog's editor."""
    dialog.get_by_text("Config", exact=True).click()
    dialog.get_by_role("button", name="Add config").click()
    editor = page.get_by_role("dialog").last
    editor.locator(".CodeMirror").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(config)
    editor.get_by_role("button", name="Save config").click()


def launch(page: Page, dialog: Locator) -> None:
    """Press the dialog's last button."""
    dialog.get_by_role("button", name=re.compile("Launch (backfill|1 run)")).click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def open_partition(page: Page, asset: str, count: str, *keys: str) -> None:
    """Wait until an asset's partitions count as said, e.g. `Failed (1)`, and open each given key."""
    page.goto(f"/assets/{asset}?view=partitions")
    expect(page.get_by_text(count, exact=True)).to_be_visible()
    page.reload()  # The shown details of a partition can be out of date.
    for key in keys:
        page.get_by_text(key, exact=True).first.click()


def why_not_made(page: Page, key: str) -> Locator:
    """Open the last event of the partition that is open."""
    page.get_by_role("button", name="View all historical events").click()
    events = page.get_by_role("dialog")
    events.get_by_text(key, exact=True).first.click()
    return events


def filter_runs(page: Page, client: str) -> None:
    """Show the runs of a client, the runs of backfills included."""
    page.goto("/runs")
    page.get_by_text("Show runs within backfills").click()
    page.get_by_role("button", name="Filter").click()
    page.get_by_text("Tag", exact=True).click()
    page.keyboard.type(client)
    page.get_by_text(client_tag(client), exact=True).click()
    page.get_by_text("yes", exact=True).click()
    expect(page.get_by_text("Tag is")).to_be_visible()


def switch(page: Page) -> Locator:
    """The page's only switch: a hidden checkbox under a drawn one, which takes the click."""
    return page.get_by_role("checkbox", include_hidden=True)

"""Dagster's UI as the place of work: a person sees the state of the clients there, and corrects it there.

Each test clicks through the real UI of a real `npf dev`; they share it, and none needs another one to have run.
"""

import contextlib
import re
from collections.abc import Iterator
from datetime import timedelta

import yaml
from playwright.sync_api import Page, expect

from npf_pipelines.assets.stock import OVERRIDE_CONFIG
from npf_pipelines.config.settings import Settings
from npf_pipelines.lake.tables import FILTERED_ORDERS, PLATFORM_ORDERS, RAW_ORDERS
from npf_pipelines.runs.services import Services
from npf_pipelines_tests.dev_server import DevServer
from npf_pipelines_tests.ui.clicks import (
    RUN,
    give_config,
    launch,
    materialize_dialog,
    open_partition,
    pick_client,
    pick_days,
    switch,
    why_not_made,
)

FLOW = (
    "store_orders",
    "raw_orders",
    "filtered_orders",
    "platform_orders",
    "npf_platform",
    "shipment_records",
    "tracking_push",
    "store_shipments",
)


@contextlib.contextmanager
def wrong_status(dev: DevServer, client: str, name: str) -> Iterator[None]:
    """The client's setup as someone mistyped it, put right again at the end."""
    file = dev.folder / "clients" / f"{client}.yaml"
    right = file.read_text(encoding="utf-8")
    setup = yaml.safe_load(right)
    setup["orders"]["statuses"] = [name]
    file.write_text(yaml.safe_dump(setup), encoding="utf-8")
    try:
        yield
    finally:
        file.write_text(right, encoding="utf-8")


def test_the_lineage_reads_from_left_to_right(page: Page) -> None:
    page.goto("/asset-groups")
    graph = page.locator("svg foreignObject")
    expect(graph.get_by_text("orders", exact=True)).to_be_visible()
    page.keyboard.press("Alt+e")  # Expands all groups.
    expect(graph.get_by_text("store_shipments", exact=True)).to_be_visible()
    boxes = [graph.get_by_text(asset, exact=True).bounding_box() for asset in FLOW]
    places = [box["x"] for box in boxes if box]
    assert len(places) == len(FLOW)
    assert places == sorted(set(places))


def test_a_backfill_of_a_clients_days_is_one_run(page: Page, dev: DevServer) -> None:
    services = Services(Settings(data=dev.folder))
    first = services.setups().clients["kites"].orders.start_date
    days = [first + timedelta(days=number) for number in range(4)]

    dialog = materialize_dialog(page, "raw_orders", "filtered_orders", "platform_orders")
    pick_client(page, dialog, "kites")
    pick_days(dialog, days[0].isoformat(), days[-1].isoformat())
    launch(page, dialog)
    page.get_by_text("View", exact=True).click()
    expect(page.get_by_text("Succeeded", exact=True).first).to_be_visible()
    page.get_by_text("Runs", exact=True).last.click()
    expect(page.get_by_text("Success", exact=True)).to_have_count(1)

    for table in (RAW_ORDERS, FILTERED_ORDERS, PLATFORM_ORDERS):
        open_partition(page, table.name, "Materialized (4)", "kites", days[1].isoformat())
        expect(page.get_by_text("dagster/row_count")).to_be_visible()
        rows = [row for day in days for row in services.lake.read(table, client="kites", day=day)]
        assert rows, f"{table.name} is empty"


def test_a_red_partition_says_why_and_turns_green_when_the_change_limit_is_overridden(page: Page) -> None:
    dialog = materialize_dialog(page, "stock_snapshots", "stock_push")
    pick_client(page, dialog, "toys")
    launch(page, dialog)
    open_partition(page, "stock_push", "Failed (1)", "toys")
    told = why_not_made(page, "toys")
    expect(
        told.get_by_text("Not made: the change limit was exceeded: the first push to this store would change")
    ).to_be_visible()
    expect(told.get_by_text(OVERRIDE_CONFIG)).to_be_visible()

    dialog = materialize_dialog(page, "stock_snapshots", "stock_push")
    pick_client(page, dialog, "toys")
    give_config(page, dialog, OVERRIDE_CONFIG)
    launch(page, dialog)
    open_partition(page, "stock_push", "Materialized (1)", "toys")
    expect(page.get_by_text("Failed (0)")).to_be_visible()


def test_one_client_is_run_again_when_its_setup_is_mended(page: Page, dev: DevServer) -> None:
    setup = Services(Settings(data=dev.folder)).setups().clients["kites"]
    day = (setup.orders.start_date + timedelta(days=2)).isoformat()
    with wrong_status(dev, "kites", "Payed"):
        dialog = materialize_dialog(page, "raw_orders", "filtered_orders", "platform_orders")
        pick_client(page, dialog, "kites")
        pick_days(dialog, day, day)
        launch(page, dialog)
        open_partition(page, "platform_orders", "Failed (1)", "kites", day)
    told = why_not_made(page, f"kites|{day}")
    expect(told.get_by_text("Not made: orders.statuses: 'Payed' is no status of the store")).to_be_visible()

    told.get_by_role("link", name=RUN).first.click()
    expect(page.get_by_text("failed for 1 of the run's clients").first).to_be_visible()
    page.get_by_role("button", name="Re-execute all").click()
    # The page of a partition does not follow a run that is still under way.
    expect(page.get_by_text("Success", exact=True).first).to_be_visible()
    open_partition(page, "platform_orders", "Failed (0)", "kites", day)
    expect(page.get_by_text("dagster/row_count")).to_be_visible()


def test_a_schedule_is_turned_on_by_its_switch(page: Page) -> None:
    page.goto("/locations/npf_pipelines/schedules/orders_sweep")
    expect(switch(page)).not_to_be_checked()
    switch(page).locator("..").click()
    expect(switch(page)).to_be_checked()
    page.reload()
    expect(switch(page)).to_be_checked()
    switch(page).locator("..").click()
    expect(switch(page)).not_to_be_checked()


def test_the_link_of_a_report_leads_to_its_page(page: Page) -> None:
    dialog = materialize_dialog(page, "client_report")
    pick_client(page, dialog, "toys")
    launch(page, dialog)
    open_partition(page, "client_report", "Materialized (1)", "toys")
    link = page.get_by_role("link", name="toys.html")
    with page.expect_popup() as opened:
        link.click()
    expect(opened.value.get_by_role("heading", level=1)).to_contain_text("Toys (generated)")


def test_the_audit_is_launched_and_its_findings_are_read(page: Page) -> None:
    page.goto("/locations/npf_pipelines/jobs/audit_job/playground")
    page.get_by_role("button", name="Launch Run").click()
    expect(page).to_have_url(re.compile("/runs/"))
    expect(page.get_by_text("Success", exact=True).first).to_be_visible()
    page.goto("/assets/store_orders?view=checks")
    page.get_by_text("gap_audit").first.click()
    # Nobody has run the orders of this client: the audit names each of them.
    finding = page.get_by_role("row").filter(has_text="documented").first
    expect(finding).to_contain_text("in the store, but without a decision: run orders for its day")
    page.get_by_text("store_fits").first.click()
    finding = page.get_by_role("row").filter(has_text="right edit_order").first
    expect(finding).to_contain_text("Unknown until certified")

"""Dagster's UI as the place of work: a person sees the state of the clients there, and corrects it there.

Each test clicks through the real UI of a real `npf dev`, some of them through nginx; they share it, and none needs
another one to have run. They are in one file because each worker of the suite would start a server of its own.
"""

import contextlib
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import yaml
from playwright.sync_api import Browser, Page, WebSocket, expect

from npf_pipelines.assets.stock import OVERRIDE_CONFIG
from npf_pipelines.config.settings import Settings
from npf_pipelines.domain.alert import Alert
from npf_pipelines.lake.tables import FILTERED_ORDERS, PLATFORM_ORDERS, RAW_ORDERS
from npf_pipelines.runs.services import Services
from npf_pipelines.state.alerts import keep_alerts
from npf_pipelines_tests.deploy.nginx import ANN, NAME, running_nginx
from npf_pipelines_tests.dev_server import DevServer
from npf_pipelines_tests.ui.clicks import (
    RUN,
    filter_runs,
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


MUTATION = 'mutation { logTelemetry(action: "a", clientTime: "1", clientId: "1", metadata: "{}") { __typename } }'
FOREIGN = {"Origin": "https://evil.example"}


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


def test_a_red_partition_says_why_and_turns_green_when_the_change_limit_is_overridden(
    page: Page, dev: DevServer
) -> None:
    dialog = materialize_dialog(page, "stock_snapshots", "stock_push")
    pick_client(page, dialog, "toys")
    launch(page, dialog)
    open_partition(page, "stock_push", "Failed (1)", "toys")
    last_event = why_not_made(page, "toys")
    expect(
        last_event.get_by_text("Not made: the change limit was exceeded: the first push to this store would change")
    ).to_be_visible()
    expect(last_event.get_by_text(OVERRIDE_CONFIG)).to_be_visible()
    expect(last_event.get_by_text("Check the rows. If they are right, run it again")).to_be_visible()
    expect(last_event.get_by_text(str(dev.folder / "clients" / "toys.yaml"))).to_be_visible()
    expect(last_event.get_by_text("by hand, or by itself after ")).to_be_visible()
    page.keyboard.press("Escape")

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
    last_event = why_not_made(page, f"kites|{day}")
    expect(last_event.get_by_text("Not made: orders.statuses: 'Payed' is no status of the store")).to_be_visible()

    last_event.get_by_role("link", name=RUN).first.click()
    expect(page.get_by_text("failed for 1 of the run's clients").first).to_be_visible()
    expect(page.get_by_text("orders of 1 client: 0 changed, 1 failed")).to_be_visible()
    # Dagster's own frames.
    expect(page.get_by_text("execute_step.py")).to_have_count(0)
    page.get_by_role("button", name="Re-execute all").click()
    # The page of a partition does not follow a run that is still under way.
    expect(page.get_by_text("Success", exact=True).first).to_be_visible()
    open_partition(page, "platform_orders", "Failed (0)", "kites", day)
    expect(page.get_by_text("dagster/row_count")).to_be_visible()

    filter_runs(page, "kites")
    expect(page.get_by_text("Failure", exact=True).first).to_be_visible()
    expect(page.get_by_text("npf/clients: kites").first).to_be_visible()


def test_a_schedule_is_turned_on_by_its_switch(page: Page) -> None:
    page.goto("/locations/npf_pipelines/schedules/orders_sweep")
    expect(switch(page)).not_to_be_checked()
    switch(page).locator("..").click()
    expect(switch(page)).to_be_checked()
    page.reload()
    expect(switch(page)).to_be_checked()
    switch(page).locator("..").click()
    expect(switch(page)).not_to_be_checked()


def test_the_link_of_a_report_leads_to_its_page_which_knows_of_a_new_alert(page: Page, dev: DevServer) -> None:
    dialog = materialize_dialog(page, "client_report")
    pick_client(page, dialog, "toys")
    launch(page, dialog)
    open_partition(page, "client_report", "Materialized (1)", "toys")
    link = page.get_by_role("link", name="toys.html")
    with page.expect_popup() as opened:
        link.click()
    report = opened.value
    expect(report.get_by_role("heading", level=1)).to_contain_text("Toys (generated)")
    now = datetime.now(UTC)
    state = Services(Settings(data=dev.folder)).state
    keep_alerts(state, [Alert("a|toys|stock", "toys", "failing", "runs of stock fail", "Change it.", now, now)])
    report.reload()
    expect(report.get_by_role("heading", name="Open alerts")).to_be_visible()
    expect(report.get_by_role("row").filter(has_text="runs of stock fail")).to_contain_text("Change it.")


def test_the_audit_is_launched_and_its_findings_are_read(page: Page) -> None:
    page.goto("/locations/npf_pipelines/jobs/audit_job/playground")
    page.get_by_role("button", name="Launch Run").click()
    expect(page).to_have_url(re.compile("/runs/"))
    expect(page.get_by_text("Success", exact=True).first).to_be_visible()
    page.goto("/assets/store_orders?view=checks")
    page.get_by_text("gap_audit").first.click()
    # Nobody has run the orders of this client: the audit names each of them.
    finding = page.get_by_role("row").filter(has_text="in the store, but without a decision: run orders for its day")
    expect(finding.filter(has_text="documented").first).to_be_visible()
    expect(page.get_by_text("Plots", exact=True)).to_be_visible()
    page.get_by_text("store_fits").first.click()
    finding = page.get_by_role("row").filter(has_text="right edit_order").first
    expect(finding).to_contain_text("Unknown until certified")
    page.goto("/assets/raw_orders")
    page.get_by_role("link", name="store_orders", exact=True).first.click()
    expect(page.get_by_text("setups_fit").first).to_be_visible()


def test_the_ui_works_behind_nginx(browser: Browser, dev: DevServer, tmp_path: Path) -> None:
    with running_nginx(tmp_path, webserver=dev.url, reports=dev.url) as port:
        context = browser.new_context(
            base_url=f"https://{NAME}:{port}",
            ignore_https_errors=True,
            http_credentials={"username": ANN[0], "password": ANN[1]},
        )
        received: list[str] = []

        def listen(websocket: WebSocket) -> None:
            websocket.on("framereceived", lambda frame: received.append(str(frame)))

        page = context.new_page()
        page.on("websocket", listen)
        page.goto("/assets")
        expect(page.get_by_text("raw_orders").first).to_be_visible(timeout=60_000)
        until = time.monotonic() + 60
        while not any("connection_ack" in frame for frame in received):
            assert time.monotonic() < until
            page.wait_for_timeout(200)
        context.close()


def test_a_get_of_another_page_acts_without_nginx_and_not_behind_it(dev: DevServer, tmp_path: Path) -> None:
    """Should Dagster refuse it by itself one day, the README has a sentence too many."""
    asked = {"query": MUTATION}
    direct = httpx.get(f"{dev.url}/graphql", params=asked, headers=FOREIGN, timeout=60)
    assert direct.json()["data"]["logTelemetry"]
    with running_nginx(tmp_path, webserver=dev.url, reports=dev.url) as port:
        for headers in ({}, FOREIGN):
            behind = httpx.Client(verify=False, auth=ANN, timeout=60)  # noqa: S501 - a certificate that guards nothing
            with behind:
                answer = behind.get(
                    f"https://127.0.0.1:{port}/graphql",
                    params=asked,
                    headers={"Host": NAME} | headers,
                    extensions={"sni_hostname": NAME},
                )
            assert answer.status_code in {403, 405}

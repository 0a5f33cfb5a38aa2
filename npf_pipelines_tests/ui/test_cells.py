"""Two cells in one workspace: one webserver and one daemon serve both, and each shows and runs its own clients."""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from npf_pipelines.runs.cell import CELL_TAG, Cell
from npf_pipelines_tests.cells import beside
from npf_pipelines_tests.daemon import Automation
from npf_pipelines_tests.dagster_speed import make_usual_home
from npf_pipelines_tests.loop import Loop, small_loop
from npf_pipelines_tests.ui.clicks import launch, materialize_dialog, pick_client

CLIENTS = {"north": "acme", "south": "bolt"}
LOCATIONS = """{ workspaceOrError { ... on Workspace { locationEntries { name
    locationOrLoadError { ... on RepositoryLocation { repositories { assetNodes { assetKey { path } } } } } } } } }"""
_PATIENCE = 240.0
"""Seconds that the daemon, on a busy machine, has for the first runs of both cells."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[Loop, Automation, str]]:
    """Two cells of a client each, at work under one daemon; and where their UI answers."""
    make_usual_home(tmp_path / "dagster")
    with small_loop(tmp_path) as loop:
        for name, client in CLIENTS.items():
            beside(loop, name, client)
        automation = Automation(tmp_path, cells=tuple(CLIENTS), NPF_SENSOR_SECONDS="5")
        try:
            yield loop, automation, automation.start_webserver()
        finally:
            automation.end()


def wait_for(what: Callable[[], object]) -> None:
    begun = time.monotonic()
    while not what():
        assert time.monotonic() - begun < _PATIENCE
        time.sleep(1)


def loaded(url: str) -> dict[str, set[str]]:
    """The assets that the webserver knows, by code location; none while it is starting."""
    try:
        answer = httpx.post(f"{url}/graphql", json={"query": LOCATIONS}, timeout=10).json()
        entries = answer["data"]["workspaceOrError"]["locationEntries"]
        return {
            entry["name"]: {
                "/".join(node["assetKey"]["path"])
                for repository in entry["locationOrLoadError"]["repositories"]
                for node in repository["assetNodes"]
            }
            for entry in entries
        }
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return {}


@pytest.mark.long
def test_two_cells_stand_in_one_workspace(world: tuple[Loop, Automation, str], browser: Browser) -> None:
    loop, _, url = world

    def pulled(cell: str) -> set[str]:
        keys = loop.instance.get_materialized_partitions(Cell(cell).key("platform_orders"))
        return {key.partition("|")[0] for key in keys}

    wait_for(lambda: all(pulled(cell) for cell in CLIENTS))
    assert {cell: pulled(cell) for cell in CLIENTS} == {cell: {client} for cell, client in CLIENTS.items()}
    wait_for(lambda: loaded(url).keys() == CLIENTS.keys())
    for cell, assets in loaded(url).items():
        assert {asset.partition("/")[0] for asset in assets} == {cell}
        assert f"{cell}/raw_orders" in assets

    expect.set_options(timeout=60_000)
    context = browser.new_context(base_url=url, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(60_000)
    page = context.new_page()
    for cell, client in CLIENTS.items():
        page.goto(f"/assets/{cell}/platform_orders?view=partitions")
        expect(page.get_by_text(client, exact=True).first).to_be_visible()
        (other,) = {*CLIENTS.values()} - {client}
        expect(page.get_by_text(other, exact=True)).to_have_count(0)

    # A click runs the client in the code location of its cell.
    before = {record.dagster_run.run_id for record in loop.instance.get_run_records()}
    dialog = materialize_dialog(page, "south/stock_snapshots")
    pick_client(page, dialog, "bolt")
    launch(page, dialog)

    def clicked() -> list[str]:
        return [
            json.dumps(record.dagster_run.tags)
            for record in loop.instance.get_run_records()
            if record.dagster_run.run_id not in before
            and record.dagster_run.asset_selection == {Cell("south").key("stock_snapshots")}
            and record.dagster_run.is_success
        ]

    wait_for(clicked)
    wait_for(lambda: "bolt" in loop.instance.get_materialized_partitions(Cell("south").key("stock_snapshots")))
    page.goto("/runs")
    page.get_by_role("button", name="Filter").click()
    page.get_by_text("Tag", exact=True).click()
    page.keyboard.type(CELL_TAG)
    page.get_by_text(CELL_TAG, exact=True).first.click()
    expect(page.get_by_text(re.compile("^(north|south)$")).first).to_be_visible()
    context.close()

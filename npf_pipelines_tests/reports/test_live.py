"""Tests of the pages as they are asked for, over a world that has been through the loop."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.alert import Alert
from npf_pipelines.reports import live
from npf_pipelines.reports.figures import Figures
from npf_pipelines.reports.folder import OVERVIEW, ReportFolder
from npf_pipelines.reports.live import KEPT_FOR, LivePages
from npf_pipelines.state.alerts import keep_alerts
from npf_pipelines.state.open_items import OpenItems, write_open_items
from npf_pipelines.state.tables import alerts
from npf_pipelines_tests.loop import Loop, write_setup


def alert(client: str, *, thing: str = "orders", over: bool = False) -> Alert:
    now = datetime.now(UTC)
    over_at = now if over else None
    key, words = f"failing|{client}|{thing}", ("runs fail: 401", "Change the key.")
    return Alert(key, client, "failing", *words, now, now, now, over_at)


@pytest.fixture
def world(completed: Loop) -> Iterator[tuple[Loop, LivePages, list[str]]]:
    """The world, its pages, and the clients whose charts were drawn. The test's alerts are deleted."""
    drawn: list[str] = []
    folder = ReportFolder(completed.settings.reports, "http://ignored")

    def draw(setup: MasterSetup, _: Figures) -> dict[str, str]:
        drawn.append(setup.id)
        return dict.fromkeys(("orders", "to_import", "to_tracking", "stock", "skus"), "drawn")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live, "draw_charts", draw)
        yield completed, LivePages(completed.services, folder), drawn
    with completed.services.state.begin() as connection:
        connection.execute(sa.delete(alerts))


def test_a_page_knows_of_an_alert_as_soon_as_it_is_open(world: tuple[Loop, LivePages, list[str]]) -> None:
    loop, shown, drawn = world
    assert "Open alerts" not in str(shown.page("acme"))
    keep_alerts(loop.services.state, [alert("acme"), alert("bolt", over=True), alert("gone")])
    assert "Change the key." in str(shown.page("acme"))
    assert "1 alert is open" in str(shown.page("acme"))
    assert "Open alerts" not in str(shown.page("bolt"))
    assert "Change the key." in str(shown.page("gone"))
    assert shown.page("nobody") is None
    overview = str(shown.page(OVERVIEW))
    assert overview.count("Change the key.") == 2
    assert overview.rindex('data-page="acme"') < overview.index('data-page="bolt"')
    # Again when the alert opened, not for each page.
    assert drawn == ["acme", "acme", "bolt"]


def test_charts_are_drawn_hourly_and_say_as_of_when(
    world: tuple[Loop, LivePages, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, shown, drawn = world
    assert "Charts as of" not in str(shown.page("acme"))
    assert "Charts as of" in str(shown.page("acme"))
    monkeypatch.setattr(live, "KEPT_FOR", timedelta(0))
    assert "Charts as of" not in str(shown.page("acme"))
    assert drawn == ["acme", "acme"]
    assert timedelta(hours=1) == KEPT_FOR


def test_the_overview_shows_later_what_it_has_no_time_to_read(
    world: tuple[Loop, LivePages, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, shown, _ = world
    monkeypatch.setattr(live, "_SECONDS_PER_OVERVIEW", -1.0)
    assert str(shown.page(OVERVIEW)).count("reload this page") == 2
    monkeypatch.undo()
    assert "reload this page" not in str(shown.page(OVERVIEW))


def test_the_overview_counts_planned_rows_of_live_clients_alone(fresh: Loop) -> None:
    write_setup(fresh.settings.clients, "acme", fresh.url, mode="trial")
    for client, kind, rows in (
        ("acme", "order_planned", 12_345),
        ("acme", "sku_planned", 67_890),
        ("bolt", "sku_planned", 54_321),
    ):
        flow, day = ("orders", datetime.now(UTC).date()) if kind == "order_planned" else ("stock", None)
        write_open_items(fresh.services.state, flow, [], [OpenItems(client, kind, day, flow, rows, "first")])
    overview = str(LivePages(fresh.services, ReportFolder(fresh.settings.reports, "")).page(OVERVIEW))
    assert "54,321" in overview
    assert "12,345" not in overview
    assert "67,890" not in overview


def test_a_client_without_a_setup_has_the_page_that_was_kept(world: tuple[Loop, LivePages, list[str]]) -> None:
    loop, shown, _ = world
    ReportFolder(loop.settings.reports, "").write("left", "<p>as it was</p>")
    assert shown.page("left") == "<p>as it was</p>"


def test_tables_that_cannot_be_read_are_named_beside_the_alerts(fresh: Loop) -> None:
    keep_alerts(fresh.services.state, [alert("acme")])
    for path in (fresh.settings.data / "lake" / "filtered_orders" / "client=acme").rglob("*.parquet"):
        path.write_bytes(b"broken")
    shown = str(LivePages(fresh.services, ReportFolder(fresh.settings.reports, "")).page("acme"))
    assert "its tables can&#39;t be read" in shown
    assert "Change the key." in shown

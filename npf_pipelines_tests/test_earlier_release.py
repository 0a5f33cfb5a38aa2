"""Tables, platform and store as the release of November 2026 left them: an upgrade changes nothing that was done.

`samples/earlier_release.zip` is one client's world after that release had been through the whole loop once. Among its
orders are lines with options, names with HTML entities and a ship-to that holds nothing but a country; two parcels
have blanks around their tracking number. Its database has none of the columns added since.
"""

import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from npf_pipelines.platform.tables import order_lines, orders
from npf_pipelines.sandbox.state import StateFile
from npf_pipelines.state.alerts import read_alerts
from npf_pipelines.state.health import read_health
from npf_pipelines.state.open_items import recounts_due
from npf_pipelines_tests.loop import Loop, opened_loop, write_setup

SAMPLE = Path(__file__).parent / "samples" / "earlier_release.zip"
LATER = datetime(2026, 11, 27, 7, 30, tzinfo=UTC)
"""An hour after the world was left."""
DAYS = (date(2026, 11, 23), date(2026, 11, 27))
WRITTEN_BY_BOTH = ("client", "order_number", "store_order_id", "status", "updated_at", "imported_at", "address_1")


@pytest.fixture
def earlier(tmp_path: Path) -> Iterator[Loop]:
    """The world, not yet touched by this release."""
    with zipfile.ZipFile(SAMPLE) as sample:
        sample.extractall(tmp_path)
    with time_machine.travel(LATER, tick=True), StateFile(tmp_path / "stores.sqlite") as state:
        stores = state.load()
        for store in stores.values():
            store.recorder = None
        with opened_loop(tmp_path, stores) as loop:
            # No setup of an earlier release has a mode; its clients stay live.
            for client in stores:
                write_setup(loop.settings.clients, client, loop.url, mode=None)
            yield loop


def _platform(loop: Loop) -> list[Any]:
    with loop.services.platform_engine.connect() as connection:
        lines = sa.select(order_lines.c.order_number, order_lines.c.line_id, order_lines.c.sku, order_lines.c.quantity)
        return [
            *connection.execute(
                sa.select(*(orders.c[name] for name in WRITTEN_BY_BOTH)).order_by(orders.c.order_number)
            ),
            *connection.execute(lines.order_by(order_lines.c.order_number, order_lines.c.line_id)),
        ]


def test_no_order_is_imported_again_edited_or_an_exception(earlier: Loop) -> None:
    before = _platform(earlier)
    assert [one.failure for one in earlier.run("orders", days=DAYS)] == [""]
    assert _platform(earlier) == before
    assert earlier.rows("FROM order_exceptions") == []
    assert earlier.rows("SELECT outcome, count(*) FROM platform_orders GROUP BY ALL") == [("imported", 38)]


def test_no_parcel_is_made_again_or_rewritten(earlier: Loop) -> None:
    store = earlier.stores["acme"]
    before, mails = dict(store.shipments), list(store.mails)
    assert [one.failure for one in earlier.run("shipments", days=DAYS)] == [""]
    assert store.shipments == before
    assert store.mails == mails
    assert earlier.rows("SELECT outcome, count(*) FROM tracking_push GROUP BY ALL") == [("already_there", 37)]


def test_no_amount_is_written_again(earlier: Loop) -> None:
    amounts = {product.product_id: product.amount for product in earlier.stores["acme"].products.values()}
    assert [one.failure for one in earlier.run("stock")] == [""]
    assert {product.product_id: product.amount for product in earlier.stores["acme"].products.values()} == amounts
    assert earlier.rows("SELECT count(*) FROM stock_push WHERE outcome IN ('confirmed', 'braked')") == [(0,)]


def test_store_and_platform_still_agree(earlier: Loop) -> None:
    for flow in ("orders", "shipments"):
        earlier.run(flow, days=DAYS)
    earlier.run("stock")
    assert earlier.disagreements() == []


def test_files_of_both_releases_are_read_together(earlier: Loop) -> None:
    query = "SELECT day, len(lines), lines[1].sku FROM raw_orders WHERE client = 'acme' AND len(lines) > 0 ORDER BY ALL"
    before = earlier.rows(query)
    assert before
    earlier.run("orders", days=(DAYS[0], DAYS[1]))
    assert earlier.rows(query) == before
    picked_up = "SELECT count(*) FROM raw_orders WHERE list_contains([line.is_pick_up FOR line IN lines], true)"
    ((in_new_files,),) = earlier.rows(picked_up)
    reasons = "SELECT count(*) FROM filtered_orders WHERE reason = 'picked up in the store: nothing to ship' "
    ((rejected,),) = earlier.rows(f"{reasons} AND day BETWEEN '{DAYS[0]}' AND '{DAYS[1]}'")
    assert in_new_files >= rejected > 0


def test_the_state_that_it_kept_on_the_platform_is_taken_over_by_the_first_run(earlier: Loop) -> None:
    with earlier.services.platform_engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO uncounted VALUES ('acme', 'stock', '', 'killed')")
        connection.exec_driver_sql(
            "INSERT INTO alerts VALUES ('backlog|acme|orders', 'acme', 'backlog', 'text', 'what to do',"
            " '2026-11-27 06:00:00', '2026-11-27 06:30:00', NULL, NULL, NULL)"
        )
        connection.exec_driver_sql("UPDATE health SET failures = 3, reason = 'it is down' WHERE flow = 'orders'")
    assert not (earlier.settings.data / "state.sqlite").exists()
    assert [run.failure for run in earlier.run("stock")] == [""]
    state = earlier.services.state
    assert read_alerts(state).keys() == {"backlog|acme|orders"}
    health = read_health(state)
    assert (health["acme", "orders"].failures, health["acme", "orders"].reason) == (3, "it is down")
    assert health["acme", "shipments"].last_success_at == datetime(2026, 11, 27, 6, 4, 34, 960368, tzinfo=UTC)
    assert recounts_due(state, "stock", "next") == []


def test_after_another_prefix_what_an_earlier_release_imported_keeps_its_number(earlier: Loop) -> None:
    before = _platform(earlier)
    write_setup(earlier.settings.clients, "acme", earlier.url, mode=None, orders={"prefix": "CSK"})
    assert [one.failure for one in earlier.run("orders", days=DAYS)] == [""]
    assert _platform(earlier) == before
    assert earlier.rows("FROM order_exceptions") == []

"""Orders after their day: late orders, edits, cancellations, gaps; on stores old and new."""

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
import yaml

from npf_pipelines.domain.days import day_of
from npf_pipelines.domain.platform_orders import OrderStatus
from npf_pipelines.lake.tables import FILTERED_ORDERS
from npf_pipelines.platform.tables import order_lines, orders
from npf_pipelines.sandbox.api import statuses
from npf_pipelines.sandbox.model import Customer
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.loop import Loop, copied_loop, small_loop, write_setup
from npf_pipelines_tests.shared_worlds import SharedWorlds, pull
from npf_pipelines_tests.store_versions import BOTH, NEW


@pytest.fixture(**BOTH)
def loop(worlds: SharedWorlds, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Loop]:
    """A world with a store of an older or a newer version, all of whose orders have been pulled."""
    with copied_loop(worlds.of(pull, "acme", request.param), tmp_path) as world:
        yield world


@pytest.fixture
def unpulled(tmp_path: Path) -> Iterator[Loop]:
    """A world in which nothing has happened yet."""
    with small_loop(tmp_path) as world:
        yield world


@pytest.fixture
def store(loop: Loop) -> SandboxStore:
    """That store."""
    return loop.stores["acme"]


def _days_ago(days: int) -> int:
    return int((datetime.now(UTC) - timedelta(days=days)).timestamp())


def _today(loop: Loop) -> list[str]:
    today = loop.services.setups()["acme"].zone
    day = datetime.now(UTC).astimezone(today).date()
    return [one.failure for one in loop.run("orders", "acme", days=(day, day))]


def _place(store: SandboxStore, status: str = "P", days: int = 2, amount: int = 2) -> int:
    """An order for a product that the store has plenty of, sent to Australia."""
    product = next(one for one in store.products.values() if one.product_code and one.tracking == "B")
    product.amount = 500
    australian = next(order.customer for order in store.orders.values() if order.customer.ship_to.country == "AU")
    order_id = store.place_order(
        [(product.product_id, amount)], status=status, timestamp=_days_ago(days), customer=australian
    )
    store.orders[order_id].updated_at = store.now
    return order_id


def _on_platform(loop: Loop, order_id: int) -> dict[str, Any]:
    with loop.services.platform_engine.connect() as connection:
        query = sa.select(orders).where(orders.c.client == "acme", orders.c.store_order_id == str(order_id))
        row = connection.execute(query).mappings().one_or_none()
        return dict(row) if row else {}


def _quantities(loop: Loop, order_id: int) -> list[int]:
    number = _on_platform(loop, order_id)["order_number"]
    with loop.services.platform_engine.connect() as connection:
        query = sa.select(order_lines.c.quantity).where(
            order_lines.c.client == "acme", order_lines.c.order_number == number
        )
        return list(connection.scalars(query))


def _stage(loop: Loop, order_id: int, status: OrderStatus) -> None:
    with loop.services.platform_engine.begin() as connection:
        where = (orders.c.client == "acme") & (orders.c.store_order_id == str(order_id))
        connection.execute(sa.update(orders).where(where).values(status=status))


def _move(store: SandboxStore, order_id: int) -> None:
    """The customer moves house."""
    order = store.orders[order_id]
    order.customer = _elsewhere(order.customer)
    order.updated_at = store.now


def _elsewhere(customer: Customer) -> Customer:
    return dataclasses.replace(customer, ship_to=dataclasses.replace(customer.ship_to, address="99 Moved Street"))


def _exceptions(loop: Loop) -> list[tuple[str, str]]:
    return loop.rows("SELECT order_id, differs FROM order_exceptions WHERE client = 'acme' ORDER BY ALL")


def test_an_order_that_reaches_a_wanted_status_later_is_imported_then(loop: Loop, store: SandboxStore) -> None:
    late = _place(store, status="F", days=3)
    assert _today(loop) == [""]
    assert _on_platform(loop, late) == {}
    store.change_status(late, "P")
    assert _today(loop) == [""]
    assert _on_platform(loop, late)["status"] == "imported"
    decision = f"SELECT decision FROM filtered_orders WHERE client = 'acme' AND order_id = '{late}'"  # noqa: S608
    assert loop.rows(decision) == [("accepted",)]


def test_an_order_that_was_pulled_and_not_brought_on_is_imported_by_the_next_run(
    loop: Loop, store: SandboxStore
) -> None:
    late = _place(store, status="F", days=3)
    assert _today(loop) == [""]
    store.change_status(late, "P")
    day = day_of(datetime.now(UTC) - timedelta(days=3), loop.services.setups()["acme"].zone)
    pulled = loop.defs.resolve_job_def("orders_job").execute_in_process(
        instance=loop.instance, partition_key=f"acme|{day}", asset_selection=[dg.AssetKey("raw_orders")]
    )
    assert pulled.success
    assert _today(loop) == [""]
    assert _on_platform(loop, late)["status"] == "imported"


def test_what_the_probe_found_is_kept_and_shown(loop: Loop, store: SandboxStore) -> None:
    _today(loop)
    facts = loop.rows("SELECT updated_at_filter, len(statuses) FROM store_facts WHERE client = 'acme'")
    assert facts == [(store.version == NEW, len(store.statuses))]


def test_a_quiet_day_costs_few_requests(loop: Loop, store: SandboxStore) -> None:
    for order in store.orders.values():
        order.updated_at -= 3600
    _today(loop)
    before = store.requests
    assert _today(loop) == [""]
    open_orders = len(loop.services.platform.open_records("acme"))
    of_open_orders = 0 if store.version == NEW else -(-open_orders // 50)
    assert store.requests - before <= 2 + of_open_orders


@pytest.mark.parametrize("stage", [OrderStatus.IMPORTED, OrderStatus.READY_FOR_PROCESS])
def test_an_edit_before_picking_reaches_the_platform(loop: Loop, store: SandboxStore, stage: OrderStatus) -> None:
    order_id = _place(store)
    _today(loop)
    _stage(loop, order_id, stage)
    _move(store, order_id)
    store.rebuild_order(order_id, {line.item_id: 5 for line in store.orders[order_id].lines})
    assert _today(loop) == [""]
    row = _on_platform(loop, order_id)
    assert (row["address_1"], row["status"]) == ("99 Moved Street", stage)
    assert _quantities(loop, order_id) == [5]
    assert _exceptions(loop) == []


@pytest.mark.parametrize("letter", ["D", "F", "I"])
def test_a_cancellation_before_picking_reaches_the_platform(loop: Loop, store: SandboxStore, letter: str) -> None:
    order_id = _place(store)
    _today(loop)
    store.change_status(order_id, letter)
    assert _today(loop) == [""]
    assert _on_platform(loop, order_id)["status"] == "cancelled"
    assert _exceptions(loop) == []


def test_a_cancellation_after_picking_is_reported_and_goes_when_both_agree(loop: Loop, store: SandboxStore) -> None:
    order_id = _place(store)
    _today(loop)
    _stage(loop, order_id, OrderStatus.PICKING)
    store.change_status(order_id, "I")
    assert _today(loop) == [""]
    assert _exceptions(loop) == [(str(order_id), "cancelled in the store (status I), but picking on the platform")]
    (since,) = loop.rows("SELECT since FROM order_exceptions")[0]
    assert _today(loop) == [""]
    assert loop.rows("SELECT since FROM order_exceptions") == [(since,)]
    assert _on_platform(loop, order_id)["status"] == "picking"

    _stage(loop, order_id, OrderStatus.CANCELLED)
    loop.run("orders", "acme")
    assert _exceptions(loop) == []


def test_an_edit_after_picking_is_reported_without_the_shoppers_data(loop: Loop, store: SandboxStore) -> None:
    order_id = _place(store)
    _today(loop)
    _stage(loop, order_id, OrderStatus.PICKING)
    _move(store, order_id)
    assert _today(loop) == [""]
    assert _exceptions(loop) == [(str(order_id), "edited in the store, but in picking already: other address 1")]
    assert _on_platform(loop, order_id)["address_1"] != "99 Moved Street"


def test_an_order_deleted_from_the_store_is_reported(loop: Loop, store: SandboxStore) -> None:
    order_id = _place(store)
    _today(loop)
    store.remove_order(order_id)
    loop.run("orders", "acme")
    assert _exceptions(loop) == [(str(order_id), "the order is gone from the store")]
    assert _on_platform(loop, order_id)["status"] == "imported"


def _audit(loop: Loop) -> dict[str, dg.AssetCheckEvaluation]:
    job = loop.defs.resolve_job_def("audit_job")
    result = job.execute_in_process(instance=loop.instance)
    return {evaluation.check_name: evaluation for evaluation in result.get_asset_check_evaluations()}


def _records(evaluation: dg.AssetCheckEvaluation, name: str) -> list[dict[str, Any]]:
    value = evaluation.metadata[name]
    return [dict(record.data) for record in value.records] if isinstance(value, dg.TableMetadataValue) else []


def test_the_audit_passes_on_a_world_that_agrees(fresh: Loop) -> None:
    for client in fresh.stores:
        write_setup(fresh.settings.clients, client, fresh.url, tracking={"partially_shipped_status": "On hold"})
    # The stores are generated for each day: an order with the product that has no code is there on some of them.
    ((aside,),) = fresh.rows("SELECT count(*) FROM filtered_orders WHERE decision = 'set_aside'")
    ((wrong,),) = fresh.rows("SELECT count(*) FROM filtered_orders WHERE sums IS NOT NULL")
    assert {name: evaluation.passed for name, evaluation in _audit(fresh).items()} == {
        "gap_audit": True,
        "order_exceptions": True,
        "setups_fit": True,
        "store_fits": True,
        "all_lodged_pushed": True,
        "set_aside": aside == 0,
        "sums_add_up": wrong == 0,
        "staleness": True,
        "broken_files": True,
        "stock_conservation": True,
        "order_skus_known": True,
        "stock_drift": True,
        "unknown_skus": False,  # the generated stores have a product without a code
    }


def test_a_status_that_gives_stock_back_is_reported_before_it_does_harm(fresh: Loop) -> None:
    write_setup(fresh.settings.clients, "acme", fresh.url, tracking={"partially_shipped_status": "Back Ordered"})
    write_setup(fresh.settings.clients, "bolt", fresh.url, tracking={"partially_shipped_status": "Shiny"})
    check = _audit(fresh)["setups_fit"]
    assert not check.passed
    reported = {record["client"]: record["what"] for record in _records(check, "misfits")}
    assert "tracking.partially_shipped_status: Back Ordered gives the order's stock back" in reported["acme"]
    assert "'Shiny' is no status of the store" in reported["bolt"]


def test_a_setup_that_relied_on_negative_figures_as_zero_is_named(fresh: Loop) -> None:
    file = fresh.settings.clients / "acme.yaml"
    setup = yaml.safe_load(file.read_text(encoding="utf-8"))
    setup["tracking"]["partially_shipped_status"] = "On hold"
    del setup["stock"]["negative_as_zero"]
    file.write_text(yaml.safe_dump(setup), encoding="utf-8")
    write_setup(
        fresh.settings.clients,
        "bolt",
        fresh.url,
        tracking={"partially_shipped_status": "On hold"},
        stock={"quantity": "off"},
    )
    reported = _records(_audit(fresh)["setups_fit"], "misfits")
    assert [(record["client"], record["what"][:39]) for record in reported] == [
        ("acme", "stock.negative_as_zero: left out, which")
    ]


def test_a_setup_is_checked_where_the_statuses_may_not_be_read(fresh: Loop) -> None:
    write_setup(fresh.settings.clients, "bolt", fresh.url, tracking={"partially_shipped_status": None})
    orders_setup = {"statuses": ["Processed", "Open"]}
    write_setup(fresh.settings.clients, "acme", fresh.url, orders=orders_setup, tracking={"shipped_status": "Failed"})
    fresh.stores["acme"].missing_rights = {statuses.RIGHTS["GET"]}
    misfits = [record["what"] for record in _records(_audit(fresh)["setups_fit"], "misfits")]
    assert any(
        sentence.startswith("tracking.shipped_status: Failed gives the order's stock back") for sentence in misfits
    )
    assert not any("403" in sentence for sentence in misfits)


def test_the_audit_lists_what_is_missing(fresh: Loop) -> None:
    lost, accepted = fresh.rows(
        "SELECT max(order_id), max(order_id) FILTER (decision = 'accepted') FROM filtered_orders "
        "WHERE client = 'bolt' AND day = (SELECT min(day) FROM filtered_orders WHERE decision = 'accepted')"
    )[0]
    with fresh.services.platform_engine.begin() as connection:
        for table in (orders, order_lines):
            here = (table.c.client == "bolt") & (table.c.order_number == f"CS{accepted}")
            connection.execute(sa.delete(table).where(here))
    audit = _audit(fresh)["gap_audit"]
    assert not audit.passed
    assert {
        "client": "bolt",
        "order": accepted,
        "what": "accepted, but not on the platform: run orders for its day",
    } in (_records(audit, "missing"))
    day = fresh.rows(f"SELECT client, day FROM filtered_orders WHERE order_id = '{lost}' AND client = 'bolt'")[0][1]  # noqa: S608
    fresh.services.lake.write(FILTERED_ORDERS, [], client="bolt", day=day)
    missing = _records(_audit(fresh)["gap_audit"], "missing")
    assert {record["order"] for record in missing} >= {lost}

    assert [one.failure for one in fresh.run("orders")] == [""]
    assert _records(_audit(fresh)["gap_audit"], "missing") == []


def test_the_audit_says_which_store_it_could_not_ask(fresh: Loop) -> None:
    fresh.stores["acme"].switched_off = True
    audit = _audit(fresh)["gap_audit"]
    assert not audit.passed
    assert [record["client"] for record in _records(audit, "not_audited")] == ["acme"]


def test_the_exceptions_are_listed_by_their_check(unpulled: Loop) -> None:
    loop = unpulled
    store = loop.stores["acme"]
    order_id = _place(store)
    loop.run("orders")
    _stage(loop, order_id, OrderStatus.PICKING)
    store.change_status(order_id, "I")
    loop.run("orders")
    check = _audit(loop)["order_exceptions"]
    assert not check.passed
    assert [record["order_id"] for record in _records(check, "exceptions")] == [str(order_id)]


def test_an_order_one_second_before_the_start_date_is_never_imported(unpulled: Loop) -> None:
    loop = unpulled
    store, setup = loop.stores["acme"], loop.services.setups()["acme"]
    midnight = datetime.combine(setup.orders.start_date, datetime.min.time(), setup.zone)
    australian = next(order.customer for order in store.orders.values() if order.customer.ship_to.country == "AU")
    product = next(one for one in store.products.values() if one.product_code and one.amount > 50)
    before, at = (
        store.place_order([(product.product_id, 1)], timestamp=int(midnight.timestamp()) + shift, customer=australian)
        for shift in (-1, 0)
    )
    loop.run("orders")
    assert _on_platform(loop, before) == {}
    assert _on_platform(loop, at)["status"] == "imported"


def test_days_that_no_run_has_pulled_are_caught_up_with(unpulled: Loop) -> None:
    loop = unpulled
    first, _ = loop.days
    loop.run("orders", "acme", days=(first, first))
    missed = _place(loop.stores["acme"], days=2)
    assert _today(loop) == [""]
    assert _on_platform(loop, missed)["status"] == "imported"


def test_what_lies_before_the_first_pulled_day_is_left_to_a_backfill(unpulled: Loop) -> None:
    loop = unpulled
    earlier = _place(loop.stores["acme"], days=2)
    assert _today(loop) == [""]
    assert _on_platform(loop, earlier) == {}
    loop.run("orders", "acme")
    assert _on_platform(loop, earlier)["status"] == "imported"


def test_a_dry_run_shows_what_it_would_import_and_writes_nothing(unpulled: Loop) -> None:
    loop = unpulled
    (run,) = loop.run("orders", "acme", dry_run=True)
    assert run.failure == ""
    would = [str(row["order_number"]) for change in run.changes for row in change.shown]
    assert loop.rows("FROM raw_orders") == loop.rows("FROM store_facts") == []
    assert loop.services.platform.open_records("acme") == {}
    assert loop.instance.get_materialized_partitions(dg.AssetKey("platform_orders")) == set()
    loop.run("orders", "acme")
    assert sorted(would) == sorted(loop.services.platform.open_records("acme"))


def test_a_dry_run_shows_what_it_would_cancel(loop: Loop, store: SandboxStore) -> None:
    order_id = _place(store)
    loop.run("orders", "acme")
    store.change_status(order_id, "I")
    (run,) = loop.run("orders", "acme", dry_run=True)
    (row,) = [row for change in run.changes for row in change.shown]
    assert (row["order_number"], row["outcome"]) == (f"CS{order_id}", "planned")
    assert "would be cancelled" in str(row["reason"])
    assert _on_platform(loop, order_id)["status"] == "imported"

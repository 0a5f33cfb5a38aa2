"""Amounts in the store: the change limit, sales during a push, orders in flight, dry runs, snapshots."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa

from npf_pipelines.automation.stock_checks import DRIFT_AFTER
from npf_pipelines.cscart.errors import Unreachable
from npf_pipelines.cscart.store import Store
from npf_pipelines.lake.tables import STOCK_PUSH, STORE_PRODUCTS
from npf_pipelines.platform.tables import stock
from npf_pipelines.sandbox.model import Product
from npf_pipelines_tests.loop import Loop, write_setup
from npf_pipelines_tests.stock_steps import buyer, checks, count, kite, listed, push, pushed, split


def figures(loop: Loop, product: Product, columns: str) -> list[tuple[Any, ...]]:
    """The columns of a product's stock snapshots, oldest first."""
    query = f"SELECT {columns} FROM stock_snapshots_history WHERE client = 'acme' AND sku = $1 ORDER BY taken_at"  # noqa: S608
    return loop.services.lake.connect().execute(query, [product.product_code]).rows


def test_only_what_differs_is_written(stocked: Loop) -> None:
    store, product = stocked.stores["acme"], kite(stocked)
    count(stocked, 7, product.product_code)
    asked, written = store.requests, store.writes
    assert push(stocked) == ""
    assert product.amount == 7
    assert store.writes - written == 1
    # The catalogue, its orders, a read before the write and a read after it, each with the orders placed since.
    assert store.requests - asked == 7
    row = pushed(stocked, product)
    assert (row["outcome"], row["before"], row["wanted"]) == ("confirmed", 50, 7)
    assert "7 on hand" in row["reason"]


def test_the_first_push_waits_for_a_person(loop: Loop) -> None:
    store = loop.stores["acme"]
    loop.floor.count("acme", store.skus(), datetime.now(UTC))
    said = push(loop)
    assert "acme: the change limit was exceeded: the first push to this store would change" in said
    assert "--override-change-limit" in said
    assert store.writes == 0
    assert loop.rows("SELECT count(*) > 0 FROM stock_push WHERE outcome = 'braked' AND differs_since IS NOT NULL") == [
        (True,)
    ]
    assert "acme" not in loop.instance.get_materialized_partitions(dg.AssetKey("stock_push"))
    # That something is right by chance doesn't make the next push any other than the first.
    for product_id, wanted in loop.rows("SELECT product_id, wanted FROM stock_push WHERE outcome = 'braked'")[2:]:
        if "/" not in product_id:
            store.set_amount(int(product_id), wanted)
    for _ in range(2):
        assert "acme: the change limit was exceeded: the first push to this store would change" in push(loop)
    assert push(loop, override_change_limit=True) == ""
    assert store.writes > 0
    assert push(loop) == ""


def test_a_broken_count_stops_before_the_first_write(stocked: Loop) -> None:
    store = stocked.stores["acme"]
    count(stocked, 0)
    written = store.writes
    assert "to 0" in (said := push(stocked)) or "would change" in said
    assert store.writes == written
    count(stocked, 50)
    assert push(stocked) == ""
    assert store.writes == written


def test_an_empty_snapshot_empties_nothing(stocked: Loop) -> None:
    with stocked.services.platform_engine.begin() as connection:
        connection.execute(sa.delete(stock))
    written = stocked.stores["acme"].writes
    assert push(stocked) == ""
    assert stocked.stores["acme"].writes == written
    assert pushed(stocked, kite(stocked))["outcome"] == "left_warehouse"


def test_what_the_store_has_sold_and_the_warehouse_does_not_know_is_taken_off(stocked: Loop) -> None:
    store, product = stocked.stores["acme"], kite(stocked)
    store.place_order([(product.product_id, 3)], customer=buyer(stocked))
    written = store.writes
    assert push(stocked) == ""
    assert (product.amount, store.writes) == (47, written)
    assert figures(stocked, product, "on_hand, in_flight, available")[-1] == (50, 3, 50)
    # Once the order is imported, the same units are in process.
    stocked.run("orders", "acme")
    assert push(stocked) == ""
    assert (product.amount, store.writes) == (47, written)
    assert figures(stocked, product, "on_hand, in_flight, available")[-1] == (50, 0, 47)


def test_an_order_that_never_comes_here_is_not_taken_off(stocked: Loop) -> None:
    store, product = stocked.stores["acme"], kite(stocked)
    there = next(
        one.customer.ship_to.country
        for one in stocked.stores["bolt"].orders.values()
        if one.customer.ship_to.country not in {"AU", "NZ", ""}
    )
    store.place_order([(product.product_id, 3)], customer=buyer(stocked, there))
    assert push(stocked) == ""
    assert product.amount == 50


def test_soh_goes_out_as_counted_unless_the_setup_takes_sales_off(stocked: Loop) -> None:
    store, product = stocked.stores["acme"], kite(stocked)
    store.place_order([(product.product_id, 3)], customer=buyer(stocked))
    write_setup(stocked.settings.clients, "acme", stocked.url, stock={"quantity": "on_hand"})
    assert push(stocked) == ""
    assert product.amount == 50
    off = {"quantity": "on_hand", "on_hand_less_in_flight": True}
    write_setup(stocked.settings.clients, "acme", stocked.url, stock=off)
    assert push(stocked) == ""
    assert product.amount == 47


def test_a_sale_that_our_write_went_over_is_taken_off_in_the_same_run(
    stocked: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, product = stocked.stores["acme"], kite(stocked)
    count(stocked, 80, product.product_code)
    plain, customer = Store.set_amount, buyer(stocked)

    async def late(self: Store, key: str, amount: int, **more: Any) -> None:
        if amount == 80:
            store.place_order([(product.product_id, 2)], customer=customer)
        await plain(self, key, amount, **more)

    monkeypatch.setattr(Store, "set_amount", late)
    assert push(stocked) == ""
    assert product.amount == 78
    assert pushed(stocked, product)["outcome"] == "confirmed"


def test_a_write_that_failed_is_made_again_for_what_is_there_by_then(
    stocked: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, product = stocked.stores["acme"], kite(stocked)
    count(stocked, 80, product.product_code)
    plain, customer = Store.set_amount, buyer(stocked)

    async def late(self: Store, key: str, amount: int, **more: Any) -> None:
        if amount == 80:
            store.place_order([(product.product_id, 2)], customer=customer)
            raise Unreachable("no connection")
        await plain(self, key, amount, **more)

    monkeypatch.setattr(Store, "set_amount", late)
    assert push(stocked) == ""
    assert (product.amount, pushed(stocked, product)["outcome"]) == (78, "confirmed")


def test_a_sale_between_count_and_write_does_not_hold_the_sku_up(
    stocked: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, product = stocked.stores["acme"], kite(stocked)
    count(stocked, 80, product.product_code)
    plain, customer = Store.products_by_key, buyer(stocked)

    async def late(self: Store, keys: Any) -> Any:
        if product.amount == 50:
            store.place_order([(product.product_id, 2)], customer=customer)
        return await plain(self, keys)

    monkeypatch.setattr(Store, "products_by_key", late)
    assert push(stocked) == ""
    assert product.amount == 78


def test_an_amount_that_somebody_else_moved_is_left_to_the_next_round(
    stocked: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, product = stocked.stores["acme"], kite(stocked)
    count(stocked, 80, product.product_code)
    plain = Store.products_by_key

    async def late(self: Store, keys: Any) -> Any:
        store.set_amount(product.product_id, 41)
        return await plain(self, keys)

    with monkeypatch.context() as meddling:
        meddling.setattr(Store, "products_by_key", late)
        assert push(stocked) == ""
    assert product.amount == 41
    row = pushed(stocked, product)
    assert (row["outcome"], row["differs_since"] is not None) == ("moved", True)
    assert push(stocked) == ""
    assert product.amount == 80
    assert pushed(stocked, product)["differs_since"] is None


def test_a_store_that_is_off_costs_the_push_and_not_the_count(stocked: Loop) -> None:
    store, product = stocked.stores["acme"], kite(stocked)
    count(stocked, 9, product.product_code)
    store.switched_off = True
    assert "503" in push(stocked)
    assert figures(stocked, product, "on_hand, in_flight")[-1] == (9, None)
    store.switched_off = False
    assert push(stocked) == ""
    assert product.amount == 9


def test_lost_answers_are_looked_after(stocked: Loop) -> None:
    store, product = stocked.stores["acme"], kite(stocked)
    count(stocked, 9, product.product_code)
    store.loses_answers = True
    assert "acme" in push(stocked)
    store.loses_answers = False
    assert push(stocked) == ""
    assert product.amount == 9


def test_a_stock_mode_that_is_off_writes_nothing_and_counts_all_the_same(stocked: Loop) -> None:
    store = stocked.stores["acme"]
    write_setup(stocked.settings.clients, "acme", stocked.url, stock={"quantity": "off"})
    count(stocked, 9)
    asked = store.requests
    assert push(stocked) == ""
    assert store.requests == asked
    assert stocked.rows("SELECT DISTINCT on_hand FROM stock_snapshots") == [(9,)]
    assert stocked.rows("SELECT DISTINCT outcome FROM stock_push") == [("off",)]


def test_a_dry_run_shows_what_would_change_and_writes_nothing(stocked: Loop) -> None:
    store, product = stocked.stores["acme"], kite(stocked)
    count(stocked, 7, product.product_code)
    before = stocked.rows("FROM stock_push ORDER BY ALL"), stocked.rows("FROM stock_snapshots_history ORDER BY ALL")
    written = store.writes
    (run,) = stocked.run("stock", "acme", dry_run=True)
    assert run.failure == ""
    assert [(one.table, one.partition, one.rows) for one in run.changes] == [("stock_push", "acme", 1)]
    (row,) = run.changes[0].shown
    assert (row["sku"], row["before"], row["wanted"]) == (product.product_code, 50, 7)
    assert store.writes == written
    after = stocked.rows("FROM stock_push ORDER BY ALL"), stocked.rows("FROM stock_snapshots_history ORDER BY ALL")
    assert after == before


def test_stock_over_time_is_one_query(stocked: Loop) -> None:
    product = kite(stocked)
    count(stocked, 9, product.product_code)
    time.sleep(1)  # Snapshots are distinguished by the second.
    push(stocked)
    assert figures(stocked, product, "on_hand") == [(50,), (9,)]


def test_a_part_of_a_large_catalogue_is_read_by_its_products(stocked: Loop) -> None:
    store, product = stocked.stores["acme"], kite(stocked)
    others = (stock.c.client == "acme") & (stock.c.sku != product.product_code)
    with stocked.services.platform_engine.begin() as connection:
        connection.execute(sa.delete(stock).where(others))
    for number in range(1, 1001):
        store.add_product(Product(10_000 + number, f"ELSE-{number}", f"Else {number}", 100, amount=3))
    _forget_map(stocked)
    assert push(stocked) == ""
    asked = store.requests
    assert push(stocked) == ""
    picked = store.requests - asked
    _forget_map(stocked)
    asked = store.requests
    assert push(stocked) == ""
    assert picked < store.requests - asked
    # A product that got another code doesn't fit the map: everything is read, and the code is found.
    product.product_code, code = "RENAMED", product.product_code
    assert push(stocked) == ""
    outcomes = dict(stocked.rows("SELECT sku, outcome FROM stock_push"))
    assert (outcomes["RENAMED"], outcomes[code]) == ("not_in_warehouse", "not_in_store")


def _forget_map(loop: Loop) -> None:
    loop.services.lake.write(STORE_PRODUCTS, [], client="acme")


def test_stock_that_is_split_over_warehouses_is_written_to_ours(stocked: Loop) -> None:
    product = kite(stocked)
    split(product)
    count(stocked, 9, product.product_code)
    assert push(stocked) == ""
    row = pushed(stocked, product)
    assert (row["outcome"], product.amount) == ("refused", 50)
    assert "stock.store_location" in row["reason"]
    write_setup(stocked.settings.clients, "acme", stocked.url, stock={"store_location": 1})
    assert push(stocked) == ""
    assert (pushed(stocked, product)["outcome"], product.warehouses) == ("confirmed", {1: 9, 2: 0})


def test_several_products_with_one_code_all_get_the_figure_or_none_does(stocked: Loop) -> None:
    store, product = stocked.stores["acme"], kite(stocked)
    twin = Product(9001, product.product_code, "The same again", 100, amount=3)
    store.add_product(twin)
    assert push(stocked) == ""
    assert (product.amount, twin.amount) == (50, 50)
    write_setup(stocked.settings.clients, "acme", stocked.url, stock={"same_sku": "none"})
    count(stocked, 9, product.product_code)
    assert push(stocked) == ""
    assert (product.amount, twin.amount) == (50, 50)
    assert pushed(stocked, twin)["outcome"] == "several_products"
    write_setup(stocked.settings.clients, "acme", stocked.url, stock={"quantity": "available", "same_sku": "split"})
    assert push(stocked) == ""
    assert sorted((product.amount, twin.amount)) == [4, 5]
    assert "its share of 9 among 2 products with this code" in pushed(stocked, twin)["reason"]
    written = store.writes
    assert push(stocked) == ""
    assert store.writes == written
    store.place_order([(twin.product_id, 3)], customer=buyer(stocked))
    assert push(stocked) == ""
    assert (product.amount, twin.amount) == (3, 3)
    assert [said for said in stocked.disagreements() if product.product_code in said] == []


def test_a_share_is_raised_only_after_the_others_are_lowered(stocked: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    store, product = stocked.stores["acme"], kite(stocked)
    twin = Product(9001, product.product_code, "The same again", 100, amount=9)
    store.add_product(twin)
    setup = {"quantity": "available", "same_sku": "split", "change_limit": {"changed_percent": 100}}
    write_setup(stocked.settings.clients, "acme", stocked.url, stock=setup)
    count(stocked, 9, product.product_code)
    offered: list[int] = []
    product.amount, write = 0, store.set_amount

    def noted(product_id: int, amount: int) -> None:
        if product_id != refused:
            write(product_id, amount)
        offered.append(product.amount + twin.amount)

    monkeypatch.setattr(store, "set_amount", noted)
    refused = twin.product_id
    assert push(stocked) == ""
    assert (product.amount, twin.amount, set(offered)) == (0, 9, {9})
    assert (pushed(stocked, twin)["outcome"], pushed(stocked, product)["outcome"]) == ("refused", "moved")
    refused = 0
    assert push(stocked) == ""
    assert sorted((product.amount, twin.amount)) == [4, 5]
    assert max(offered) == 9


def test_the_checks_list_what_stays_wrong_and_what_only_one_side_knows(stocked: Loop) -> None:
    product = kite(stocked)
    split(product)
    count(stocked, 9, product.product_code)
    push(stocked)
    with stocked.services.platform_engine.begin() as connection:
        row = {"client": "acme", "sku": "ONLY-HERE", "on_hand": 1, "updated_at": datetime.now(UTC)}
        connection.execute(sa.insert(stock), [row])
    assert checks(stocked)["stock_drift"].passed
    _age_differences(stocked, DRIFT_AFTER)
    push(stocked)
    found = checks(stocked)
    assert not found["stock_drift"].passed
    assert [row["sku"] for row in listed(found["stock_drift"], "drift")] == [product.product_code]
    assert "ONLY-HERE" in [row["sku"] for row in listed(found["unknown_skus"], "unknown")]
    assert found["stock_conservation"].passed


def test_the_checks_tell_open_orders_of_what_nobody_counts(stocked: Loop) -> None:
    store, product = stocked.stores["acme"], kite(stocked)
    store.place_order([(product.product_id, 3)], customer=buyer(stocked))
    stocked.run("orders", "acme")
    with stocked.services.platform_engine.begin() as connection:
        connection.execute(sa.delete(stock).where(stock.c.sku == product.product_code))
    found = checks(stocked)
    assert found["stock_conservation"].passed
    unknown = listed(found["order_skus_known"], "unknown_to_the_warehouse")
    assert ("acme", product.product_code, "3") in [(row["client"], row["sku"], row["units"]) for row in unknown]


def _age_differences(loop: Loop, age: timedelta) -> None:
    rows = loop.services.lake.read(STOCK_PUSH, client="acme")
    for row in rows:
        row["differs_since"] = row["differs_since"] and row["differs_since"] - age
    loop.services.lake.write(STOCK_PUSH, rows, client="acme")

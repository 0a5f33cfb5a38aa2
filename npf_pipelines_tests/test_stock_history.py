"""Stock over weeks: what a push remembers, SKUs that leave the count, old orders, and store locations."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa

from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.outcomes import StockOutcome
from npf_pipelines.domain.store_orders import UnreadableOrder
from npf_pipelines.lake.tables import OLD_HOLDS, PUSHED_SKUS, STOCK_PUSH
from npf_pipelines.platform.tables import stock
from npf_pipelines.reconcile import amounts
from npf_pipelines.rules.orders import TEST_SKUS
from npf_pipelines.runs.failures import ChangeLimitExceeded
from npf_pipelines.sandbox.model import Product
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines.state.lease import Lease, LeaseLost
from npf_pipelines.state.open_items import read_open_items
from npf_pipelines_tests.loop import Loop, write_setup
from npf_pipelines_tests.parcel_world import parcel_world
from npf_pipelines_tests.stock_steps import buyer, checks, count, kite, listed, push, pushed, split


def uncount(loop: Loop, *skus: str) -> None:
    """The warehouse's rows of these SKUs vanish; all if none is named."""
    gone = sa.delete(stock).where(stock.c.client == "acme")
    with loop.services.platform_engine.begin() as connection:
        connection.execute(gone.where(stock.c.sku.in_(skus)) if skus else gone)


def recount(loop: Loop, on_hand: int, *skus: str) -> None:
    """The warehouse's rows of these SKUs come back."""
    now = datetime.now(UTC)
    rows = [{"client": "acme", "sku": sku, "on_hand": on_hand, "updated_at": now} for sku in skus]
    with loop.services.platform_engine.begin() as connection:
        connection.execute(sa.insert(stock), rows)


def setup(loop: Loop, **fields: object) -> None:
    write_setup(loop.settings.clients, "acme", loop.url, stock=fields)


def open_kinds(loop: Loop) -> dict[str, tuple[int, str]]:
    return {one.kind: (one.rows, one.first) for one in read_open_items(loop.services.state) if one.client == "acme"}


# Quantities pushed before


def test_after_a_count_over_the_limit_is_mended_the_next_push_is_not_the_first(stocked: Loop) -> None:
    product = kite(stocked)
    count(stocked, 0)
    assert "the change limit was exceeded" in push(stocked)
    count(stocked, 50)
    count(stocked, 60, product.product_code)
    assert push(stocked) == ""
    assert product.amount == 60


def test_after_an_outage_with_all_skus_due_the_next_push_is_not_the_first(
    stocked: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = stocked.stores["acme"]
    count(stocked, 49)
    plain = SandboxStore.set_amount

    def closed(self: SandboxStore, product_id: int, amount: int) -> None:
        store.switched_off = True
        plain(self, product_id, amount)

    with monkeypatch.context() as outage:
        outage.setattr(SandboxStore, "set_amount", closed)
        assert "wait for the store" in push(stocked, override_change_limit=True)
    store.switched_off = False
    assert "the first push" not in push(stocked)
    assert push(stocked, override_change_limit=True) == ""


def test_after_a_first_push_that_was_cut_off_the_next_is_not_the_first(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = loop.stores["acme"]
    loop.floor.count("acme", store.skus(), datetime.now(UTC))
    assert "the first push" in push(loop)
    plain = Lease.check

    def lost(self: Lease) -> None:
        if store.writes > 5:
            raise LeaseLost("another run has the lease")
        plain(self)

    with monkeypatch.context() as cut_off:
        cut_off.setattr(amounts, "_NEW_AT_ONCE", 3)
        cut_off.setattr(Lease, "check", lost)
        assert "another run has the lease" in push(loop, override_change_limit=True)
    assert store.writes > 0
    assert "the first push" not in push(loop)


def test_after_an_empty_feed_the_next_push_is_not_the_first(stocked: Loop) -> None:
    product, skus = kite(stocked), stocked.stores["acme"].skus()
    uncount(stocked)
    assert push(stocked) == ""
    recount(stocked, 50, *skus)
    count(stocked, 60, product.product_code)
    assert push(stocked) == ""
    assert product.amount == 60


def test_stock_turned_off_for_a_while_is_no_new_beginning(stocked: Loop) -> None:
    product = kite(stocked)
    setup(stocked, quantity="off")
    assert push(stocked) == ""
    setup(stocked)
    count(stocked, 60, product.product_code)
    assert push(stocked) == ""
    assert product.amount == 60


@pytest.mark.parametrize("between", ["off", "a count over the limit", "nothing"])
def test_a_client_that_was_pushed_before_the_history_existed_counts_as_pushed(stocked: Loop, between: str) -> None:
    product = kite(stocked)
    (stocked.settings.data / f"lake/{PUSHED_SKUS.name}/client=acme/part.parquet").unlink()
    if between == "off":
        setup(stocked, quantity="off")
        assert push(stocked) == ""
        setup(stocked)
    if between == "a count over the limit":
        count(stocked, 0)
        assert "the change limit was exceeded" in push(stocked)
        count(stocked, 50)
    count(stocked, 60, product.product_code)
    assert push(stocked) == ""
    assert product.amount == 60


async def test_after_a_trial_the_next_push_is_the_first_although_its_amounts_were_right_by_chance(
    tmp_path: Path,
) -> None:
    with parcel_world(tmp_path) as world:
        kite, drum = world.store.products[1], world.store.products[2]
        world.count(KITE=kite.amount, DRUM=drum.amount)
        for _ in range(2):
            rows = await world.push_stock(in_trial=True)
            assert {row["outcome"] for row in rows.values()} == {StockOutcome.ALREADY_RIGHT}
        kite.amount += 1
        with pytest.raises(ChangeLimitExceeded, match="the first push to this store"):
            await world.push_stock(override=False)
        await world.push_stock()
        # The history of a live client outlives a trial.
        await world.push_stock(in_trial=True)
        kite.amount += 1
        rows = await world.push_stock(override=False)
        assert rows["KITE"]["outcome"] == StockOutcome.CONFIRMED


# Small shops


def test_most_of_a_small_shop_is_not_set_to_0_without_a_person(stocked: Loop) -> None:
    store = stocked.stores["acme"]
    eight = [kite(stocked).product_code, *sorted(set(store.skus()) - TEST_SKUS)[:7]]
    uncount(stocked)
    recount(stocked, 50, *eight)
    assert push(stocked) == ""
    written = store.writes
    count(stocked, 0, *eight[:7])
    assert "to 0" in push(stocked)
    assert store.writes == written
    assert push(stocked, override_change_limit=True) == ""
    assert kite(stocked).amount == 0


# SKUs that leave the count


def test_a_sku_that_left_the_count_has_another_outcome_than_one_that_was_never_there(stocked: Loop) -> None:
    store, product = stocked.stores["acme"], kite(stocked)
    never = Product(9001, "NEVER-HERE", "Never here", 100, amount=3)
    store.add_product(never)
    uncount(stocked, product.product_code)
    assert push(stocked) == ""
    row = pushed(stocked, product)
    assert (row["outcome"], row["before"], product.amount) == ("left_warehouse", 50, 50)
    assert "no longer counts it" in row["reason"]
    assert pushed(stocked, never)["outcome"] == "not_in_warehouse"
    assert open_kinds(stocked)["sku_left_warehouse"] == (1, product.product_code)
    unknown = listed(checks(stocked)["unknown_skus"], "unknown")
    assert {row["sku"]: row["outcome"] for row in unknown}[product.product_code] == "left_warehouse"
    # It stays so in the runs to come, and ends when the warehouse counts it again.
    assert push(stocked) == ""
    assert pushed(stocked, product)["outcome"] == "left_warehouse"
    recount(stocked, 50, product.product_code)
    assert push(stocked) == ""
    assert pushed(stocked, product)["outcome"] == "already_right"
    assert "sku_left_warehouse" not in open_kinds(stocked)


def test_a_product_that_the_store_has_disabled_needs_nobody_when_it_leaves_the_count(stocked: Loop) -> None:
    product = kite(stocked)
    uncount(stocked, product.product_code)
    product.status = "D"
    assert push(stocked) == ""
    assert pushed(stocked, product)["outcome"] == "not_in_warehouse"


def test_a_sku_that_left_the_count_is_set_to_0_where_the_setup_says_so(stocked: Loop) -> None:
    product = kite(stocked)
    setup(stocked, missing_sku="zero")
    uncount(stocked, product.product_code)
    for _ in range(2):
        assert push(stocked) == ""
        row = pushed(stocked, product)
        assert (row["outcome"], product.amount) == ("left_warehouse", 0)
        assert open_kinds(stocked)["sku_left_warehouse"] == (1, product.product_code)


def test_all_stock_rows_vanish_and_nothing_is_set_to_0_without_a_person(stocked: Loop) -> None:
    store = stocked.stores["acme"]
    uncount(stocked)
    assert push(stocked) == ""
    rows, _ = open_kinds(stocked)["sku_left_warehouse"]
    assert rows > 10
    # The same of the last product that is on sale, where the setup sets what is missing to 0.
    setup(stocked, missing_sku="zero")
    for one in store.products.values():
        one.status = "A" if one is kite(stocked) else "D"
    written = store.writes
    assert "counts no SKU of this client any more" in push(stocked)
    assert store.writes == written
    assert pushed(stocked, kite(stocked))["outcome"] == "braked"


# Orders that grow old


def test_an_order_is_a_row_for_a_person_before_its_units_are_offered_again(stocked: Loop) -> None:
    store, product = stocked.stores["acme"], kite(stocked)
    start = (datetime.now(UTC) - timedelta(days=60)).date()
    write_setup(stocked.settings.clients, "acme", stocked.url, orders={"start_date": start})
    order_id = store.place_order([(product.product_id, 3)], customer=buyer(stocked), status="O")

    def grown(days: float) -> str:
        order = store.orders[order_id]
        store.remove_order(order_id)
        order.timestamp = int((datetime.now(UTC) - timedelta(days=days)).timestamp())
        store.add_order(order)
        return push(stocked)

    assert grown(26) == ""
    assert product.amount == 47
    assert "sku_held_by_old_order" not in open_kinds(stocked)
    # Three days before, there is a row for a person; its units are held for at least so long after it.
    for days in (27.5, 31, 33):
        assert grown(days) == ""
        assert product.amount == 47
        assert open_kinds(stocked)["sku_held_by_old_order"] == (1, product.product_code)
        ((reason,),) = stocked.rows("SELECT reason FROM old_holds")
        assert f"the order {order_id} " in reason
        assert f"holds 3 {product.product_code} " in reason
    _notice_earlier(stocked, timedelta(days=4))
    assert grown(34) == ""
    assert product.amount == 50
    assert open_kinds(stocked)["sku_held_by_old_order"] == (1, product.product_code)
    # It is over once the order is dealt with.
    store.change_status(order_id, "I")
    assert push(stocked) == ""
    assert "sku_held_by_old_order" not in open_kinds(stocked)


def old_order(loop: Loop) -> int:
    """An order of 28 days ago that a push has noticed."""
    store = loop.stores["acme"]
    start = (datetime.now(UTC) - timedelta(days=60)).date()
    write_setup(loop.settings.clients, "acme", loop.url, orders={"start_date": start})
    placed = int((datetime.now(UTC) - timedelta(days=28)).timestamp())
    order_id = store.place_order([(kite(loop).product_id, 3)], customer=buyer(loop), status="O", timestamp=placed)
    assert push(loop) == ""
    assert "sku_held_by_old_order" in open_kinds(loop)
    return order_id


def test_a_setup_that_turns_stock_off_ends_what_is_held(stocked: Loop) -> None:
    old_order(stocked)
    setup(stocked, quantity="off")
    assert push(stocked) == ""
    assert stocked.rows("SELECT * FROM old_holds WHERE client = 'acme'") == []
    assert "sku_held_by_old_order" not in open_kinds(stocked)


def test_an_old_order_that_cannot_be_read_once_stays_known(stocked: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    order_id = str(old_order(stocked))
    known = stocked.rows("SELECT * FROM old_holds")
    plain = Store.orders_by_id

    async def unread(self: Store, order_ids: Any) -> Any:
        orders = dict(await plain(self, order_ids))
        if order_id in orders:
            orders[order_id] = UnreadableOrder(order_id=order_id, status="O", placed_at=None, reason="total is odd")
        return orders

    with monkeypatch.context() as failing:
        failing.setattr(Store, "orders_by_id", unread)
        assert push(stocked) == ""
    assert stocked.rows("SELECT * FROM old_holds") == known
    assert "sku_held_by_old_order" in open_kinds(stocked)


def test_units_offered_again_before_the_upgrade_are_not_held_again(stocked: Loop) -> None:
    store, product = stocked.stores["acme"], kite(stocked)
    start = (datetime.now(UTC) - timedelta(days=60)).date()
    write_setup(stocked.settings.clients, "acme", stocked.url, orders={"start_date": start})
    placed = int((datetime.now(UTC) - timedelta(days=32)).timestamp())
    store.place_order([(product.product_id, 3)], customer=buyer(stocked), status="O", timestamp=placed)
    (stocked.settings.data / f"lake/{OLD_HOLDS.name}/client=acme/part.parquet").unlink()
    assert push(stocked) == ""
    assert product.amount == 50
    assert open_kinds(stocked)["sku_held_by_old_order"] == (1, product.product_code)


def _notice_earlier(loop: Loop, age: timedelta) -> None:
    rows = loop.services.lake.read(OLD_HOLDS, client="acme")
    rows = [row | {name: row[name] - age for name in ("noticed_at", "offered_at")} for row in rows]
    loop.services.lake.write(OLD_HOLDS, rows, client="acme")


# Store locations


@pytest.mark.parametrize("shown", [True, False], ids=["shares shown", "total only"])
def test_a_right_location_is_left_alone_and_a_wrong_one_written_once(stocked: Loop, shown: bool) -> None:
    store, product = stocked.stores["acme"], kite(stocked)
    product.warehouses, product.amount = {1: 9, 2: 41}, 50
    store.shows_shares = shown
    setup(stocked, store_location=1)
    count(stocked, 9, product.product_code)
    assert push(stocked) == ""
    # Where only the total shows, the first write shows how much of it is elsewhere.
    assert pushed(stocked, product)["outcome"] == ("already_right" if shown else "confirmed")
    for on_hand in (9, 30, 30, 50, 50, 7):
        count(stocked, on_hand, product.product_code)
        written, was = store.writes, product.warehouses[1]
        assert push(stocked) == ""
        assert product.warehouses == {1: on_hand, 2: 41}
        assert store.writes - written == (was != on_hand)
        row = pushed(stocked, product)
        assert row["outcome"] == ("already_right" if was == on_hand else "confirmed")
        assert row["before"] == was
        assert "store location 1" in row["reason"]
    assert [one for one in stocked.disagreements() if one.startswith(f"acme: {product.product_code} ")] == []


def test_the_total_is_not_taken_for_a_locations_amount(stocked: Loop) -> None:
    product = kite(stocked)
    product.warehouses, product.amount = {1: 40, 2: 10}, 50
    setup(stocked, store_location=1)
    assert push(stocked) == ""
    assert (pushed(stocked, product)["outcome"], product.warehouses) == ("confirmed", {1: 50, 2: 10})


def test_another_location_that_somebody_fills_costs_one_write_and_no_wrong_amount(stocked: Loop) -> None:
    store, product = stocked.stores["acme"], kite(stocked)
    split(product)
    store.shows_shares = False
    setup(stocked, store_location=1)
    count(stocked, 9, product.product_code)
    assert push(stocked) == ""
    store.set_warehouse_amounts(product.product_id, {2: 5})
    assert push(stocked) == ""
    written = store.writes
    assert push(stocked) == ""
    assert (product.warehouses, store.writes) == ({1: 9, 2: 5}, written)


def test_what_was_learnt_of_one_location_says_nothing_of_another(stocked: Loop) -> None:
    store, product = stocked.stores["acme"], kite(stocked)
    split(product)
    store.shows_shares = False
    setup(stocked, store_location=1)
    count(stocked, 9, product.product_code)
    assert push(stocked) == ""
    setup(stocked, store_location=2)
    assert push(stocked) == ""
    assert product.warehouses == {1: 9, 2: 9} or "compared with its total" in pushed(stocked, product)["reason"]


def test_a_location_that_the_store_does_not_have_is_refused(stocked: Loop) -> None:
    product = kite(stocked)
    split(product)
    setup(stocked, store_location=7)
    count(stocked, 9, product.product_code)
    assert push(stocked) == ""
    row = pushed(stocked, product)
    assert (row["outcome"], product.warehouses) == ("refused", {1: 50, 2: 0})
    assert "store location 7" in row["reason"]


@pytest.mark.parametrize("shown", [True, False], ids=["shares shown", "total only"])
def test_where_all_locations_sell_their_amounts_add_up_to_the_figure(stocked: Loop, shown: bool) -> None:
    store, product = stocked.stores["acme"], kite(stocked)
    product.warehouses, product.amount = {1: 40, 2: 41}, 81
    store.shows_shares = shown
    setup(stocked, store_location=[1, 2])
    for on_hand in (9, 30):
        count(stocked, on_hand, product.product_code)
        assert push(stocked) == ""
        assert pushed(stocked, product)["outcome"] == "confirmed"
        assert product.warehouses == {1: (on_hand + 1) // 2, 2: on_hand // 2}
    store.place_order([(product.product_id, 3)], customer=buyer(stocked))
    written, left = store.writes, dict(product.warehouses)
    assert push(stocked) == ""
    assert (sum(left.values()), product.warehouses, store.writes) == (27, left, written)
    assert [said for said in stocked.disagreements() if product.product_code in said] == []


def test_a_sale_from_a_split_product_is_known(stocked: Loop) -> None:
    store, product = stocked.stores["acme"], kite(stocked)
    split(product)
    setup(stocked, store_location=1)
    store.place_order([(product.product_id, 3)], customer=buyer(stocked))
    written = store.writes
    assert push(stocked) == ""
    assert (product.warehouses, store.writes) == ({1: 47, 2: 0}, written)


def test_partitions_of_a_split_store_settle(stocked: Loop) -> None:
    split(kite(stocked))
    setup(stocked, store_location=1)
    for _ in range(3):
        assert push(stocked) == ""
    records = stocked.instance.fetch_materializations(dg.AssetKey(STOCK_PUSH.name), limit=10).records
    assert len(records) <= 2

"""A run of single orders: the work is done for them alone, and the other rows of their days stay as they are."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa

from npf_pipelines.automation.launch import launch
from npf_pipelines.domain.days import day_of
from npf_pipelines.lake.tables import FILTERED_ORDERS, PLATFORM_ORDERS, RAW_ORDERS, SHIPMENT_RECORDS, TRACKING_PUSH
from npf_pipelines.platform.tables import shipments
from npf_pipelines.state.health import read_health
from npf_pipelines_tests.loop import Loop, copied_loop
from npf_pipelines_tests.order_steps import on_platform, place, platform_row, redate, tables_agree, today
from npf_pipelines_tests.shared_worlds import SharedWorlds, pull

ORDER_TABLES = (RAW_ORDERS, FILTERED_ORDERS, PLATFORM_ORDERS)


@pytest.fixture
def pulled(worlds: SharedWorlds, tmp_path: Path) -> Iterator[Loop]:
    """A world all of whose orders have been pulled."""
    with copied_loop(worlds.of(pull, "acme"), tmp_path) as world:
        yield world


def named(loop: Loop, flow: str, *names: object, client: str = "acme", **config: bool) -> str:
    """Run a flow for orders that are named; what failed."""
    orders = [str(name) for name in names]
    return launch(loop.defs, loop.instance, f"{flow}_job", [client], None, orders=orders, **config).failure


def day_rows(loop: Loop, table: Any, day: date) -> dict[str, dict[str, Any]]:
    key = table.key[-1]
    return {row[key]: row for row in loop.services.lake.read_if_written(table, client="acme", day=day)}


def status(loop: Loop, asset: str, day: date) -> str:
    """How Dagster shows a partition of the client's."""
    partitions = loop.defs.resolve_asset_graph().get(dg.AssetKey(asset)).partitions_def
    assert partitions is not None
    key = f"acme|{day}"
    found = loop.instance.get_status_by_partition(dg.AssetKey(asset), [key], partitions)
    return getattr(found[key], "name", "") if found else ""


def day_of_order(loop: Loop, order_id: int) -> date:
    moment = datetime.fromtimestamp(loop.stores["acme"].orders[order_id].timestamp, UTC)
    return day_of(moment, loop.services.setups()["acme"].zone)


def test_one_order_follows_the_store_and_its_neighbours_stay(pulled: Loop) -> None:
    store = pulled.stores["acme"]
    first, second = place(store, status="F"), place(store, status="F")
    day = day_of_order(pulled, first)
    assert [run.failure for run in pulled.run("orders", "acme")] == [""]
    for order_id in (first, second):
        store.change_status(order_id, "P")
    before = {table.name: day_rows(pulled, table, day) for table in ORDER_TABLES}
    assert named(pulled, "orders", first) == ""
    assert set(on_platform(pulled).values()) >= {str(first)}
    assert str(second) not in on_platform(pulled).values()
    for table in ORDER_TABLES:
        after = day_rows(pulled, table, day)
        mine = {str(first), f"CS{first}"}
        assert {key: row for key, row in after.items() if key not in mine} == {
            key: row for key, row in before[table.name].items() if key not in mine
        }
        assert after.keys() == before[table.name].keys() | ({f"CS{first}"} if table is PLATFORM_ORDERS else set())
    decided = day_rows(pulled, FILTERED_ORDERS, day)[str(first)]
    assert decided["decision"] == "accepted"
    (earlier,) = decided["earlier"]
    assert (earlier["decision"], earlier["decided_at"] < decided["decided_at"]) == ("rejected", True)
    assert status(pulled, "platform_orders", day) == "MATERIALIZED"
    assert read_health(pulled.services.state, "orders")["acme", "orders"].last_success_at < decided["decided_at"]
    pulled.run("orders", "acme")
    assert str(second) in on_platform(pulled).values()
    tables_agree(pulled)


def test_an_order_that_moved_or_is_gone_leaves_no_row_behind(pulled: Loop) -> None:
    store = pulled.stores["acme"]
    moved, gone = place(store, days=2), place(store, days=2)
    assert [run.failure for run in pulled.run("orders", "acme")] == [""]
    old_day = day_of_order(pulled, moved)
    redate(store, moved, days=1)
    store.remove_order(gone)
    assert named(pulled, "orders", f"CS{moved}", gone) == ""
    new_day = day_of_order(pulled, moved)
    assert new_day != old_day
    for table, key in zip(ORDER_TABLES, (str(moved), str(moved), f"CS{moved}"), strict=True):
        assert key not in day_rows(pulled, table, old_day)
        assert key in day_rows(pulled, table, new_day)
    found = day_rows(pulled, PLATFORM_ORDERS, old_day)[f"CS{gone}"]
    assert found["outcome"] != "imported"
    assert [run.failure for run in pulled.run("orders", "acme")] == [""]
    assert day_rows(pulled, PLATFORM_ORDERS, old_day)[f"CS{gone}"] == found
    tables_agree(pulled)


def test_an_order_of_a_day_that_was_never_pulled_comes_alone(loop: Loop) -> None:
    store = loop.stores["acme"]
    alone, other = place(store), place(store)
    day = day_of_order(loop, alone)
    store.switched_off = True
    assert [run.failure for run in loop.run("orders", "acme", days=(day, day))] != [""]
    store.switched_off = False
    assert "dry" not in named(loop, "orders", alone, dry_run=True)
    assert on_platform(loop) == {}
    assert named(loop, "orders", alone, alone) == ""
    assert on_platform(loop) == {f"CS{alone}": str(alone)}
    # The day still counts as failed, and as not pulled.
    assert status(loop, "platform_orders", day) == "FAILED"
    assert loop.services.lake.days(RAW_ORDERS, client="acme") == []
    assert [run.failure for run in loop.run("orders", "acme")] == [""]
    assert {f"CS{alone}", f"CS{other}"} <= on_platform(loop).keys()
    tables_agree(loop)


def test_the_day_that_a_person_selects_for_it_stays_as_it_was(pulled: Loop) -> None:
    day = day_of_order(pulled, place(pulled.stores["acme"], days=1))
    assert status(pulled, "platform_orders", day) == "MATERIALIZED"
    ends = dict.fromkeys(("dagster/asset_partition_range_start", "dagster/asset_partition_range_end"), f"acme|{day}")
    for name, went in ((99_999_999, False), (place(pulled.stores["acme"], days=2), True)):
        result = pulled.defs.resolve_job_def("orders_job").execute_in_process(
            instance=pulled.instance,
            tags=ends,
            run_config={"ops": {"orders": {"config": {"orders": [str(name)]}}}},
            raise_on_error=False,
        )
        assert result.success is went
        for table in ORDER_TABLES:
            assert status(pulled, table.name, day) == "MATERIALIZED"


def test_an_order_placed_before_the_first_pulled_day_is_followed(loop: Loop) -> None:
    store = loop.stores["acme"]
    early, between = place(store, days=3), place(store, days=2)
    assert today(loop) == [""]
    assert named(loop, "orders", early) == ""
    store.change_status(early, "I")
    assert today(loop) == [""]
    assert platform_row(loop, early)["status"] == "cancelled"
    assert str(between) not in on_platform(loop).values()


def test_an_order_that_can_not_be_run_says_why(pulled: Loop) -> None:
    early = place(pulled.stores["acme"], days=40)
    before = on_platform(pulled)
    said = named(pulled, "orders", 99_999_999, early, "../users")
    assert "the store has no order 99999999, and no run has ever pulled one" in said
    assert f"order {early} was placed on" in said
    assert "before the order start date" in said
    assert "the store has no order ../users" in said
    assert on_platform(pulled) == before
    assert "the platform has no order 99999999" in named(pulled, "shipments", 99_999_999)
    number = next(iter(before))
    assert f"the warehouse has lodged no shipment of order {number} (imported) yet" in named(
        pulled, "shipments", before[number]
    )
    assert (
        "leave out first_day and last_day"
        in launch(pulled.defs, pulled.instance, "orders_job", ["acme"], pulled.days, orders=["1"]).failure
    )
    assert "shipments" not in {flow for _, flow in read_health(pulled.services.state)}


def test_shipments_of_one_order_are_pushed_and_the_others_wait(pulled: Loop) -> None:
    pulled.work()
    with pulled.services.platform_engine.connect() as connection:
        lodged = connection.execute(sa.select(shipments).where(shipments.c.client == "acme")).all()
    number = lodged[0].order_number
    mine = {row.shipment_id for row in lodged if row.order_number == number}
    assert len(mine) < len(lodged)
    known = set(pulled.stores["acme"].shipments)
    assert named(pulled, "shipments", number.removeprefix("CS")) == ""
    made = {each.order_id for key, each in pulled.stores["acme"].shipments.items() if key not in known}
    assert {f"CS{order_id}" for order_id in made} == {number}
    assert set(pulled.rows("SELECT shipment_id FROM tracking_push")) == {(each,) for each in mine}
    assert [run.failure for run in pulled.run("shipments", "acme")] == [""]
    per_order = Counter(each.order_id for each in pulled.stores["acme"].shipments.values())
    assert set(pulled.rows("SELECT shipment_id FROM tracking_push")) == {(row.shipment_id,) for row in lodged}
    assert per_order[int(number.removeprefix("CS"))] == len(mine)
    # The warehouse corrects two; one of them is run again.
    other = next(row for row in lodged if row.order_number != number)
    day = day_of(other.lodged_at, pulled.services.setups()["acme"].zone)
    with pulled.services.platform_engine.begin() as connection:
        connection.execute(sa.update(shipments).where(shipments.c.client == "acme").values(tracking_number="NEW"))
    before = {table.name: day_rows(pulled, table, day) for table in (SHIPMENT_RECORDS, TRACKING_PUSH)}
    assert named(pulled, "shipments", other.order_number) == ""
    for table in (SHIPMENT_RECORDS, TRACKING_PUSH):
        after = day_rows(pulled, table, day)
        same = [key for key, row in after.items() if row["order_number"] != other.order_number]
        assert {key: after[key] for key in same} == {key: before[table.name][key] for key in same}
        assert after.keys() == before[table.name].keys()
    assert pulled.rows("SELECT DISTINCT order_number FROM shipment_records WHERE tracking_number = 'NEW'") == [
        (other.order_number,)
    ]
    assert status(pulled, "tracking_push", day) == "MATERIALIZED"

"""The whole loop over real parts: every arrow carries data, and a second time nothing is written."""

from datetime import timedelta

import dagster as dg
import pytest

from npf_pipelines.lake.tables import TABLES
from npf_pipelines.runs.partitions import day_key
from npf_pipelines_tests.loop import Loop

PROMISED_COLUMNS = {
    "raw_orders": "client, day, order_id, status, placed_at",
    "filtered_orders": "client, day, order_id, order_number, decision, reason",
    "platform_orders": "client, day, order_number, outcome, reason",
    "shipment_records": "client, day, shipment_id, order_number, carrier, tracking_number, tracking_url, lodged_at",
    "tracking_push": "client, day, shipment_id, order_number, outcome, reason, store_shipment_id, order_status",
    "stock_snapshots": "client, sku, on_hand, available, taken_at",
    "stock_push": "client, sku, wanted, before, outcome, reason",
}


def test_store_platform_and_lake_agree(completed: Loop) -> None:
    assert completed.disagreements() == []


@pytest.mark.parametrize("table", PROMISED_COLUMNS)
def test_each_table_has_the_columns_that_others_rely_on(completed: Loop, table: str) -> None:
    assert completed.rows(f"SELECT {PROMISED_COLUMNS[table]} FROM {table} LIMIT 1")  # noqa: S608


def test_every_order_of_the_store_has_one_decision_with_a_reason(completed: Loop) -> None:
    seen = completed.rows("SELECT client, order_id FROM raw_orders ORDER BY ALL")
    decided = completed.rows("SELECT client, order_id FROM filtered_orders WHERE reason <> '' ORDER BY ALL")
    assert seen == decided
    assert len(seen) == len(set(seen))
    assert {decision for (decision,) in completed.rows("SELECT DISTINCT decision FROM filtered_orders")} >= {
        "accepted",
        "rejected",
    }


def test_an_order_is_on_the_day_it_was_placed_in_the_clients_zone(completed: Loop) -> None:
    assert completed.rows("SELECT count(*) FROM raw_orders") != [(0,)]
    assert (
        completed.rows("SELECT * FROM raw_orders WHERE day <> (placed_at AT TIME ZONE 'Australia/Sydney')::DATE") == []
    )


@pytest.mark.parametrize("asset", PROMISED_COLUMNS)
def test_every_partition_of_the_run_is_materialized(completed: Loop, asset: str) -> None:
    done = completed.instance.get_materialized_partitions(dg.AssetKey(asset))
    if TABLES[asset].by_day:
        first, last = completed.days
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        assert done == {str(day_key(client, day)) for client in completed.stores for day in days}
    else:
        assert done == set(completed.stores)


@pytest.mark.parametrize("family", ["orders", "shipments", "stock"])
def test_a_job_run_twice_writes_nothing_the_second_time(completed: Loop, fresh: Loop, family: str) -> None:
    assert min(store.writes for store in completed.stores.values()) > 0
    assert [one.failure for one in fresh.run(family)] == [""]
    assert {client: store.writes for client, store in fresh.stores.items()} == {"acme": 0, "bolt": 0}
    assert min(store.requests for store in fresh.stores.values()) > 0
    assert fresh.disagreements() == []


def test_what_was_imported_stays_accepted_when_the_store_moves_it_on(fresh: Loop) -> None:
    accepted = "SELECT client, order_id FROM filtered_orders WHERE decision = 'accepted' ORDER BY ALL"
    before = fresh.rows(accepted)
    fresh.run("orders")
    assert before == fresh.rows(accepted)


def test_one_client_and_one_day_can_be_run_alone(loop: Loop) -> None:
    day = loop.days[1]
    assert [one.failure for one in loop.run("orders", "bolt", days=(day, day))] == [""]
    assert loop.instance.get_materialized_partitions(dg.AssetKey("platform_orders")) == {f"bolt|{day}"}
    assert loop.stores["acme"].requests == 0


def test_one_asset_of_a_family_can_be_made_alone_from_what_the_lake_has(fresh: Loop) -> None:
    day = fresh.days[1]
    job = fresh.defs.resolve_job_def("orders_job")
    result = job.execute_in_process(
        instance=fresh.instance, partition_key=f"acme|{day}", asset_selection=[dg.AssetKey("platform_orders")]
    )
    assert [event.asset_key for event in result.get_asset_materialization_events()] == [dg.AssetKey("platform_orders")]
    assert fresh.stores["acme"].requests == 0


def test_an_asset_whose_upstream_was_never_made_says_what_to_run(loop: Loop) -> None:
    loop.instance.add_dynamic_partitions("clients", ["acme"])
    day = loop.days[1]
    result = loop.defs.resolve_job_def("orders_job").execute_in_process(
        instance=loop.instance,
        partition_key=f"acme|{day}",
        asset_selection=[dg.AssetKey("platform_orders")],
        raise_on_error=False,
    )
    failure = result.failure_data_for_node("orders")
    assert failure is not None
    assert failure.user_failure_data is not None
    assert f"raw_orders of acme for {day} has not been made yet" in str(failure.user_failure_data.description)

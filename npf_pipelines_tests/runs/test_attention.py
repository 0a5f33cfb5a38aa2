"""Partitions in the UI: what needs manual review, where columns come from, why a partition failed."""

import dagster as dg
import pandas as pd
import pytest

from npf_pipelines.lake.tables import FILTERED_ORDERS, RAW_ORDERS, STOCK_PUSH, TABLES, TRACKING_PUSH
from npf_pipelines.runs.attention import attention_metadata
from npf_pipelines.runs.lineage import column_lineage
from npf_pipelines_tests.builders import row
from npf_pipelines_tests.loop import Loop

STORE = "https://shop.acme.example"


def reported(table: object, *rows: dict[str, object]) -> tuple[object, str]:
    metadata = attention_metadata(table, pd.DataFrame(rows), STORE, lambda numbers: dict.fromkeys(numbers, "7"))  # type: ignore[arg-type]
    listed = metadata.get("for_a_person")
    return metadata["needs_a_person"].value, str(listed.value) if listed else ""


def test_an_order_that_wants_a_person_is_linked_to_its_page_in_the_store() -> None:
    aside = row(FILTERED_ORDERS, decision="set_aside", order_id="12", order_number="CS12", reason="no country")
    count, listed = reported(FILTERED_ORDERS, aside, row(FILTERED_ORDERS, decision="accepted"))
    assert count == 1
    assert f"[CS12]({STORE}/admin.php?dispatch=orders.details&order_id=12)" in listed
    assert "no country" in listed


def test_a_shipments_order_is_found_by_what_the_platform_knows_of_it() -> None:
    refused = row(TRACKING_PUSH, outcome="refused", order_number="CS12")
    assert "order_id=7)" in reported(TRACKING_PUSH, refused)[1]


def test_a_refused_status_of_a_withdrawn_shipment_needs_nobody() -> None:
    refused = row(TRACKING_PUSH, outcome="confirmed", status_outcome="refused", order_number="CS12")
    assert reported(TRACKING_PUSH, refused)[0] == 1
    assert reported(TRACKING_PUSH, refused | {"outcome": "withdrawn"})[0] == 0


def test_text_of_a_store_is_no_markup() -> None:
    hostile = row(STOCK_PUSH, outcome="not_in_store", sku="<img src=x>|[a](b)", reason="r")
    listed = reported(STOCK_PUSH, hostile)[1]
    assert "\\<img src=x\\>\\|\\[a\\]\\(b\\)" in listed


def test_nothing_to_do_is_a_zero() -> None:
    assert reported(STOCK_PUSH, row(STOCK_PUSH, outcome="confirmed")) == (0, "")


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_lineage_names_columns_that_exist(table: object) -> None:
    for lineage in column_lineage(table).values():  # type: ignore[arg-type]
        for column, deps in lineage.deps_by_column.items():
            assert column in table.schema.columns  # type: ignore[attr-defined]
            for dep in deps:
                assert dep.column_name in TABLES[dep.asset_key.to_user_string()].schema.columns


def test_a_partition_that_the_change_limit_stopped_says_so_and_shows_its_rows(loop: Loop) -> None:
    loop.floor.count("acme", loop.stores["acme"].skus(), pd.Timestamp.now("UTC").to_pydatetime())
    loop.run("stock", "acme")
    (seen,) = loop.instance.fetch_observations(dg.AssetKey("stock_push"), limit=1).records
    observed = seen.event_log_entry.asset_observation
    assert observed is not None
    assert observed.partition == "acme"
    assert str(observed.description).startswith("Not made: the change limit was exceeded: the first push")
    assert observed.metadata["outcome braked"].value > 0  # type: ignore[operator]
    assert "braked" in str(observed.metadata["for_a_person"].value)


def test_a_made_partition_leads_to_its_store(completed: Loop) -> None:
    (seen, *_) = completed.instance.fetch_materializations(dg.AssetKey(RAW_ORDERS.name), limit=1).records
    made = seen.event_log_entry.asset_materialization
    assert made is not None
    assert str(made.metadata["store"].value).startswith(completed.url)

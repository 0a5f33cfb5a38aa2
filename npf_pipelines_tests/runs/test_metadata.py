"""A partition's metadata in the UI."""

import dagster as dg
import pandas as pd

from npf_pipelines.lake.table import Table
from npf_pipelines.lake.tables import FILTERED_ORDERS, RAW_ORDERS, STOCK_PUSH, STOCK_SNAPSHOTS
from npf_pipelines.runs.metadata import partition_metadata
from npf_pipelines_tests.builders import NOON, row


def reported(table: Table, *rows: dict[str, object]) -> dict[str, dg.MetadataValue]:
    partition = {"client": "acme"} | ({"day": NOON.date()} if table.by_day else {})
    return partition_metadata(table, table.frame([dict(one) for one in rows], partition))


def test_what_happened_counts_by_outcome_the_most_first_with_the_most_frequent_reason() -> None:
    happened = reported(
        STOCK_PUSH,
        row(STOCK_PUSH, sku="A", outcome="no_code", reason="no code"),
        row(STOCK_PUSH, sku="B", outcome="confirmed", reason="3 wanted"),
        row(STOCK_PUSH, sku="C", outcome="confirmed", reason="7 wanted"),
        row(STOCK_PUSH, sku="D", outcome="confirmed", reason="7 wanted"),
    )["what_happened"].value
    _, _, *lines = str(happened).split("\n")
    assert lines == [
        "| confirmed | 3 | e.g. 7 wanted |",
        "| no\\_code | 1 | no code |",
    ]


def test_a_decision_is_shown_with_its_rule_and_counted_to_be_plotted() -> None:
    metadata = reported(FILTERED_ORDERS, row(FILTERED_ORDERS, decision="rejected", rule="status", reason="Open"))
    assert "| rejected: status | 1 | Open |" in str(metadata["what_happened"].value)
    assert metadata["decision rejected"].value == 1


def test_the_preview_is_narrow_and_shows_times_to_the_second() -> None:
    placed = pd.Timestamp("2026-11-20 01:02:03.456789", tz="UTC").to_pydatetime()
    preview = reported(RAW_ORDERS, row(RAW_ORDERS, placed_at=placed, email="who@shop.example"))["preview"]
    assert isinstance(preview, dg.TableMetadataValue)
    (shown,) = [record.data for record in preview.records]
    assert shown["placed_at"] == "2026-11-20 01:02:03"
    assert len(shown) <= 5
    assert "who@shop.example" not in shown.values()


def test_where_nothing_is_there_is_nothing_to_preview() -> None:
    assert reported(STOCK_SNAPSHOTS).keys() == {"dagster/row_count"}

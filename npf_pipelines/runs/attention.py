"""The rows of a partition that need a person, as metadata with links into the store's administration.

Not here: the other metadata (metadata.py), open items over many days (lake/backlog.py).
"""

from collections.abc import Callable, Collection, Iterable, Mapping

import dagster as dg
import pandas as pd

from npf_pipelines.domain.outcome import Outcome
from npf_pipelines.domain.outcomes import IN_STORE, SELF_RELEASING
from npf_pipelines.domain.store_links import order_link
from npf_pipelines.lake.table import Table
from npf_pipelines.runs.inline_table import cell, inline_table
from npf_pipelines.runs.metadata import REASONS


def attention_metadata(
    table: Table, frame: pd.DataFrame, store_url: str, order_ids: Callable[[Collection[str]], Mapping[str, str]]
) -> dict[str, dg.MetadataValue]:
    """The rows that need a person, each linked to its order, and the store itself.

    Args:
        table: the partition's table.
        frame: its rows.
        store_url: the store's address.
        order_ids: maps order numbers to the store's order ids, for tables that have only the numbers.
    """
    store: dict[str, dg.MetadataValue] = {"store": dg.MetadataValue.url(store_url)}
    columns = [column for column in table.outcomes if column in REASONS]
    if not columns:
        return store
    found = [
        (row, column)
        for column in columns
        for row in frame[_needs_person(frame, column, table.outcomes[column])].to_dict("records")
    ]
    if not found:
        return {**store, "needs_a_person": dg.MetadataValue.int(0)}
    lacks_ids = "order_number" in frame and "order_id" not in frame
    ids = order_ids({row["order_number"] for row, _ in found}) if lacks_ids else {}
    return {
        **store,
        "needs_a_person": dg.MetadataValue.int(len(found)),
        "for_a_person": inline_table(
            ["what", "outcome", "why"],
            [(_what(row, store_url, ids), cell(row[column]), cell(row[REASONS[column]])) for row, column in found],
        ),
    }


def _needs_person(frame: pd.DataFrame, column: str, outcomes: Iterable[Outcome]) -> "pd.Series[bool]":
    """Which rows need a person by a column.

    An order's status counts with its shipments that are in the store. An order that is released by itself needs nobody.
    """
    needed = frame[column].isin([outcome for outcome in outcomes if outcome.needs_person])
    if column == "decision":
        return needed & ~frame["rule"].isin(SELF_RELEASING)
    return needed & frame["outcome"].isin(IN_STORE) if column == "status_outcome" else needed


def _what(row: dict[str, object], store_url: str, ids: Mapping[str, str]) -> str:
    if "sku" in row:
        return cell(row["sku"] or f"product {row['product_id']}")
    number = str(row["order_number"])
    link = order_link(store_url, str(row.get("order_id") or ids.get(number, "")))
    return f"[{cell(number)}]({link})" if link else cell(number)

"""What of a partition a person has to look at, as a table with links into the store's administration.

Not here: the other metadata (metadata.py), what is open over many days (lake/backlog.py).
"""

from collections.abc import Callable, Collection, Mapping

import dagster as dg
import pandas as pd

from npf_pipelines.domain.store_links import order_link
from npf_pipelines.lake.tables import FILTERED_ORDERS, PLATFORM_ORDERS, STOCK_PUSH, TRACKING_PUSH, Table
from npf_pipelines.runs.inline_table import cell, inline_table

_FOR_A_PERSON = {
    FILTERED_ORDERS.name: ("decision", {"set_aside"}),
    PLATFORM_ORDERS.name: ("outcome", {"refused", "differs", "held"}),
    TRACKING_PUSH.name: ("outcome", {"refused", "set_aside", "differs_in_store"}),
    STOCK_PUSH.name: (
        "outcome",
        {
            "refused",
            "braked",
            "not_in_store",
            "several_products",
            "several_counts",
            "no_code",
            "unreadable",
            "uncounted",
            "left_warehouse",
        },
    ),
}
"""By table: the column, and its values that want a person."""


def attention_metadata(
    table: Table, frame: pd.DataFrame, store_url: str, order_ids: Callable[[Collection[str]], Mapping[str, str]]
) -> dict[str, dg.MetadataValue]:
    """The rows that want a person, each linked to its order, and the store itself.

    Args:
        table: the partition's table.
        frame: its rows.
        store_url: the store's address.
        order_ids: gives the store's order ids of order numbers, for tables that have only these.
    """
    store: dict[str, dg.MetadataValue] = {"store": dg.MetadataValue.url(store_url)}
    if table.name not in _FOR_A_PERSON:
        return store
    column, values = _FOR_A_PERSON[table.name]
    rows = frame[frame[column].isin(values)]
    if rows.empty:
        return {**store, "needs_a_person": dg.MetadataValue.int(0)}
    lacks_ids = "order_number" in frame and "order_id" not in frame
    ids = order_ids(set(rows["order_number"])) if lacks_ids else {}
    return {
        **store,
        "needs_a_person": dg.MetadataValue.int(len(rows)),
        "for_a_person": inline_table(
            ["what", "outcome", "why"],
            [(_what(row, store_url, ids), cell(row[column]), cell(row["reason"])) for row in rows.to_dict("records")],
        ),
    }


def _what(row: dict[str, object], store_url: str, ids: Mapping[str, str]) -> str:
    if "sku" in row:
        return cell(row["sku"] or f"product {row['product_id']}")
    number = str(row["order_number"])
    link = order_link(store_url, str(row.get("order_id") or ids.get(number, "")))
    return f"[{cell(number)}]({link})" if link else cell(number)

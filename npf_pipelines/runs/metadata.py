"""The metadata of a partition and of an asset: what happened, the figures to plot, a small preview, the columns.

No personal data is shown. Not here: rows that need a person (attention.py).
"""

import textwrap
from collections.abc import Mapping, Sequence

import dagster as dg
import pandas as pd
import pyarrow as arrow

from npf_pipelines.lake.table import Table
from npf_pipelines.lake.tables import TABLES
from npf_pipelines.runs.inline_table import cell, inline_table
from npf_pipelines.runs.lineage import column_sources

_PREVIEW_ROWS = 5
_PREVIEW_COLUMNS = 5
_REASON_LENGTH = 100
_PLANNED_ROWS = 500
_CONTENT_HASH = "content"
"""A column that says nothing to a person."""
REASONS = {"decision": "reason", "outcome": "reason", "status_outcome": "status_reason"}
"""The columns of outcomes, each with the column of its reason. A rule's outcome is its decision's."""

_PLANNED = {
    outcome
    for table in TABLES.values()
    for outcomes in table.outcomes.values()
    for outcome in outcomes
    if outcome.is_planned
}


def partition_metadata(table: Table, frame: pd.DataFrame) -> dict[str, dg.MetadataValue]:
    """The outcomes, the row count and the counts by outcome, which the UI plots, and a preview of one partition."""
    counts = {
        f"{column} {value}": dg.MetadataValue.int(int(count))
        for column in REASONS
        if column in frame
        for value, count in frame[column].value_counts().items()
    }
    # A wide preview would push the outcomes and reasons out of sight.
    shown = [name for name in _shown_columns(table, frame) if name not in REASONS.values()][:_PREVIEW_COLUMNS]
    preview = _records(frame[shown].head(_PREVIEW_ROWS))
    return {
        **({"what_happened": _what_happened(frame)} if counts else {}),
        "dagster/row_count": dg.MetadataValue.int(len(frame)),
        **counts,
        **({"preview": dg.MetadataValue.table(preview)} if preview else {}),
    }


def _what_happened(frame: pd.DataFrame) -> dg.MetadataValue:
    """By outcome, the number of rows and their most frequent reason."""
    rows = []
    for column, reason in REASONS.items():
        if column in frame:
            by = [column, "rule"] if column == "decision" else [column]
            for names, group in sorted(frame.groupby(by), key=lambda group: -len(group[1])):
                reasons = group[reason].value_counts()
                example = textwrap.shorten(reasons.index[0], _REASON_LENGTH, placeholder=" …")
                rows.append((cell(": ".join(names)), str(len(group)), "e.g. " * (len(reasons) > 1) + cell(example)))
    return inline_table(["outcome", "rows", "why"], rows)


def planned_metadata(table: Table, frame: pd.DataFrame) -> dict[str, dg.MetadataValue]:
    """For a dry run, the number of rows that would change something, and these rows up to a limit."""
    outcomes = [column for column in ("outcome", "status_outcome") if column in frame]
    changes = frame[frame[outcomes].isin(_PLANNED).any(axis=1)]
    records = _records(changes[_shown_columns(table, changes)].head(_PLANNED_ROWS))
    return {
        "would_change": dg.MetadataValue.int(len(changes)),
        **({"changes": dg.MetadataValue.table(records)} if records else {}),
    }


def trial_metadata(table: Table, frame: pd.DataFrame) -> dict[str, dg.MetadataValue]:
    """For a client in trial, the same of a table of imports or pushes."""
    if "outcome" not in frame:
        return {}
    note = "planned rows show what would be written to store or platform"
    return {"in_trial": dg.MetadataValue.text(note), **planned_metadata(table, frame)}


def _shown_columns(table: Table, frame: pd.DataFrame) -> list[str]:
    """The columns that can be shown and say something: no personal data, nothing nested, nothing empty."""
    return [
        field.name
        for field in table.arrow_schema
        if field.name not in table.personal | {_CONTENT_HASH, table.looked_at}
        and not arrow.types.is_nested(field.type)
        and not frame[field.name].isna().all()
    ]


def _records(frame: pd.DataFrame) -> list[dg.TableRecord]:
    return [dg.TableRecord({name: _cell(value) for name, value in row.items()}) for row in frame.to_dict("records")]


def records_value(records: Sequence[Mapping[str, str]]) -> dg.MetadataValue:
    """A table of texts; the text `none` if it has no rows."""
    if not records:
        return dg.MetadataValue.text("none")
    return dg.MetadataValue.table([dg.TableRecord(dict(record)) for record in records])


def asset_metadata(table: Table) -> Mapping[str, object]:
    """The columns of an asset's table."""
    return {"dagster/column_schema": table_schema(table)}


def table_schema(table: Table) -> dg.TableSchema:
    """The columns as Dagster describes them, each with its source."""
    sources = column_sources(table)
    return dg.TableSchema(
        [
            dg.TableColumn(
                name,
                type=str(column.dtype.type.pyarrow_dtype),
                description=f"{column.description}{_origin(*sources[name]) if name in sources else ''}",
                constraints=dg.TableColumnConstraints(
                    nullable=column.nullable,
                    unique=(name,) == table.key[1:],
                    other=[f"one of: {', '.join(check.statistics['allowed_values'])}" for check in column.checks],
                ),
            )
            for name, column in table.schema.columns.items()
        ]
    )


def _origin(upstream: str, columns: Sequence[str]) -> str:
    return f" (from {upstream}: {', '.join(columns)})"


def _cell(value: object) -> str | int | float | bool | None:
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return value if isinstance(value, str | int | float | bool) else str(value)

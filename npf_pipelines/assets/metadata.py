"""What the UI shows of a partition and of an asset: rows, counts by outcome, a small preview, the columns.

Personal data never gets here.
"""

from collections.abc import Mapping, Sequence

import dagster as dg
import pandas as pd
import pyarrow as arrow

from npf_pipelines.tables import Table

_PREVIEW_ROWS = 10
_PLANNED_ROWS = 500
_NOT_TOLD = frozenset({"content", "pushed_at", "decided_at", "pulled_at", "read_at", "taken_at"})
"""Columns that say nothing of what would change."""
_OUTCOMES = ("decision", "rule", "outcome", "status_outcome")


def partition_metadata(table: Table, frame: pd.DataFrame) -> dict[str, dg.MetadataValue]:
    """Row count, counts by outcome and a preview of one partition."""
    shown = _flat(table)
    counts = {
        f"{column} {value}": dg.MetadataValue.int(int(count))
        for column in _OUTCOMES
        if column in frame
        for value, count in frame[column].value_counts().items()
    }
    return {
        "dagster/row_count": dg.MetadataValue.int(len(frame)),
        **counts,
        **({"reasons": _reasons(frame)} if "reason" in frame and len(frame) else {}),
        "preview": dg.MetadataValue.table(
            records=_records(frame[shown].head(_PREVIEW_ROWS)),
            schema=dg.TableSchema([column for column in table_schema(table).columns if column.name in shown]),
        ),
    }


def planned_metadata(table: Table, frame: pd.DataFrame) -> dict[str, dg.MetadataValue]:
    """Of a dry run, the rows that would change something, up to a limit; how many there are."""
    outcomes = [column for column in ("outcome", "status_outcome") if column in frame]
    changes = frame[frame[outcomes].eq("planned").any(axis=1)]
    shown = [name for name in _flat(table) if name not in _NOT_TOLD and not frame[name].isna().all()]
    records = _records(changes[shown].head(_PLANNED_ROWS))
    return {
        "would_change": dg.MetadataValue.int(len(changes)),
        **({"changes": dg.MetadataValue.table(records)} if records else {}),
    }


def _flat(table: Table) -> list[str]:
    """The columns that can be shown: no personal data, nothing nested."""
    return [
        field.name
        for field in table.arrow_schema
        if field.name not in table.personal and not arrow.types.is_nested(field.type)
    ]


def _records(frame: pd.DataFrame) -> list[dg.TableRecord]:
    return [dg.TableRecord({name: _cell(value) for name, value in row.items()}) for row in frame.to_dict("records")]


def _reasons(frame: pd.DataFrame) -> dg.MetadataValue:
    counted = frame["reason"].value_counts().head(_PREVIEW_ROWS)
    return dg.MetadataValue.table(
        [dg.TableRecord({"reason": reason, "rows": int(rows)}) for reason, rows in counted.items()]
    )


def records_value(records: Sequence[Mapping[str, str]]) -> dg.MetadataValue:
    """A table of texts; a sentence where there is none."""
    if not records:
        return dg.MetadataValue.text("none")
    return dg.MetadataValue.table([dg.TableRecord(dict(record)) for record in records])


def asset_metadata(table: Table) -> Mapping[str, object]:
    """The columns of an asset's table."""
    return {"dagster/column_schema": table_schema(table)}


def table_schema(table: Table) -> dg.TableSchema:
    """The columns as Dagster describes them."""
    return dg.TableSchema(
        [
            dg.TableColumn(
                name,
                type=str(column.dtype.type.pyarrow_dtype),
                description=column.description,
                constraints=dg.TableColumnConstraints(
                    nullable=column.nullable,
                    unique=(name,) == table.key[1:],
                    other=[f"one of: {', '.join(check.statistics['allowed_values'])}" for check in column.checks],
                ),
            )
            for name, column in table.schema.columns.items()
        ]
    )


def _cell(value: object) -> str | int | float | bool | None:
    if pd.isna(value):
        return None
    return value if isinstance(value, str | int | float | bool) else str(value)

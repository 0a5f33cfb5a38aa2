"""A table of the lake: its columns, their types, and the check of the rows.

Not here: which tables there are (tables.py), where their files are (files.py).
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pandera.pandas as pa
import pyarrow as arrow

from npf_pipelines.domain.outcome import Outcome

_OUTCOMES = "outcomes"
"""The key under which a column's metadata names the outcomes that it can hold."""


@dataclass(frozen=True)
class Table:
    """A table of the lake.

    Attributes:
        name: its name.
        description: a sentence.
        by_day: whether its partitions are a client's days; otherwise a client is one partition.
        key: the columns that make a row unique.
        schema: the columns and their rules.
        looked_at: the column with the time at which the rows were first found as they are; empty if there is none.
        personal: the columns that hold a shopper's personal data, shown nowhere but in the table itself.
    """

    name: str
    description: str
    by_day: bool
    key: tuple[str, ...]
    schema: pa.DataFrameSchema
    looked_at: str = ""
    personal: frozenset[str] = frozenset()

    @functools.cached_property
    def outcomes(self) -> Mapping[str, type[Outcome]]:
        """The outcomes that each column of outcomes can hold, by column."""
        return {
            name: column.metadata[_OUTCOMES]
            for name, column in self.schema.columns.items()
            if _OUTCOMES in (column.metadata or {})
        }

    @functools.cached_property
    def arrow_schema(self) -> arrow.Schema:
        """The types of the Parquet files, without the partition columns, which are in the path."""
        return arrow.schema(
            [
                (name, column.dtype.type.pyarrow_dtype)
                for name, column in self.schema.columns.items()
                if name not in self.partition_columns
            ]
        )

    @property
    def partition_columns(self) -> tuple[str, ...]:
        """The columns that are in a partition's path."""
        return ("client", "day") if self.by_day else ("client",)

    def frame(self, rows: list[dict[str, Any]], partition: dict[str, Any]) -> pd.DataFrame:
        """The rows of one partition as a frame that fits the schema.

        Raises:
            pandera.errors.SchemaErrors: a row breaks a rule of the table.
            pyarrow.lib.ArrowInvalid: a value has the wrong type.
        """
        content = arrow.Table.from_pylist(rows, schema=self.arrow_schema)
        for place, name in enumerate(self.partition_columns):
            kind = self.schema.columns[name].dtype.type.pyarrow_dtype
            content = content.add_column(place, name, arrow.repeat(arrow.scalar(partition[name], kind), len(rows)))
        return self.schema.validate(content.to_pandas(types_mapper=pd.ArrowDtype), lazy=True)


def column(kind: arrow.DataType, description: str, *checks: pa.Check, nullable: bool = False) -> pa.Column:
    """A column of a table, described for people."""
    return pa.Column(pd.ArrowDtype(kind), list(checks), nullable=nullable, description=description)


def outcome_column(outcomes: type[Outcome], description: str) -> pa.Column:
    """A column that holds the values of outcomes, and nothing else."""
    check = pa.Check.isin([str(outcome) for outcome in outcomes])
    return pa.Column(pd.ArrowDtype(arrow.string()), [check], description=description, metadata={_OUTCOMES: outcomes})


def table(
    name: str,
    description: str,
    *,
    key: tuple[str, ...],
    columns: dict[str, pa.Column],
    by_day: str = "",
    looked_at: str = "",
    personal: frozenset[str] = frozenset(),
) -> Table:
    """A table.

    Args:
        name: its name.
        description: a sentence.
        key: the columns that make a row unique.
        columns: the columns, without the partition's.
        by_day: the meaning of the day; empty for a table that has one partition for each client.
        looked_at: as in `Table`.
        personal: as in `Table`.
    """
    partition = {"client": column(arrow.string(), "the client's id")}
    if by_day:
        partition["day"] = column(arrow.date32(), by_day)
    schema = pa.DataFrameSchema(partition | columns, name=name, strict=True, unique=list(key))
    return Table(name, description, bool(by_day), key, schema, looked_at, personal)

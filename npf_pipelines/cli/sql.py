"""`npf sql`: a query over the lake."""

from collections.abc import Sequence
from typing import Annotated

import typer

from npf_pipelines.cli.broken_files import name_broken
from npf_pipelines.cli.output import AsCsv, AsJson, OutputFormat, output_format, print_rows, stderr
from npf_pipelines.config.settings import Settings
from npf_pipelines.lake.lake import Lake
from npf_pipelines.lake.tables import TABLES

_MOST_ROWS = 10_000
"""Rows that are drawn as a table."""


def sql(
    query: Annotated[str, typer.Argument(help=f"SQL over the views {', '.join(TABLES)}.")],
    *,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Open DuckDB with a view for each table of the lake, and print a query's answer."""
    form = output_format(as_json=as_json, as_csv=as_csv)
    lake = Lake(Settings().lake).connect()
    answer = lake.execute(query)
    name_broken(lake)
    names = _unique(answer.columns)
    rows = [dict(zip(names, row, strict=True)) for row in answer.rows]
    shown = rows[:_MOST_ROWS] if form is OutputFormat.TABLE else rows
    print_rows(shown, names, form)
    if len(shown) < len(rows):
        stderr().print(f"The first {len(shown)} of {len(rows)} rows. For all: --csv or --json")


def _unique(names: Sequence[str]) -> list[str]:
    """The columns' names, each once; one that is there before gets its place: `client_2`."""
    return [name if names[:place].count(name) == 0 else f"{name}_{place + 1}" for place, name in enumerate(names)]

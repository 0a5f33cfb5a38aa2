"""`npf sql`: a query over the lake."""

from typing import Annotated

import duckdb
import typer
from rich.console import Console

from npf_pipelines.lake import Lake
from npf_pipelines.settings import Settings
from npf_pipelines.tables import TABLES


def sql(
    query: Annotated[str, typer.Argument(help=f"SQL over the views {', '.join(TABLES)}.")],
) -> None:
    """Open DuckDB with a view for each table of the lake, and print a query's answer."""
    try:
        answer = Lake(Settings().lake).query(query)
        if answer is not None:
            answer.show(max_rows=10_000)
    except duckdb.Error as error:
        Console(stderr=True).print(str(error), style="red", markup=False)
        raise typer.Exit(1) from None

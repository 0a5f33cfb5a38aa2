"""`npf sql`: a query over the lake."""

import contextlib
import io
import sys
from typing import Annotated

import duckdb
import typer
from rich.console import Console

from npf_pipelines.cli.broken_files import name_broken
from npf_pipelines.cli.plain import plain
from npf_pipelines.config.settings import Settings
from npf_pipelines.domain.text import clean_text
from npf_pipelines.lake.lake import Lake
from npf_pipelines.lake.tables import TABLES


def sql(
    query: Annotated[str, typer.Argument(help=f"SQL over the views {', '.join(TABLES)}.")],
) -> None:
    """Open DuckDB with a view for each table of the lake, and print a query's answer."""
    try:
        lake = Lake(Settings().lake).connect()
        answer = lake.sql(query)
        name_broken(lake)
        drawn = io.StringIO()
        with contextlib.redirect_stdout(drawn):
            if answer is not None:
                answer.show(max_rows=10_000)
    except duckdb.Error as error:
        Console(stderr=True).print(plain(error), style="red")
        raise typer.Exit(1) from None
    # Tables that an earlier release wrote hold what a store sent, escape sequences included.
    sys.stdout.write(clean_text(drawn.getvalue()))

"""How commands print: rows as a table, as JSON or as CSV on stdout; sentences about problems on stderr.

A terminal gets a table that fits it, or where none fits, each row as a record. Piped, a table is as wide as its cells:
no column is hidden and no cell wraps.
Not here: text from outside made harmless (plain.py), what a command prints.
"""

import csv
import enum
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from npf_pipelines.cli.plain import plain
from npf_pipelines.domain.text import clean_text

_PIPED_WIDTH = 10_000
"""Columns of a terminal that is wide enough for anything."""

_FORMULA = ("=", "+", "-", "@")
"""The beginnings of a formula (known behaviour of Excel and LibreOffice); a store's text may begin so."""

Row = Mapping[str, Any]


class OutputFormat(enum.StrEnum):
    """The forms in which rows are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV.")]


def output_format(*, as_json: bool, as_csv: bool) -> OutputFormat:
    """The form that the flags ask for.

    Raises:
        typer.BadParameter: they ask for two.
    """
    if as_json and as_csv:
        raise typer.BadParameter("give either --json or --csv")
    return OutputFormat.JSON if as_json else OutputFormat.CSV if as_csv else OutputFormat.TABLE


def stdout() -> Console:
    """The console for what a command was asked for."""
    return Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _PIPED_WIDTH)


def stderr() -> Console:
    """The console for problems and progress."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def print_heading(text: str) -> None:
    """Print the heading of what follows: a line across a terminal; piped, the text."""
    console = stdout()
    if console.is_terminal:
        console.rule(plain(text), align="left")
    else:
        console.print(plain(text))


def print_rows(
    rows: Iterable[Row], columns: Sequence[str], form: OutputFormat = OutputFormat.TABLE, *, title: str = ""
) -> None:
    """Print rows. JSON is a list of objects; dates are ISO 8601, decimals keep their digits as text.

    Args:
        rows: values by column.
        columns: the columns to print, in order.
        form: how.
        title: above a table.
    """
    match form:
        case OutputFormat.JSON:
            print_json([{name: row.get(name) for name in columns} for row in rows])
        case OutputFormat.CSV:
            writer = csv.writer(sys.stdout)
            writer.writerow(columns)
            writer.writerows([_csv_cell(row.get(name)) for name in columns] for row in rows)
        case OutputFormat.TABLE:
            _print_table([[plain(_cell(row.get(name))) for name in columns] for row in rows], columns, title)


def print_json(value: Any) -> None:
    """Print a value as JSON, indented."""
    sys.stdout.write(clean_text(json.dumps(value, indent=2, ensure_ascii=False, default=json_value)) + "\n")


def fail(sentence: str, code: int = 1) -> NoReturn:
    """End the command with a sentence on stderr.

    Raises:
        typer.Exit: always.
    """
    stderr().print(plain(sentence), style="red")
    raise typer.Exit(code) from None


def _print_table(rows: Sequence[Sequence[Text]], columns: Sequence[str], title: str) -> None:
    console = stdout()
    table = Table(*columns, title=Text(title) if title else None, title_justify="left")
    for row in rows:
        table.add_row(*row)
    needed = Measurement.get(console, console.options.update(max_width=_PIPED_WIDTH), table).minimum
    if needed <= console.width:
        console.print(table)
        return
    if title:
        console.print(plain(title), style="italic")
    widest = max(map(len, columns))
    for row in rows:
        console.rule()
        for name, value in zip(columns, row, strict=True):
            console.print(Text.assemble((f"{name:{widest}} ", "bold"), value))


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return "" if value is None else clean_text(str(value))


def _csv_cell(value: Any) -> str:
    """The cell; text that a spreadsheet would take for a formula gets an apostrophe, which makes it text there."""
    cell = _cell(value)
    return f"'{cell}" if isinstance(value, str) and cell.lstrip().startswith(_FORMULA) else cell


def json_value(value: Any) -> Any:
    """A value that JSON has no form for, as text."""
    if isinstance(value, date):  # A datetime is one, too.
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else repr(value)

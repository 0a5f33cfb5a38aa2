"""The references of the site, each generated from the code as Markdown.

Not here: where the code is (sources.py), the prose around a reference (docs/reference/).
"""

import re
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import annotated_types
import pyarrow as arrow
import sqlalchemy as sa
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from typer.cli import app as typer_command
from typer.testing import CliRunner

from npf_pipelines_tests.docs.sources import (
    LAKE_TABLES,
    PLATFORM_TABLES,
    STATE_TABLES,
    MasterSetup,
    Settings,
    outcome_groups,
)

_TABLE_NOTES = {
    "orders": "The imported orders. The pipeline writes `imported`, and `cancelled` when the store cancels an order "
    "before picking. All other statuses come from the warehouse.",
    "order_lines": "The lines of the imported orders. The warehouse writes `quantity_shipped`.",
    "shipments": "The parcels, written by the warehouse at lodgement.",
    "shipment_lines": "The contents of the parcels, by SKU.",
    "stock": "SOH by SKU, written by the warehouse.",
    "kits": "The parts of the store's codes in the warehouse, where NPF keeps them: a row for each part. Optional.",
    "cell": "The cell that the state belongs to, empty for a code location without a cell: other cells are refused.",
    "leases": "The run that may write to a client's store now: one row for each client and flow.",
    "pauses": "The clients that people have paused at the command line: who, when and why. `*` is every client.",
    "hold_actions": "The latest `npf hold` or `npf release` of each order: who, when and why.",
    "due_decisions": "The moments at which the orders of a client's day are decided on again: a held one is released.",
    "unknown_ends": "Orders with a write whose answer was lost, and how long the store may still carry it out.",
    "health": "The health of each client's flow: last success, failures in a row, reason, next try.",
    "open_rows": "The number of unfinished rows in each client's tables, by kind and day. Alerts read it.",
    "uncounted": "Partitions that a run has written and not yet counted for `open_rows`.",
    "client_stores": "The store that each client has worked with: no second client may import its orders.",
    "counters": "The counters of each client's flow, for the metrics. Values only grow.",
    "alerts": "The alerts that are open or have been resolved, and the messages sent about them.",
}
"""The purpose of each table of the two databases. The lake's tables carry theirs."""


def settings_reference() -> str:
    """Every setting: variable, default, range and description."""
    rows = [
        (f"`NPF_{name.upper()}`", _setting_default(name, field), _range(field), field.description or "")
        for name, field in Settings.model_fields.items()
    ]
    return _table(("variable", "default", "range", "description"), rows)


def setup_reference() -> str:
    """Every field of a master setup, section by section."""
    return "\n\n".join(_model(MasterSetup, ""))


def tables_reference() -> str:
    """Every table of the lake, the platform and the pipeline's own database, with its columns."""
    return "\n\n".join(
        [
            "## Lake",
            *(_lake_table(table) for table in LAKE_TABLES.values()),
            "## Platform",
            *(_sql_table(table) for table in PLATFORM_TABLES),
            "## State",
            *(_sql_table(table) for table in STATE_TABLES),
        ]
    )


def outcomes_reference() -> str:
    """Every outcome with its meaning and what a person has to do."""
    parts = []
    for group in outcome_groups():
        rows = [(f"`{one.value}`", one.words, one.what_to_do) for one in group.members]
        parts += [f"## {group.title}", f"`{group.column}`", _table(("value", "meaning", "what to do"), rows)]
    return "\n\n".join(parts)


def commands_reference() -> str:
    """Every command of `npf` with its arguments and options, as Typer documents them.

    Raises:
        RuntimeError: Typer could not write it.
    """
    result = CliRunner().invoke(typer_command, ["npf_pipelines.cli", "utils", "docs", "--name", "npf"])
    if result.exit_code:
        raise RuntimeError(result.output)
    # The page has a title of its own.
    return result.output.partition("\n")[2].strip()


REFERENCES: Mapping[str, Callable[[], str]] = {
    "settings": settings_reference,
    "master-setup": setup_reference,
    "tables": tables_reference,
    "outcomes": outcomes_reference,
    "commands": commands_reference,
}
"""By the name that a page gives in its marker."""
_MARKER = re.compile(r"<!-- reference: ([a-z-]+) -->")


def with_references(markdown: str) -> str:
    """A page with each marker `<!-- reference: NAME -->` replaced by that reference.

    Raises:
        KeyError: a marker names no reference.
    """
    return _MARKER.sub(lambda found: REFERENCES[found[1]](), markdown)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(text) for text in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _setting_default(name: str, field: FieldInfo) -> str:
    if name == "umask":
        return f"`{field.default:03o}`"
    if field.default_factory:
        # The factories put the data folder in front of a name.
        factory = typing.cast("Callable[[dict[str, Any]], Any]", field.default_factory)
        return _value(factory({"data": Path("$NPF_DATA"), "cell": ""}))
    return _value(field.default)


def _value(value: Any) -> str:
    if value in (None, "", (), {}):
        return ""
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, bool):
        value = str(value).lower()
    return f"`{value}`"


def _range(field: FieldInfo) -> str:
    parts = {type(part): part for part in field.metadata}
    low, high = parts.get(annotated_types.Ge), parts.get(annotated_types.Le)
    if low and high:
        return f"{low.ge} to {high.le}"
    if low:
        return f"at least {low.ge}"
    literal = typing.get_args(field.annotation) if typing.get_origin(field.annotation) is typing.Literal else ()
    return ", ".join(f"`{word}`" for word in literal)


def _model(model: type[BaseModel], section: str) -> Iterator[str]:
    rows, sections = [], []
    for name, field in model.model_fields.items():
        path = f"{section}.{name}" if section else name
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            sections.append((field.annotation, path))
            continue
        default = "required" if field.is_required() else _value(field.get_default()) or "none"
        rows.append((f"`{name}`", _kind(field), default, field.description or ""))
    yield f"## `{section}`" if section else "## Top level"
    yield _first_paragraph(model)
    yield _table(("field", "value", "default", "description"), rows)
    for inner, path in sections:
        yield from _model(inner, path)


def _first_paragraph(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip().partition("\n\n")[0]


def _kind(field: FieldInfo) -> str:
    limits = _range(field)
    if limits:
        return limits
    return _type_name(field.annotation)


def _type_name(annotation: Any) -> str:
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        limits = [limits for part in inner[1:] if isinstance(part, FieldInfo) and (limits := _range(part))]
        return limits[0] if limits else _type_name(inner[0])
    if origin in {typing.Union, types.UnionType}:
        return " or ".join(_type_name(one) for one in inner if one is not type(None))
    if origin is typing.Literal:
        return ", ".join(f"`{word}`" for word in inner)
    if origin is tuple:
        return f"list of {_type_name(inner[0])}"
    if origin is dict:
        return f"{_type_name(inner[0])} to {_type_name(inner[1])}"
    return {str: "text", int: "whole number", bool: "true or false"}.get(
        annotation, getattr(annotation, "__name__", "")
    )


def _lake_table(table: Any) -> str:
    rows = []
    for name, column in table.schema.columns.items():
        notes = [note for note, holds in (("personal data", name in table.personal),) if holds]
        described = f"{column.description} ({', '.join(notes)})" if notes else column.description
        kind = _arrow_name(column.dtype.type.pyarrow_dtype)
        rows.append((_key(name, table.key), kind, "yes" if column.nullable else "", described))
    partition = "client and day" if table.by_day else "client"
    head = f"### `{table.name}`\n\n{table.description} One partition for each {partition}."
    return f"{head}\n\n{_table(('column', 'type', 'nullable', 'description'), rows)}"


def _key(name: str, key: Iterable[str]) -> str:
    return f"**`{name}`**" if name in key else f"`{name}`"


def _arrow_name(kind: Any) -> str:
    if arrow.types.is_list(kind):
        return f"list of {_arrow_name(kind.value_type)}"
    if arrow.types.is_struct(kind):
        return "{" + ", ".join(field.name for field in kind) + "}"
    names = (
        (arrow.types.is_string, "text"),
        (arrow.types.is_integer, "whole number"),
        (arrow.types.is_boolean, "true or false"),
        (arrow.types.is_timestamp, "time (UTC)"),
        (arrow.types.is_date, "day"),
        (arrow.types.is_decimal, "decimal"),
    )
    return next((name for holds, name in names if holds(kind)), str(kind))


def _sql_table(table: sa.Table) -> str:
    rows = [
        (
            f"**`{column.name}`**" if column.primary_key else f"`{column.name}`",
            _sql_type(column.type),
            "yes" if column.nullable else "",
            "optional addition" if column.info.get("is_addition") else "",
        )
        for column in table.columns
    ]
    head = f"### `{table.name}`\n\n{_TABLE_NOTES[table.name]}"
    return f"{head}\n\n{_table(('column', 'type', 'nullable', ''), rows)}"


def _sql_type(kind: sa.types.TypeEngine[Any]) -> str:
    names: tuple[tuple[type, str], ...] = (
        (sa.Boolean, "true or false"),
        (sa.Integer, "whole number"),
        (sa.Float, "number"),
        (sa.Numeric, "decimal"),
        (sa.Text, "text"),
    )
    return next((name for one, name in names if isinstance(kind, one)), "time (UTC)")

"""A client's SKU map as a file beside its master setup: `acme.skus.csv` with store_sku, warehouse_sku and quantity.

Not here: what makes a map wrong beyond a single row's text (rules/sku_map.py), the last good map (runs/sku_map.py).
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from npf_pipelines.config.place_files import read_text
from npf_pipelines.config.places import Place

_COLUMNS = ("store_sku", "warehouse_sku", "quantity")
_WHOLE = re.compile(r"[+-]?\d{1,9}")


@dataclass(frozen=True)
class SkuLine:
    """One row of the file; `place` is file and line."""

    place: str
    store_sku: str
    warehouse_sku: str
    quantity: int


@dataclass(frozen=True)
class SkuFile:
    """The rows of a file that can be read, and a sentence with file and line about each that can't."""

    lines: Sequence[SkuLine] = ()
    errors: Sequence[str] = ()


def sku_file_path(folder: Place, client: str) -> Place:
    """Where a client's file is."""
    return folder / f"{client}.skus.csv"


def read_sku_file(folder: Place, client: str) -> SkuFile:
    """Read a client's file. A file that can't be read is an error like a wrong row."""
    path = sku_file_path(folder, client)
    try:
        text = read_text(path, "utf-8-sig")
    except FileNotFoundError:
        return SkuFile(errors=(f"{path.name}: is missing, and orders.skus is file: put it beside the master setup",))
    except (OSError, UnicodeDecodeError) as error:
        return SkuFile(errors=(f"{path.name}: can't be read: {error}",))
    return parse_sku_file(path.name, text)


def parse_sku_file(name: str, text: str) -> SkuFile:
    """The rows of a file's text. Columns are found by their names; others are ignored, empty lines too."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines: list[SkuLine] = []
    errors: list[str] = []
    try:
        header = [column.strip().casefold() for column in next(reader, [])]
        if missing := [column for column in _COLUMNS if column not in header]:
            return SkuFile(errors=(f"{name}, line 1: the first line names no column {', '.join(missing)}",))
        for cells in reader:
            place = f"{name}, line {reader.line_num}"
            row = dict(zip(header, (cell.strip() for cell in cells), strict=False))
            if not any(row.values()):
                continue
            store_sku, warehouse_sku, quantity = (row.get(column, "") for column in _COLUMNS)
            if not _WHOLE.fullmatch(quantity):
                errors.append(f"{place}: the quantity {quantity[:40]!r} is not a whole number")
            else:
                lines.append(SkuLine(place, store_sku, warehouse_sku, int(quantity)))
    except csv.Error as error:
        errors.append(f"{name}, line {reader.line_num}: can't be read: {error}")
    return SkuFile(lines, errors)

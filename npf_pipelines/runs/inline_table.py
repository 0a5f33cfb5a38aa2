"""A table that the UI shows at once: Markdown of fewer than 1,000 characters. Longer values are behind a link.

Not here: its content (metadata.py, attention.py).
"""

from collections.abc import Sequence

import dagster as dg

from npf_pipelines.domain.text import one_line

_LONGEST = 999 - len("\n| 1000000 more | | |")
_MARKUP = r"\`*_{}[]()<>#|!~&"


def inline_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> dg.MetadataValue:
    """As many rows as fit, at least the first, and the number of the others.

    Args:
        columns: their names.
        rows: the cells of each row, in Markdown; text from outside goes through `cell`.
    """
    lines = [_line(columns), _line(["---"] * len(columns))]
    for number, row in enumerate(rows):
        line = _line(row)
        if number and sum(map(len, lines)) + len(lines) + len(line) > _LONGEST:
            lines.append(_line([f"{len(rows) - number:,} more", *[""] * (len(columns) - 1)]))
            break
        lines.append(line)
    return dg.MetadataValue.md("\n".join(lines))


def cell(text: object) -> str:
    """Text from a store as a cell of Markdown: nothing in it is markup."""
    return "".join(f"\\{letter}" if letter in _MARKUP else letter for letter in one_line(str(text)))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"

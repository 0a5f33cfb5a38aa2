"""Shared by `npf state copy` and `npf platform copy`: the option for the old environment, and the report of the rows.

Not here: the commands (state.py, platform.py).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from npf_pipelines.cli.output import stdout
from npf_pipelines.cli.plain import plain

OldEnvironment = Annotated[
    Path, typer.Option("--from", help="The file with the old environment, a copy of /etc/npf/npf.env of before.")
]


def print_copied(what: str, rows: Mapping[str, int]) -> None:
    """Print how many rows of each table were copied."""
    tables = ", ".join(f"{name} {number}" for name, number in rows.items())
    stdout().print(plain(f"The {what} was copied, rows by table: {tables}."))

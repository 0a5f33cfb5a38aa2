"""Names on the terminal the files that a query had to leave out."""

from rich.console import Console

from npf_pipelines.cli.plain import plain
from npf_pipelines.lake.connection import LakeConnection
from npf_pipelines.lake.lake import Lake

_CONSOLE = Console(stderr=True, soft_wrap=True, highlight=False)


def name_broken(lake: LakeConnection) -> None:
    """Say which files are left out, and what to do about each."""
    for path in lake.broken:
        _CONSOLE.print(plain(f"Left out: {Lake.broken_file(path)}"), style="yellow")

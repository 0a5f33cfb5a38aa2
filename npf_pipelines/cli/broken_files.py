"""The files that a query had to leave out, named on the terminal."""

from npf_pipelines.cli.output import stderr
from npf_pipelines.cli.plain import plain
from npf_pipelines.lake.connection import LakeConnection
from npf_pipelines.lake.lake import Lake


def name_broken(lake: LakeConnection) -> None:
    """Say which files are left out, and what to do about each."""
    for path in lake.broken:
        stderr().print(plain(f"Left out: {Lake.broken_file(path)}"), style="yellow")

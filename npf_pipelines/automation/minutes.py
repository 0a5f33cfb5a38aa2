"""The minutes at which a cell's sweeps and nightly runs come: runs that begin in one moment slow each other.

Not here: the schedules (sweeps.py, nightly.py).
"""

from zlib import crc32

from npf_pipelines.automation.flows import FLOWS, Flow
from npf_pipelines.runs.cell import Cell


def minute_of_sweep(cell: Cell, flow: Flow) -> int:
    """The minute of each five at which the flow's sweep comes: another one for each flow, and for most cells."""
    return (crc32(cell.name.encode()) + FLOWS.index(flow)) % 5


def minute_of_night(cell: Cell, flow: Flow) -> int:
    """The minute of each five at which the flow's nightly run comes: two after the sweep, whose runs are mostly over.

    A client can have its turn at both, and two runs at one client fail one of them.
    """
    return (minute_of_sweep(cell, flow) + 2) % 5

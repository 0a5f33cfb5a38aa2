"""The mark of the cell that a lake belongs to: a small file in the lake's folder.

Not here: who sets it and who is refused (runs/services.py), the mark of a state (state/cell_mark.py).
"""

from npf_pipelines.lake.files import LakeFiles

_MARK = "cell.txt"


def read_mark(files: LakeFiles) -> str | None:
    """The name of the cell, empty for a code location without a cell; None if the lake has no mark.

    Raises:
        OSError: the lake can't be read.
    """
    try:
        return files.text(_MARK).strip()
    except FileNotFoundError:
        return None


def mark(files: LakeFiles, name: str) -> None:
    """Mark the lake.

    Raises:
        OSError: the lake can't be written.
    """
    files.put_text(f"{name}\n", _MARK)

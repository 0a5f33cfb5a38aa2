"""The name by which this program was called, for the commands that its messages name.

Not here: the messages. Runs, alerts and the UI name `npf`, for nobody called them by a path.
"""

import shlex
import shutil
import sys
from pathlib import Path

_NAME = "npf"


def program() -> str:
    """`npf` where a shell finds it, or the path that was typed, as `.venv/bin/npf`."""
    typed = sys.argv[0]
    if Path(typed).name != _NAME:
        return _NAME
    found = shutil.which(_NAME)
    return _NAME if found and Path(found).resolve() == Path(typed).resolve() else shlex.quote(typed)

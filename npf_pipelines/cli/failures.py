"""The end of a command that the machine keeps from working: one sentence on stderr and exit code 1; 130 for Ctrl-C.

Not here: the sentences (runs/machine_failures.py).
"""

from typing import Any

import duckdb
from typer.core import TyperGroup

from npf_pipelines.cli.exit_codes import FAILED, INTERRUPTED
from npf_pipelines.cli.output import fail
from npf_pipelines.errors import NpfError
from npf_pipelines.runs.machine_failures import machine_failure

_SENTENCES = (NpfError, duckdb.Error)
"""Failures whose own text is the sentence."""


class OneSentence(TyperGroup):
    """The commands."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a fault of the program keeps its traceback."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            fail("interrupted: the next run goes on with what is left", INTERRUPTED)
        except Exception as error:
            said = str(error) if isinstance(error, _SENTENCES) else machine_failure(error)
            if not said:
                raise
            fail(said, FAILED)

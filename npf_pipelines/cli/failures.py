"""The end of a command that the machine keeps from working: one sentence on stderr and exit code 1; 130 for Ctrl-C.

Not here: the sentences (runs/machine_failures.py).
"""

from typing import Any

import duckdb
import typer
from rich.console import Console
from typer.core import TyperGroup

from npf_pipelines.cli.plain import plain
from npf_pipelines.errors import NpfError
from npf_pipelines.runs.machine_failures import machine_failure

INTERRUPTED = 130
"""The exit code of a program that SIGINT ended, as shells have it: 128 and the signal's number."""
_SENTENCES = (NpfError, duckdb.Error)
"""Failures whose own text is the sentence."""


class OneSentence(TyperGroup):
    """The commands."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a fault of the program keeps its traceback."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            _say("interrupted: the next run goes on with what is left")
            raise typer.Exit(INTERRUPTED) from None
        except Exception as error:
            said = str(error) if isinstance(error, _SENTENCES) else machine_failure(error)
            if not said:
                raise
            _say(said)
            raise typer.Exit(1) from None


def _say(sentence: str) -> None:
    Console(stderr=True, soft_wrap=True, highlight=False).print(plain(sentence), style="red")

"""Raises in the middle of one client's share of the work: at the first call of any function of the program.

Which functions there are is seen from a run itself, so that no list of them can go out of date.
"""

import contextlib
import contextvars
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import npf_pipelines

_PROGRAM = str(Path(npf_pipelines.__file__).parent)
_SHARE_BEGINS = "run_isolated.<locals>.isolated"
_in_share: contextvars.ContextVar[bool] = contextvars.ContextVar("in_share", default=False)


class InjectedFault(Exception):
    """A fault that the program can't expect."""


class Injector:
    """Notes the functions called in a client's share, and raises at the first call of one of them."""

    def __init__(self, client: str, target: str | None = None) -> None:
        """Without a target nothing is raised."""
        self.called: dict[str, None] = {}
        self.has_raised = False
        self._client, self._target = client, target

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        """Inject faults in this thread and in the threads that it starts."""
        threading.setprofile(self._on_event)
        sys.setprofile(self._on_event)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)

    def _on_event(self, frame: FrameType, event: str, _argument: Any) -> None:
        code = frame.f_code
        if event != "call" or not code.co_filename.startswith(_PROGRAM) or "/sandbox/" in code.co_filename:
            return
        if code.co_qualname == _SHARE_BEGINS:
            _in_share.set(frame.f_locals["client"] == self._client)
            return
        if not _in_share.get():
            return
        name = f"{code.co_filename.removeprefix(_PROGRAM)}:{code.co_qualname}:{code.co_firstlineno}"
        self.called[name] = None
        if name == self._target and not self.has_raised:
            self.has_raised = True
            raise InjectedFault(name)

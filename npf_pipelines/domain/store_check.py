"""The findings about a client's store.

Not here: the answers that are judged (store_answers.py), the judgement (rules/store_check/).
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


class Level(enum.StrEnum):
    """How a finding is to be taken."""

    OK = "ok"
    WARNING = "warning"
    """It works, and a person should know."""
    ERROR = "error"
    """It doesn't work."""
    UNKNOWN = "unknown"
    """It couldn't be found out."""


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        topic: its subject in a few words.
        level: how it is to be taken.
        sentence: the finding.
        what_to_do: for a person; empty where nothing is to be done.
    """

    topic: str
    level: Level
    sentence: str
    what_to_do: str = ""


@dataclass(frozen=True)
class StoreCheck:
    """A check of a client's store.

    Attributes:
        client: the client's id.
        checked_at: when.
        findings: in the order of the report.
        requests: requests to the store, repeats included.
    """

    client: str
    checked_at: datetime
    findings: Sequence[Finding]
    requests: int = 0

    def count(self, level: Level) -> int:
        """The findings of a level."""
        return sum(finding.level is level for finding in self.findings)

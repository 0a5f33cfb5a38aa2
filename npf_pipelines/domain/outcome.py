"""The base of the outcomes: stored value, words, the follow-up and the advice for a person.

Not here: the outcomes themselves (outcomes.py).
"""

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self


class FollowUp(enum.Enum):
    """The step after an outcome."""

    NOTHING = "nothing"
    """It is done."""
    NEXT_RUN = "next_run"
    """It waits: the next run tries again."""
    PERSON = "person"
    """No run can settle it: a person has to act."""
    REAL_RUN = "real_run"
    """A dry run: nothing was written."""


@dataclass(frozen=True)
class OutcomeMeaning:
    """The meaning of an outcome for a person.

    Attributes:
        words: a short label, which follows what is counted: "3 SKUs refused by the store".
        follow_up: the next step.
        what_to_do: for a person; empty where none is needed.
        is_counted: whether reports count its rows as open and alerts cover them. False where a healthy client always
            has a few: the partition and an asset check list them.
    """

    words: str
    follow_up: FollowUp = FollowUp.NOTHING
    what_to_do: str = ""
    is_counted: bool = True


class Outcome(enum.StrEnum):
    """The base of the outcomes: a member is the stored value and carries its meaning."""

    meaning: OutcomeMeaning

    def __new__(cls, value: str, meaning: OutcomeMeaning) -> Self:
        """A member that equals its stored value."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    @property
    def words(self) -> str:
        """A short label for people."""
        return self.meaning.words

    @property
    def what_to_do(self) -> str:
        """The advice for a person; empty where none is needed."""
        return self.meaning.what_to_do

    @property
    def needs_person(self) -> bool:
        """Whether no run can settle it."""
        return self.meaning.follow_up is FollowUp.PERSON

    @property
    def waits(self) -> bool:
        """Whether the next run tries again."""
        return self.meaning.follow_up is FollowUp.NEXT_RUN

    @property
    def is_planned(self) -> bool:
        """Whether it is a dry run's."""
        return self.meaning.follow_up is FollowUp.REAL_RUN

    @property
    def is_open(self) -> bool:
        """Whether reports count it as open and alerts cover it."""
        return (self.needs_person or self.waits) and self.meaning.is_counted


def words_of(outcomes: type[Outcome], value: str) -> str:
    """The words of a stored value; an unknown value of another release is its own words."""
    return next((outcome.words for outcome in outcomes if outcome == value), value.replace("_", " "))


def sql_list(outcomes: Iterable[Outcome]) -> str:
    """The stored values for SQL's IN: `('refused', 'held')`."""
    return "(" + ", ".join(f"'{outcome}'" for outcome in outcomes) + ")"

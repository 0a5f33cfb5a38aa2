"""A requirement of a certificate, its result, and how the result follows from what was found.

Not here: the requirements themselves (rules/order_requirements.py, rules/stock_requirements.py).
"""

import enum
from collections.abc import Iterable
from dataclasses import dataclass


class Result(enum.StrEnum):
    """The result of one requirement."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    NOT_PROVEN = "not proven"
    NOT_ASKED = "not asked for"
    """The master setup doesn't ask for it."""

    @property
    def is_met(self) -> bool:
        """Whether a client with it can be certified."""
        return self in {Result.PASS, Result.NOT_ASKED}


@dataclass(frozen=True)
class Judgement:
    """The result, and the evidence in sentences."""

    result: Result
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class Requirement:
    """One requirement of a certificate, judged."""

    id: str
    title: str
    judgement: Judgement

    @property
    def result(self) -> Result:
        """Its result."""
        return self.judgement.result

    @property
    def evidence(self) -> tuple[str, ...]:
        """Its evidence."""
        return self.judgement.evidence


def judged(right: Iterable[str] = (), *, wrong: Iterable[str] = (), missing: Iterable[str] = ()) -> Judgement:
    """The judgement that follows: something wrong fails, and something missing is not proven.

    Args:
        right: sentences about what is as required.
        wrong: about what isn't.
        missing: about what can't be judged yet.
    """
    right, wrong, missing = tuple(right), tuple(wrong), tuple(missing)
    result = Result.FAIL if wrong else Result.NOT_PROVEN if missing else Result.PASS
    return Judgement(result, (*right, *wrong, *missing))


def not_asked(why: str) -> Judgement:
    """The judgement of a requirement that the master setup doesn't ask for."""
    return Judgement(Result.NOT_ASKED, (why,))

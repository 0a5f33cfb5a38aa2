"""Findings in short: one function for each level, and the first few of many names.

Not here: any judgement (the modules beside this one).
"""

from collections.abc import Sequence

from npf_pipelines.domain.store_answers import Unanswered, Why
from npf_pipelines.domain.store_check import Finding, Level
from npf_pipelines.domain.text import one_line

_FIRST_FEW = 5
_LONGEST_NAME = 60


def ok(topic: str, sentence: str) -> Finding:
    """Nothing is to be done."""
    return Finding(topic, Level.OK, sentence)


def warning(topic: str, sentence: str, what_to_do: str) -> Finding:
    """It works, and a person should know."""
    return Finding(topic, Level.WARNING, sentence, what_to_do)


def error(topic: str, sentence: str, what_to_do: str) -> Finding:
    """It doesn't work."""
    return Finding(topic, Level.ERROR, sentence, what_to_do)


def unknown(topic: str, sentence: str, what_to_do: str = "") -> Finding:
    """It couldn't be found out."""
    return Finding(topic, Level.UNKNOWN, sentence, what_to_do)


def unanswered(topic: str, answer: Unanswered, level: Level = Level.UNKNOWN) -> Finding:
    """A question without an answer. The advice about a right is in the line of the right alone."""
    sentence = answer.reason.partition(". ")[0].rstrip(".")
    return Finding(topic, level, f"{sentence}.", "" if answer.why is Why.FORBIDDEN else advice_of(answer))


def advice_of(answer: Unanswered) -> str:
    """The advice, which is the reason without its first sentence."""
    return answer.reason.partition(". ")[2]


def first_few(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    shown = ", ".join(one_line(name, _LONGEST_NAME) for name in names[:_FIRST_FEW])
    return f"{shown} and {len(names) - _FIRST_FEW} more" if len(names) > _FIRST_FEW else shown

"""The order statuses that a master setup names: letter, stock and mail in this store.

Not here: what a status means for an order (rules/status_meaning.py), the check `setups_fit` (rules/setup_check.py).
"""

from collections.abc import Iterator, Sequence

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.config.status_names import STOP_FIELD, contradictions
from npf_pipelines.domain.order_statuses import SHIPPED_STATUSES, Status, UnknownStatus
from npf_pipelines.domain.store_answers import StoreAnswers, Unanswered
from npf_pipelines.domain.store_check import Finding
from npf_pipelines.domain.text import one_line
from npf_pipelines.rules.status_names import named_statuses
from npf_pipelines.rules.store_check.lines import error, ok, unanswered, unknown, warning

_TOPIC = "statuses"
_LONGEST_NAME = 60


def status_findings(setup: MasterSetup, answers: StoreAnswers) -> Iterator[Finding]:
    """A finding for each status of each field, and for fields that contradict each other."""
    were_read = not isinstance(answers.statuses, Unanswered)
    if isinstance(answers.statuses, Unanswered):
        yield unanswered(_TOPIC, answers.statuses)
    statuses = known_statuses(answers)
    by_letter = {status.letter: status for status in statuses}
    named = named_statuses(setup, statuses)
    for field, letters in named.letters.items():
        for letter, name in letters.items():
            yield _meaning(field, name, by_letter[letter], were_read=were_read)
    for problem in named.unknown:
        yield error(_TOPIC, f"{problem}.", str(UnknownStatus("", statuses)).removeprefix(". "))
    for contradiction in contradictions(named.letters):
        sentence, _, advice = contradiction.partition(". ")
        yield error(_TOPIC, f"{sentence}.", f"{advice}.")


def known_statuses(answers: StoreAnswers) -> Sequence[Status]:
    """The store's statuses; CS-Cart's where they can't be read."""
    return SHIPPED_STATUSES if isinstance(answers.statuses, Unanswered) else answers.statuses


def _meaning(field: str, name: str, status: Status, *, were_read: bool) -> Finding:
    shown = one_line(status.name, _LONGEST_NAME)
    called = "" if name == status.name else f", which the store calls {shown}"
    letter = shown if name == status.letter else f"{status.letter}{called}"
    said = f"{field}: {name} is {letter}; it {_stock(status)}{_mail(status)}."
    if not were_read:
        return unknown(_TOPIC, f"{said} So CS-Cart ships it: this store may differ.")
    if status.gives_back and field.startswith("tracking."):
        return warning(
            _TOPIC,
            said,
            "Choose a status that keeps the stock: the store sells the units again until the next stock push.",
        )
    if status.gives_back and field != STOP_FIELD:
        return warning(
            _TOPIC, said, "Check that orders in it are to be shipped: the store sells their units to others meanwhile."
        )
    return ok(_TOPIC, said)


def _stock(status: Status) -> str:
    if not status.moves_stock:
        return "leaves the stock as it is"
    return "takes the order's stock" if status.takes_stock else "gives the order's stock back"


def _mail(status: Status) -> str:
    if status.mails is None:
        return ""
    return " and mails the customer when a person sets it" if status.mails else " and sends no mail"

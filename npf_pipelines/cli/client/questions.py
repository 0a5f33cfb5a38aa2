"""The questions about a new client, and what is wrong with the answers.

The master setup itself judges the fields. Not here: how they are asked (add.py), the file (templates/setup.yaml).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from npf_pipelines.config.setup_files import MasterSetups, field_problems
from npf_pipelines.config.store_address import comparable_address

Answers = dict[str, str | list[str]]
"""By field; a field that is left out has no answer."""


@dataclass(frozen=True)
class Question:
    """A question about one field.

    Attributes:
        field: the field, as `section.name`.
        flag: the command's flag for it.
        label: the field's name, as NPF's guide has it.
        purpose: what it is for, in a sentence.
        default: the answer if a person gives none; empty if there is none.
        is_required: whether it must be answered.
        is_list: whether several answers may be given, with commas between them.
        if_none: what follows if it is left out, in a word.
        form: how to write the answer, where the master setup's own words for a wrong one say little.
    """

    field: str
    flag: str
    label: str
    purpose: str
    default: str = ""
    is_required: bool = False
    is_list: bool = False
    if_none: str = "none"
    form: str = ""


QUESTIONS = (
    Question("name", "--name", "Client's name", "It is shown in reports."),
    Question(
        "store.url",
        "--store-url",
        "Store URL",
        "The address at which shoppers open the store, like https://shop.example.com.",
        is_required=True,
    ),
    Question(
        "store.api_user",
        "--api-user",
        "API user name",
        "The e-mail address of the administrator with API access in the store.",
        is_required=True,
    ),
    Question(
        "store.user_id",
        "--user-id",
        "User ID",
        "The administrator's number: user_id= in the address bar of the administrator's page.",
        is_required=True,
        form="write the number, like 12",
    ),
    Question(
        "store.time_zone",
        "--time-zone",
        "Time zone",
        "The client's days begin and end in it.",
        default="Australia/Sydney",
        is_required=True,
    ),
    Question(
        "orders.start_date",
        "--start-date",
        "Order start date",
        "Orders placed from 00:00 of this day on are imported, written like 2026-11-30.",
        is_required=True,
        form="write a day like 2026-11-30",
    ),
    Question(
        "orders.prefix",
        "--prefix",
        "Order prefix",
        "It is put before the store's order numbers: with CS, order 1000012 is CS1000012 in the warehouse.",
        form="write at most 10 letters, digits, - and _",
    ),
    Question(
        "orders.statuses",
        "--status",
        "Order statuses",
        "An order is imported in these statuses of the store, by their names, with commas between them.",
        default="Processed",
        is_required=True,
        is_list=True,
    ),
    Question(
        "orders.countries",
        "--country",
        "Countries",
        "Only orders to these countries are imported, with commas between them; all countries if left out.",
        is_list=True,
        if_none="all",
    ),
    Question(
        "orders.cut_off",
        "--cut-off",
        "Cut-off",
        "The local time of the same-day cut-off, like 14:00; orders are swept more often before it.",
    ),
    Question(
        "tracking.shipped_status",
        "--shipped-status",
        "Shipped status",
        "The status that the store gets for an order that has shipped in full; left out, it keeps its status.",
    ),
    Question(
        "tracking.partially_shipped_status",
        "--partially-shipped-status",
        "Partially shipped status",
        "The status for an order whose rest is on back order; left out, it keeps its status.",
    ),
    Question(
        "stock.quantity",
        "--stock",
        "Stock quantity",
        "The figure that the store gets: on_hand (SOH), available (Available SOH), or off for none.",
        default="available",
        is_required=True,
        form="write on_hand, available or off",
    ),
    Question(
        "stock.negative_as_zero",
        "--negative-as-zero",
        "Negative as zero",
        "Whether the store gets 0 for a negative figure: yes or no.",
        default="yes",
        form="write yes or no",
    ),
)
"""In the order in which they are asked."""
_FORMS = {question.field: question.form for question in QUESTIONS} | {"id": "write 1 to 40 of a-z, 0-9, - and _"}


def default_answer(question: Question, answers: Mapping[str, str | list[str]], now: datetime) -> str:
    """The answer if a person gives none; empty if there is none.

    Args:
        question: the question.
        answers: the answers so far.
        now: the moment.
    """
    if question.field == "name":
        return str(answers["id"]).replace("-", " ").replace("_", " ").title()
    if question.field == "orders.start_date":
        zone = answers.get("store.time_zone", "UTC")
        return f"{now.astimezone(ZoneInfo(str(zone))).date()}"
    return question.default


def key_variable(client: str, setups: MasterSetups) -> str:
    """The name of the environment variable for a new client's API key: one that no other setup names."""
    name = f"NPF_{client.upper().replace('-', '_')}"
    taken = {setup.store.api_key_env for setup in setups.clients.values()}
    return next(variable for number in range(1, len(taken) + 2) if (variable := _variable(name, number)) not in taken)


def _variable(name: str, number: int) -> str:
    return f"{name}_API_KEY" if number == 1 else f"{name}_{number}_API_KEY"


def content_of(answers: Mapping[str, str | list[str]]) -> dict[str, Any]:
    """The answers as a file's content."""
    content: dict[str, Any] = {}
    for field, answer in answers.items():
        section, _, name = field.rpartition(".")
        (content.setdefault(section, {}) if section else content)[name] = answer
    return content


def problems_with(answers: Mapping[str, str | list[str]], setups: MasterSetups) -> dict[str, str]:
    """The problems of the answers given so far, by field. No answer is quoted: it may be a key in the wrong place.

    Args:
        answers: the answers.
        setups: the setups of the other clients.
    """
    found: dict[str, str] = {}
    for field, problem in field_problems(content_of(answers)):
        name = next((name for name in answers if field == name or field.startswith(f"{name}.")), None)
        if name:
            found.setdefault(name, _FORMS.get(name) or problem.partition(" (found ")[0])
    if "@" not in answers.get("store.api_user", "@"):
        found["store.api_user"] = "is no e-mail address; the API key doesn't belong here"
    url = answers.get("store.url")
    if url and "store.url" not in found and (other := _client_of(str(url), setups)):
        found["store.url"] = f"the client {other} has this store, and one store is one client"
    return found


def _client_of(url: str, setups: MasterSetups) -> str | None:
    address = comparable_address(url)
    return next((c for c, setup in setups.clients.items() if comparable_address(setup.store.url) == address), None)


def as_answer(question: Question, written: str | Sequence[str]) -> str | list[str]:
    """The answer from what a person wrote."""
    if question.is_list:
        parts = written.split(",") if isinstance(written, str) else written
        return [part.strip() for part in parts if part.strip()]
    return str(written).strip()

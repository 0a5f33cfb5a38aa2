"""A call to the API and its answer, as the entities see them."""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from npf_pipelines.sandbox.php import Query
from npf_pipelines.sandbox.store import SandboxStore


@dataclass(frozen=True, slots=True)
class Call:
    """A request that passed the door: `number` is the id in its address, None for the whole collection."""

    store: SandboxStore
    method: str
    number: int | None
    query: Query
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer: `content` is JSON, or a page where it is a string."""

    status: int
    content: Any
    headers: dict[str, str] = field(default_factory=dict)


def refusal(status: int, message: str | None = None) -> Answer:
    """An error as the API words it: `{"message": …, "status": …}` (documented)."""
    return Answer(status, {"message": message or HTTPStatus(status).phrase, "status": status})

"""The kept facts about the stores, as the code server has read them last.

Not here: what the facts are (assets/store_facts.py), which question to a store follows from them
(order_questions.py).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from npf_pipelines.runs.client_tables import ClientTables
from npf_pipelines.runs.kept_facts import kept_facts
from npf_pipelines.runs.services import Services


class KnownFacts:
    """The facts by client, read again only after a run of the client."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._known: dict[str, tuple[datetime, Mapping[str, Any]]] = {}

    def is_read(self, client: str, tried_at: datetime | None) -> bool:
        """Whether `of` reads no file. Arguments as there."""
        return tried_at is None or self._known.get(client, (None,))[0] == tried_at

    def of(self, client: str, tried_at: datetime | None) -> Mapping[str, Any]:
        """The facts about the client's store; empty if no run has tried it.

        Args:
            client: the client's id.
            tried_at: when a run last tried the client.
        """
        if tried_at is None:
            return {}
        if not self.is_read(client, tried_at):
            self._known[client] = (tried_at, kept_facts(ClientTables(self._services.lake, client)))
        return self._known[client][1]

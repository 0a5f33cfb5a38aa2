"""When a client's days have to be decided on again: noted by a run as it holds orders, and cleared as it releases them.

Not here: what holds an order (order_holds.py), where the moments are kept (state/due_decisions.py).
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from npf_pipelines.assets.live_days import is_live
from npf_pipelines.domain.outcomes import Decision
from npf_pipelines.runs.client_run import ClientRun
from npf_pipelines.state.due_decisions import note_due, read_due, replace_due


class DueDecisions:
    """The moments at which one client's days are due, as a run finds and leaves them."""

    def __init__(self, client_run: ClientRun, known: Mapping[date, Collection[datetime]]) -> None:
        """Begin with the moments that are known; nothing is written before the run decides."""
        self._client_run, self._known = client_run, known
        self._decided: dict[date, Collection[datetime]] = {}

    def days(self) -> set[date]:
        """The days that are due now; none for a run that doesn't reach today."""
        client_run = self._client_run
        if client_run.today not in client_run.days:
            return set()
        return {
            day
            for day, moments in self._known.items()
            if min(moments) <= client_run.now and day <= client_run.today and is_live(client_run, day)
        }

    def note(self, day: date, decisions: Sequence[Mapping[str, Any]]) -> None:
        """Note the times of release of a day's held orders, before the decisions are written."""
        held = (row["release_at"] for row in decisions if row["decision"] == Decision.HELD)
        moments = {moment for moment in held if moment}
        if not self._client_run.dry_run and (new := moments - set(self._known.get(day, ()))):
            note_due(self._client_run.services.state, self._client_run.client, day, new)
        self._decided[day] = moments

    def keep(self) -> None:
        """Clear the moments that are past, now that the orders that they were about are imported."""
        client_run = self._client_run
        if client_run.dry_run:
            return
        for day, moments in self._decided.items():
            if known := self._known.get(day, ()):
                replace_due(client_run.services.state, client_run.client, day, moments, known=known)


def read_due_decisions(client_run: ClientRun) -> DueDecisions:
    """The client's moments now."""
    return DueDecisions(client_run, read_due(client_run.services.state, client_run.client))

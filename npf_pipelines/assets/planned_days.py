"""The days that were only planned while the client was in trial: a live client's run does them for real.

They may be older than the look-back of any run. The runs in trial have counted their planned rows.
Not here: what is planned (reconcile/), the counting (runs/open_items.py).
"""

from collections.abc import Iterable
from datetime import date

from npf_pipelines.domain.open_kinds import open_key
from npf_pipelines.domain.outcome import Outcome
from npf_pipelines.runs.client_run import ClientRun


def planned_days(client_run: ClientRun, *outcomes: type[Outcome]) -> set[date]:
    """The days with planned rows of these outcomes; none in trial, or for a run that doesn't reach today.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the state's database can't be reached.
    """
    if client_run.in_trial or client_run.today not in client_run.days:
        return set()
    return client_run.days_with(_planned_kinds(outcomes))


def _planned_kinds(outcomes: Iterable[type[Outcome]]) -> Iterable[str]:
    return (open_key(outcome) for each in outcomes for outcome in each if outcome.is_planned)

"""Keeps what one client's part of a run has counted, for the metrics. It never fails a run.

Not here: what is counted (domain/flow_counts.py), where it is kept (state/counters.py).
"""

from datetime import UTC, datetime, timedelta

import dagster as dg
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from npf_pipelines.domain.flow_counts import DELAY_SECONDS, SUCCEEDED, FlowCounts
from npf_pipelines.domain.health import Health
from npf_pipelines.runs.machine_failures import machine_failure
from npf_pipelines.state.counters import add_counts, counted_since


def keep_counts(
    log: dg.DagsterLogManager, engine: sa.Engine, *, client: str, flow: str, counts: FlowCounts, after: Health | None
) -> None:
    """Add the counts to the flow's counters, and how the part ended if it says something about the flow's health."""
    try:
        outcome = (after.kind.name.lower() if after.kind else SUCCEEDED) if after else ""
        now = datetime.now(UTC)
        delays = [*counts.delays, *_of_imports(engine, client, flow, counts, now)]
        add_counts(engine, client, flow, counts.by_name(outcome, delays), now)
    except SQLAlchemyError as error:
        log.warning("%s: the metrics of its flow %s could not be kept: %s", client, flow, machine_failure(error))


def _of_imports(engine: sa.Engine, client: str, flow: str, counts: FlowCounts, now: datetime) -> list[timedelta]:
    """How long the imported orders took, without backfilled ones: placed before the platform got the first order."""
    if not counts.imported:
        return []
    since = counted_since(engine, client, flow, DELAY_SECONDS) or now
    return [imported_at - placed_at for placed_at, imported_at in counts.imported if placed_at >= since]

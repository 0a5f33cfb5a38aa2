"""What a run leaves behind of how each client's flow stands.

Not here: what is kept of it and for how long a client is then left alone (state/health.py).
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import dagster as dg
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.days import day_of
from npf_pipelines.domain.failure_kind import FailureKind
from npf_pipelines.state.health import failed, keep_health, read_one, succeeded


class FlowHealth:
    """The health of the flow that a run works on."""

    def __init__(self, context: dg.AssetExecutionContext, engine: sa.Engine) -> None:
        self._context, self._engine = context, engine
        self._flow = context.assets_def.node_def.name
        # A run over some of the flow's assets doesn't tell how the flow stands.
        self._is_whole = context.selected_asset_keys == set(context.assets_def.node_keys_by_output_name.values())

    def note(
        self,
        client: str,
        setup: MasterSetup | None,
        days: Sequence[date],
        *,
        began: datetime,
        trouble: FailureKind | None,
        reason: str,
    ) -> None:
        """Keep how a client's walk ended: `trouble` is None where it went well, `setup` where none is valid."""
        if not self._is_whole:
            return
        try:
            reached_today = not days or (setup is not None and day_of(began, setup.zone) in days)
            now = datetime.now(UTC)
            kept = read_one(self._engine, client, self._flow)
            before = kept.known_at(now)
            if before != kept:
                self._context.log.warning(
                    "%s: the last run of %s was noted at a time in the future, by a machine whose clock was wrong: "
                    "the time is taken as unknown",
                    client,
                    self._flow,
                )
            if trouble is None:
                after = succeeded(before, began, reached_today=reached_today)
            else:
                after = failed(
                    before,
                    trouble,
                    reason,
                    setup,
                    began=began,
                    now=now,
                    reached_today=reached_today,
                )
            keep_health(self._engine, after)
        except SQLAlchemyError as error:
            self._context.log.warning("%s: how its %s stand could not be kept: %s", client, self._flow, error)

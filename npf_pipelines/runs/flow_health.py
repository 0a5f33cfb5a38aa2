"""Keeps how each client's part of a run ended as the health of the client's flow.

Not here: what is kept and for how long a failed client is skipped (state/health.py).
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import dagster as dg
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.config.setup_fingerprint import fingerprint
from npf_pipelines.domain.days import day_of
from npf_pipelines.domain.failure_kind import FailureKind
from npf_pipelines.domain.health import Health
from npf_pipelines.rules.flow_health import failed, known_at, succeeded
from npf_pipelines.runs.machine_failures import machine_failure
from npf_pipelines.state.health import keep_health, read_one


class FlowHealth:
    """The health of the flow that a run works on."""

    def __init__(self, log: dg.DagsterLogManager, engine: sa.Engine, flow: str, *, is_whole: bool) -> None:
        """A run over only some of the flow's assets (`is_whole` is False) says nothing about the flow's health."""
        self._log, self._engine, self._flow, self._is_whole = log, engine, flow, is_whole

    def after(
        self,
        client: str,
        setup: MasterSetup | None,
        days: Sequence[date],
        *,
        began: datetime,
        kind: FailureKind | None,
        reason: str,
    ) -> Health | None:
        """The flow's health after a client's part of the run; None if the run says nothing about it.

        Args:
            client: the client's id.
            setup: its master setup; None if it has no valid one.
            days: the days of its part; empty for a flow without days.
            began: when its part began.
            kind: the kind of failure; None if it succeeded.
            reason: of the failure.
        """
        if not self._is_whole:
            return None
        try:
            reached_today = not days or (setup is not None and day_of(began, setup.zone) in days)
            now = datetime.now(UTC)
            stored = read_one(self._engine, client, self._flow)
            before = known_at(stored, now)
            if before != stored:
                self._log.warning(
                    "%s: the last run of %s was noted at a time in the future, by a machine whose clock was wrong: "
                    "the time is taken as unknown",
                    client,
                    self._flow,
                )
            if kind is None:
                return succeeded(before, began, reached_today=reached_today)
            return failed(
                before,
                kind,
                reason,
                setup_print=fingerprint(setup) if setup else "",
                began=began,
                now=now,
                reached_today=reached_today,
            )
        except SQLAlchemyError as error:
            self._warn(client, error)
            return None

    def keep(self, after: Health) -> None:
        """Keep the flow's health."""
        try:
            keep_health(self._engine, after)
        except SQLAlchemyError as error:
            self._warn(after.client, error)

    def _warn(self, client: str, error: SQLAlchemyError) -> None:
        reason = machine_failure(error)
        self._log.warning("%s: the health of its flow %s could not be kept: %s", client, self._flow, reason)

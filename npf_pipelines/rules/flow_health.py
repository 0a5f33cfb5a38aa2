"""A flow's health after a run, and whether automatic runs leave the flow alone for now.

Not here: how long a pause is (retries.py), where health is kept (state/health.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from npf_pipelines.domain.clock import is_future, unless_future
from npf_pipelines.domain.failure_kind import FailureKind
from npf_pipelines.domain.health import Health
from npf_pipelines.rules.retries import LONGEST_PAUSE, failures_in_a_row, next_try


def succeeded(before: Health, began: datetime, *, reached_today: bool) -> Health:
    """The health after a successful run. A run over past days proves only that the store answers."""
    after = Health(before.client, before.flow, before.tried_at, before.last_success_at)
    return replace(after, tried_at=began, last_success_at=began) if reached_today else after


def failed(
    before: Health,
    kind: FailureKind,
    reason: str,
    *,
    setup_print: str,
    began: datetime,
    now: datetime,
    reached_today: bool,
) -> Health:
    """The health after a failed run; `setup_print` is empty where there is no valid master setup."""
    failures = failures_in_a_row(before.failures, kind)
    return replace(
        before,
        tried_at=began if reached_today else before.tried_at,
        failing_since=before.failing_since or began,
        failures=failures,
        kind=kind,
        reason=reason,
        next_try_at=next_try(kind, failures, now),
        setup_print=setup_print if kind.is_permanent else "",
    )


def is_waiting(health: Health, now: datetime, *, is_setup_changed: bool) -> bool:
    """Whether automatic runs leave the flow alone: its pause is not over, or nothing has changed since it failed.

    Args:
        health: the flow's, as known now (`known_at`).
        now: the moment.
        is_setup_changed: whether the master setup differs from `health.setup_print`.
    """
    if health.is_permanent and is_setup_changed:
        return False
    if health.is_permanent and health.next_try_at is None:
        return True
    return health.next_try_at is not None and now < health.next_try_at


def known_at(health: Health, now: datetime) -> Health:
    """The part of a flow's health that can be true: a time in the future came from a wrong clock and is unknown.

    A retry that is due too far ahead is due now: without a time, a permanent failure would wait for another setup.
    """
    failing_since, next_try_at = health.failing_since, health.next_try_at
    return replace(
        health,
        tried_at=unless_future(health.tried_at, now),
        last_success_at=unless_future(health.last_success_at, now),
        failing_since=now if failing_since and is_future(failing_since, now) else failing_since,
        next_try_at=now if next_try_at and is_future(next_try_at, now + LONGEST_PAUSE) else next_try_at,
    )


def in_order_of_health(clients: Iterable[str], health: Mapping[str, Health]) -> Sequence[str]:
    """The clients in the order in which a run begins them, so that nobody waits for those that fail.

    Those that have never succeeded come after those that have, and those that failed last come last of all.

    Args:
        clients: their ids.
        health: of the run's flow, by client.
    """

    def place(client: str) -> tuple[int, bool, str]:
        known = health.get(client)
        return (known.failures if known else 0, known is None or known.last_success_at is None, client)

    return sorted(clients, key=place)

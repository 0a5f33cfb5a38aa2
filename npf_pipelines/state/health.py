"""How each client's flow stands: when it last went well, since when and why it fails, when it is tried again.

A flow is `orders`, `shipments` or `stock`. Sweeps and sensors ask here whom to leave alone, alerts and reports what to
tell. Not here: the pauses themselves (rules/retries.py), who is at work just now (lease.py).
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

import sqlalchemy as sa

from npf_pipelines.config.master_setup import MasterSetup, SetupError
from npf_pipelines.domain.clock import is_future, unless_future
from npf_pipelines.domain.failure_kind import FailureKind
from npf_pipelines.platform.tables import health
from npf_pipelines.rules.retries import LONGEST_PAUSE, failures_in_a_row, next_try


@dataclass(frozen=True)
class Health:
    """One client's flow.

    Attributes:
        client: the client's id.
        flow: `orders`, `shipments` or `stock`.
        tried_at: when the last walk began that reached the client's today.
        last_success_at: when the last one of those began that went well; None if none ever did.
        failing_since: when the first of the failures in a row began; None when it goes well.
        failures: in a row.
        is_permanent: whether it fails until somebody changes something.
        reason: why it fails, in words; empty when it goes well.
        next_try_at: until when it is left alone; None for no such time.
        setup_print: of the setup under which it fails for good, its key included; to be compared, never shown.
    """

    client: str
    flow: str
    tried_at: datetime | None = None
    last_success_at: datetime | None = None
    failing_since: datetime | None = None
    failures: int = 0
    is_permanent: bool = False
    reason: str = ""
    next_try_at: datetime | None = None
    setup_print: str = field(default="", repr=False)

    def rests(self, setup: MasterSetup, now: datetime) -> bool:
        """Whether nothing should be tried by itself just now: a pause isn't over, or nothing has changed."""
        if self.is_permanent and self.setup_print != print_of(setup, salt=self.setup_print.partition(":")[0]):
            return False
        if self.is_permanent and self.next_try_at is None:
            return True
        return self.next_try_at is not None and now < self.next_try_at

    def known_at(self, now: datetime) -> "Health":
        """What of it can be true: a time in the future was written by a wrong clock and is unknown.

        A try that is due too far ahead is due now: permanent trouble without one would wait for another setup.
        """
        failing_since, next_try_at = self.failing_since, self.next_try_at
        return replace(
            self,
            tried_at=unless_future(self.tried_at, now),
            last_success_at=unless_future(self.last_success_at, now),
            failing_since=now if failing_since and is_future(failing_since, now) else failing_since,
            next_try_at=now if next_try_at and is_future(next_try_at, now + LONGEST_PAUSE) else next_try_at,
        )


def succeeded(before: Health, began: datetime, *, reached_today: bool) -> Health:
    """The flow after a walk that went well. One over past days only proves that the store answers."""
    after = Health(before.client, before.flow, before.tried_at, before.last_success_at)
    return replace(after, tried_at=began, last_success_at=began) if reached_today else after


def failed(
    before: Health,
    trouble: FailureKind,
    reason: str,
    setup: MasterSetup | None,
    *,
    began: datetime,
    now: datetime,
    reached_today: bool,
) -> Health:
    """The flow after a walk that failed; `setup` is None where there is no valid one."""
    failures = failures_in_a_row(before.failures, trouble)
    is_permanent = trouble in {FailureKind.PERMANENT, FailureKind.FIXABLE_IN_STORE}
    return replace(
        before,
        tried_at=began if reached_today else before.tried_at,
        failing_since=before.failing_since or began,
        failures=failures,
        is_permanent=is_permanent,
        reason=reason,
        next_try_at=next_try(trouble, failures, now),
        setup_print=print_of(setup, salt=secrets.token_hex(8)) if is_permanent and setup else "",
    )


def print_of(setup: MasterSetup, *, salt: str) -> str:
    """What changes when the setup or its key does, and gives neither away: salted anew for each row."""
    try:
        key = setup.api_key().get_secret_value()
    except SetupError:
        key = ""
    return f"{salt}:{hashlib.sha256(f'{salt} {setup.model_dump_json()} {key}'.encode()).hexdigest()}"


def read_health(engine: sa.Engine, flow: str | None = None) -> Mapping[tuple[str, str], Health]:
    """How all clients stand, by client and flow; those that were never walked are left out.

    Args:
        engine: the platform's database.
        flow: only this one; all if None.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    query = sa.select(health).order_by(health.c.client, health.c.flow)
    with engine.connect() as connection:
        rows = connection.execute(query if flow is None else query.where(health.c.flow == flow)).mappings().all()
    return {(row["client"], row["flow"]): Health(**row) for row in rows}


def read_one(engine: sa.Engine, client: str, flow: str) -> Health:
    """How one client's flow stands; a new one if it was never walked.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    with engine.connect() as connection:
        row = connection.execute(sa.select(health).where(_is(client, flow))).mappings().one_or_none()
    return Health(**row) if row else Health(client, flow)


def keep_health(engine: sa.Engine, after: Health) -> None:
    """Write how a flow stands.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    with engine.begin() as connection:
        connection.execute(sa.delete(health).where(_is(after.client, after.flow)))
        connection.execute(sa.insert(health).values(asdict(after)))


def forget_health(engine: sa.Engine, client: str) -> None:
    """Forget how a client's flows stand, so that they are tried again by themselves.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    with engine.begin() as connection:
        connection.execute(sa.delete(health).where(health.c.client == client))


def _is(client: str, flow: str) -> sa.ColumnElement[bool]:
    return (health.c.client == client) & (health.c.flow == flow)

"""How one client's flow is doing, as the state's database keeps it.

Not here: what a run's outcome makes of it (rules/flow_health.py), the database (state/health.py).
"""

from dataclasses import dataclass, field
from datetime import datetime

from npf_pipelines.domain.failure_kind import FailureKind


@dataclass(frozen=True)
class Health:
    """The health of one client's flow.

    Attributes:
        client: the client's id.
        flow: `orders`, `shipments` or `stock`.
        tried_at: when the last run began that reached the client's today.
        last_success_at: when the last successful such run began; None if there was none.
        failing_since: when the first of the current failures in a row began; None after a success.
        failures: the failures in a row.
        kind: the kind of the last failure; None after a success.
        reason: why the flow fails, in words; empty after a success.
        next_try_at: until when no automatic run tries it; None for no such time.
        setup_print: the fingerprint of the master setup under which it fails permanently, API key included. For
            comparison only; never shown.
    """

    client: str
    flow: str
    tried_at: datetime | None = None
    last_success_at: datetime | None = None
    failing_since: datetime | None = None
    failures: int = 0
    kind: FailureKind | None = None
    reason: str = ""
    next_try_at: datetime | None = None
    setup_print: str = field(default="", repr=False)

    @property
    def is_permanent(self) -> bool:
        """Whether only a change by a person ends the failures."""
        return self.kind is not None and self.kind.is_permanent

"""The conditions of a client that a person has to know about, from how its flows went and which rows are open.

Not here: where the facts come from (automation/alert_facts.py), the conditions of the whole installation
(setup_conditions.py), how an alert opens and resolves (alerts.py).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from npf_pipelines.domain.alert import AlertKind
from npf_pipelines.domain.failure_kind import FailureKind
from npf_pipelines.domain.health import Health
from npf_pipelines.domain.open_kinds import OpenKind, open_key
from npf_pipelines.domain.outcomes import StockOutcome
from npf_pipelines.rules.change_limit import LIMIT_EXCEEDED

BACKLOG_PATIENCE = timedelta(hours=2)
"""How long a backlog may go without having been worked off once: several sweeps.

The rows aren't counted: a hundred shipments that have just been lodged are normal, and one shipment that several sweeps
in a row didn't push is not. A backlog that grows faster than it is worked off never empties, and is reported as well.
"""
FIRST_FEW = 3
"""Rows of a kind and day whose numbers are named."""
OVER_LIMIT = open_key(StockOutcome.OVER_LIMIT)
"""The kind of the rows that the change limit held back."""
FAILURES_THAT_MAY_PASS = 1
"""Failures in a row that are not reported where the problem may pass by itself."""


@dataclass(frozen=True)
class Condition:
    """Something that holds now.

    Attributes:
        kind: its kind.
        client: the client's id; empty where only a file is known.
        thing: its subject: a flow, a file, a kind of rows and their day.
        text: the problem, without the client.
        what_to_do: for the person who gets the message.
        since: when it began; None: when it was first noticed.
        patience: how long it has to hold before it is reported.
    """

    kind: AlertKind
    client: str
    thing: str
    text: str
    what_to_do: str
    since: datetime | None = None
    patience: timedelta = timedelta()

    @property
    def key(self) -> str:
        """The identity of the condition from one evaluation to the next."""
        return f"{self.kind}|{self.client}|{self.thing}"


@dataclass(frozen=True)
class OpenRows:
    """Open rows of one kind and day.

    Attributes:
        kind: their kind.
        day: the partition's; None for stock.
        rows: how many.
        first: the numbers of the first few.
    """

    kind: OpenKind
    day: date | None
    rows: int
    first: str


@dataclass(frozen=True)
class ClientFacts:
    """The facts about a client with a master setup.

    Attributes:
        client: its id.
        pull_limit: how long it may go without a pull.
        healths: of the flows that ever ran.
        open: the open rows of its tables, by kind and day.
    """

    client: str
    pull_limit: timedelta
    healths: Sequence[Health] = ()
    open: Sequence[OpenRows] = ()


def client_conditions(facts: ClientFacts, now: datetime, *, is_running: bool) -> Iterator[Condition]:
    """The conditions that hold for one client.

    Args:
        facts: the facts about it.
        now: the time of the evaluation.
        is_running: whether the schedules run, so that a client that was never pulled is late, too.
    """
    for health in facts.healths:
        if health.failing_since and is_reported(health):
            yield Condition(
                AlertKind.FAILING,
                facts.client,
                health.flow,
                f"runs of {health.flow} fail: {health.reason}",
                (health.kind or FailureKind.TRANSIENT).what_to_do,
                health.failing_since,
            )
    yield from _no_pull(facts, now, is_running=is_running)
    yield from _of_rows(facts.client, facts.open)


def is_reported(health: Health) -> bool:
    """Whether an alert says that the flow fails.

    An exceeded change limit is reported by its rows, which remain when the store goes down afterwards.
    """
    if health.kind is FailureKind.OVER_LIMIT:
        return False
    return health.failures > FAILURES_THAT_MAY_PASS or health.is_permanent


def _no_pull(facts: ClientFacts, now: datetime, *, is_running: bool) -> Iterator[Condition]:
    last = next((health.last_success_at for health in facts.healths if health.flow == "orders"), None)
    if last is None and not is_running:
        return
    if last is not None and now - last <= facts.pull_limit:
        return
    hours = facts.pull_limit / timedelta(hours=1)
    yield Condition(
        AlertKind.NO_PULL,
        facts.client,
        "orders",
        f"no orders have been pulled for more than {hours:g} hours",
        "Check in Dagster's UI whether schedules and daemon run, and how the last run of orders ended.",
        last,
        facts.pull_limit if last is None else timedelta(),
    )


def _of_rows(client: str, found: Sequence[OpenRows]) -> Iterator[Condition]:
    waiting: dict[str, list[OpenRows]] = {}
    for row in found:
        kind = row.kind
        if kind.key == OVER_LIMIT:
            yield Condition(
                AlertKind.CHANGE_LIMIT,
                client,
                "stock",
                f"{LIMIT_EXCEEDED}: a push would have changed too much, {_counted(kind.about, row.rows)} not written",
                f"Check the rows; if they are right: npf run stock --client {client} --override-change-limit",
            )
        elif kind.what_to_do:
            # By day: an order set aside on another day is another alert, however long the first one stays.
            of_day = f" of {row.day}" if row.day else ""
            yield Condition(
                AlertKind.NEEDS_A_PERSON,
                client,
                f"{kind.key}|{row.day or ''}",
                f"{_counted(kind.about, row.rows, kind.unit)}{of_day} {kind.name}: {_first_few([row])}",
                kind.what_to_do,
            )
        else:
            waiting.setdefault(kind.about, []).append(row)
    for about, rows in waiting.items():
        yield Condition(
            AlertKind.BACKLOG,
            client,
            about,
            f"{_counted(about, sum(row.rows for row in rows))} waiting and not worked off: {_first_few(rows)}",
            "See in the report what holds them up.",
            patience=BACKLOG_PATIENCE,
        )


def _counted(about: str, rows: int, unit: str = "") -> str:
    noun = unit or {"orders": "order", "shipments": "shipment"}.get(about, "SKU")
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{rows} {noun}" if rows == 1 else f"{rows} {plural}"


def _first_few(found: Sequence[OpenRows]) -> str:
    left = sum(row.rows for row in found) - min(found[0].rows, FIRST_FEW)
    return f"{found[0].first} and {left} more" if left else found[0].first

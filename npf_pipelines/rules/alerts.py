"""What somebody has to be told: the conditions that hold now, and how an alert begins, goes on and ends.

Not here: where the facts come from (automation/alert_facts.py), what is said (alert_words.py), what is remembered
(state/alerts.py).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from npf_pipelines.domain.alert import Alert, AlertKind
from npf_pipelines.domain.clock import is_future
from npf_pipelines.domain.outcomes import StockOutcome
from npf_pipelines.rules.change_limit import LIMIT_EXCEEDED

BACKLOG_PATIENCE = timedelta(hours=2)
"""How long a backlog may go without having been worked off once: eight sweeps.

It isn't counted: a hundred shipments that have just been lodged are a good day, and one that eight sweeps in a row
didn't bring in is none. What arrives faster than it is worked off is never worked off, and is told all the same.
"""
FIRST_FEW = 3
"""Rows of a kind and day whose numbers are told."""
OVER_LIMIT = f"sku_{StockOutcome.OVER_LIMIT}"
"""The kind of the rows that the change limit held back."""
FAILURES_THAT_MAY_PASS = 1
"""Failures in a row of which nobody is told, where the trouble may pass by itself."""


OF_ROWS = frozenset({AlertKind.NEEDS_A_PERSON, AlertKind.CHANGE_LIMIT})
"""The kinds that stay open until a person mends the rows, even while the client is paused."""


@dataclass(frozen=True)
class Condition:
    """Something that holds now.

    Attributes:
        kind: what kind.
        client: the client's id; empty where only a file is known.
        thing: which one of that kind: a flow, a file, a kind of rows and their day.
        text: what is so, without the client.
        what_to_do: for the person who is told.
        since: since when it is so; None: since it was first noticed.
        patience: how long it has to hold before anybody is told.
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
        """What makes it the same at the next look."""
        return f"{self.kind}|{self.client}|{self.thing}"


@dataclass(frozen=True)
class FlowState:
    """How a flow of a client stands."""

    name: str
    last_success_at: datetime | None = None
    failing_since: datetime | None = None
    failures: int = 0
    is_permanent: bool = False
    reason: str = ""


@dataclass(frozen=True)
class OpenThings:
    """Rows that aren't done.

    Attributes:
        kind: their kind.
        about: `orders`, `shipments` or `stock`.
        name: what is so, in words.
        day: the partition's; None for stock.
        rows: how many.
        first: the numbers of the first few.
        what_to_do: where they need a person; empty where the next run does it.
        unit: what a row is; empty where it is what they are about.
    """

    kind: str
    about: str
    name: str
    day: date | None
    rows: int
    first: str
    what_to_do: str
    unit: str = ""


@dataclass(frozen=True)
class ClientFacts:
    """What is known of a client that is looked after.

    Attributes:
        client: its id.
        pull_limit: how long it may go without a pull.
        flows: those that were ever walked.
        open: what of its tables isn't done, by kind and day.
    """

    client: str
    pull_limit: timedelta
    flows: Sequence[FlowState] = ()
    open: Sequence[OpenThings] = ()


def client_conditions(facts: ClientFacts, now: datetime, *, is_running: bool) -> Iterator[Condition]:
    """What holds for one client.

    Args:
        facts: what is known of it.
        now: the moment.
        is_running: whether somebody pulls by itself, so that a client that was never pulled is late, too.
    """
    for flow in facts.flows:
        if flow.failing_since and _is_told(flow):
            yield Condition(
                AlertKind.FAILING,
                facts.client,
                flow.name,
                f"runs of {flow.name} fail: {flow.reason}",
                "Change what the reason names: a wrong key or setup is tried again when it is changed, trouble in the"
                " store every hour."
                if flow.is_permanent
                else "It is tried again by itself. If it lasts, see whether the store answers.",
                flow.failing_since,
            )
    yield from _no_pull(facts, now, is_running=is_running)
    yield from _of_rows(facts.client, facts.open)


def _is_told(flow: FlowState) -> bool:
    """An exceeded change limit is reported by its rows, which remain when the store goes down afterwards."""
    return not flow.reason.startswith(LIMIT_EXCEEDED) and (flow.is_permanent or flow.failures > FAILURES_THAT_MAY_PASS)


def _no_pull(facts: ClientFacts, now: datetime, *, is_running: bool) -> Iterator[Condition]:
    last = next((flow.last_success_at for flow in facts.flows if flow.name == "orders"), None)
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
        "Look in Dagster's UI whether schedules and daemon run, and at the last run of orders.",
        last,
        facts.pull_limit if last is None else timedelta(),
    )


def _of_rows(client: str, things: Sequence[OpenThings]) -> Iterator[Condition]:
    waiting: dict[str, list[OpenThings]] = {}
    for some in things:
        if some.kind == OVER_LIMIT:
            yield Condition(
                AlertKind.CHANGE_LIMIT,
                client,
                "stock",
                f"{LIMIT_EXCEEDED}: a push would have changed too much, {_counted(some.about, some.rows)} not written",
                f"Look at the rows; if they are right: npf run stock --client {client} --override-change-limit",
            )
        elif some.what_to_do:
            # By day: what is set aside on another day is another event, however long the first one stays.
            of_day = f" of {some.day}" if some.day else ""
            yield Condition(
                AlertKind.NEEDS_A_PERSON,
                client,
                f"{some.kind}|{some.day or ''}",
                f"{_counted(some.about, some.rows, some.unit)}{of_day} {some.name}: {_first_few([some])}",
                some.what_to_do,
            )
        else:
            waiting.setdefault(some.about, []).append(some)
    for about, kinds in waiting.items():
        yield Condition(
            AlertKind.BACKLOG,
            client,
            about,
            f"{_counted(about, sum(some.rows for some in kinds))} waiting and not worked off: {_first_few(kinds)}",
            "See in the report what holds them up.",
            patience=BACKLOG_PATIENCE,
        )


def _counted(about: str, rows: int, unit: str = "") -> str:
    one = unit or {"orders": "order", "shipments": "shipment"}.get(about, "SKU")
    many = f"{one}es" if one.endswith("s") else f"{one}s"
    return f"{rows} {one}" if rows == 1 else f"{rows} {many}"


def _first_few(kinds: Sequence[OpenThings]) -> str:
    left = sum(some.rows for some in kinds) - min(kinds[0].rows, FIRST_FEW)
    return f"{kinds[0].first} and {left} more" if left else kinds[0].first


def setup_conditions(errors: Iterable[str]) -> Iterator[Condition]:
    """What holds for the master setups: one condition for each file that is wrong."""
    for error in errors:
        file, _, rest = error.partition(": ")
        what = rest.partition("\n")[0]
        yield Condition(
            AlertKind.SETUP,
            "",
            file,
            f"the master setup {file} is wrong, and its client is left alone: {what}",
            "Correct the file: it is read again by itself.",
        )


def missing_setup_conditions(
    registered: Iterable[str], valid: Collection[str], errors: Iterable[str]
) -> Iterator[Condition]:
    """A condition for each registered client that has no valid master setup.

    Args:
        registered: the clients that are partitions.
        valid: the clients with a valid setup.
        errors: of the files that are wrong. A wrong file with a client's name has an alert of its own.
    """
    wrong = {error.partition(":")[0].rpartition(".")[0] for error in errors}
    for client in registered:
        if client not in valid and client not in wrong:
            yield Condition(
                AlertKind.SETUP,
                client,
                "",
                "the client has no master setup: nothing runs for it, and its open orders and parcels are not followed",
                f"Put {client}.yaml back. For a client that has left, put it back with `paused: true`.",
            )


def clock_conditions(ahead: Collection[str]) -> Iterator[Condition]:
    """What holds while a flow of these clients is noted at a time in the future."""
    if ahead:
        named = sorted(ahead)
        more = f" and {len(named) - FIRST_FEW} more" if len(named) > FIRST_FEW else ""
        yield Condition(
            AlertKind.CLOCK,
            "",
            "",
            f"runs of {', '.join(named[:FIRST_FEW])}{more} recorded a time in the future, which counts as unknown",
            "Set the clocks of the machines that execute runs (NTP).",
        )


def folder_condition(error: str) -> Condition:
    """What holds when no master setup can be read."""
    return Condition(AlertKind.SETUP, "", "", f"nothing runs: {error}", "Make the folder readable.")


def after_look(
    known: Mapping[str, Alert], found: Collection[Condition], unknown: Collection[str], now: datetime
) -> list[Alert]:
    """The alerts that are to be remembered now, those that have long been over left out.

    Args:
        known: what is remembered, by key.
        found: what holds now.
        unknown: the keys of those of which nobody knows whether they hold: they stay as they are.
        now: the moment.
    """
    holding = {condition.key: condition for condition in found}
    alerts = [_going_on(known.get(key), condition, now) for key, condition in holding.items()]
    for key, alert in known.items():
        if key in holding or alert.over_told_at:
            continue
        is_ending = alert.over_at is not None and not is_future(alert.over_at, now)
        ending = alert if is_ending or key in unknown else replace(alert, over_at=now)
        alerts.append(ending)
    return alerts


def _going_on(before: Alert | None, condition: Condition, now: datetime) -> Alert:
    if before is None or before.over_told_at:
        since = condition.since or now
        return Alert(
            condition.key,
            condition.client,
            condition.kind,
            condition.text,
            condition.what_to_do,
            since,
            since + condition.patience,
        )
    # Times that a wrong clock wrote must not keep the alert from being sent.
    since = now if is_future(before.since, now) else before.since
    due_at = min(before.due_at, now + condition.patience) if before.told_at is None else before.due_at
    return replace(
        before, text=condition.text, what_to_do=condition.what_to_do, since=since, due_at=due_at, over_at=None
    )

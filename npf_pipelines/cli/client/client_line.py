"""A client's line in the list of all clients, from the facts that the state keeps.

Not here: reading the facts and printing the lines (list_clients.py).
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from npf_pipelines.cli.program import program
from npf_pipelines.config.setup_files import MasterSetups
from npf_pipelines.domain.alert import Alert
from npf_pipelines.domain.health import Health
from npf_pipelines.domain.open_kinds import HELD_SKU, PLANNED_KINDS, kind_of
from npf_pipelines.rules.flow_health import known_at
from npf_pipelines.rules.quiet_hours import may_wait
from npf_pipelines.runs.paused import why_paused
from npf_pipelines.state.open_items import OpenItems
from npf_pipelines.state.pauses import Pauses


@dataclass(frozen=True)
class ClientLine:
    """A client in one line.

    Attributes:
        client: its id; the file's name where the setup is wrong.
        state: `live`, `trial`, `paused`, `wrong setup` or `no setup`.
        certified: the day of the certificate; None if the latest one doesn't certify it.
        orders_pulled: when the last successful run of orders began; None if there was none.
        tracking_pushed: the same of shipments.
        stock_pushed: the same of stock.
        backlog: rows that wait for the next run, but for rows that are planned in trial.
        manual_review: rows that wait for a person.
        drift: SKUs whose amount in the store was not the right one after the last push.
        alerts: open alerts.
        remark: why it is in this state.
    """

    client: str
    state: str
    certified: date | None
    orders_pulled: datetime | None
    tracking_pushed: datetime | None
    stock_pushed: datetime | None
    backlog: int
    manual_review: int
    drift: int
    alerts: int
    remark: str


def client_lines(
    setups: MasterSetups,
    registered: Collection[str],
    pauses: Pauses,
    *,
    in_trial: Collection[str],
    certified: Mapping[str, date],
    healths: Iterable[Health],
    items: Iterable[OpenItems],
    alerts: Iterable[Alert],
    now: datetime,
) -> list[ClientLine]:
    """A line for each client that has a setup, be it wrong, or is a partition."""
    states = _states(setups, registered, pauses, in_trial)
    succeeded = {(health.client, health.flow): known_at(health, now).last_success_at for health in healths}
    quiet = (setup.id for setup in setups.clients.values() if may_wait(now, setup.store.quiet_hours, setup.zone))
    may_be_planned = {*in_trial, *quiet}
    rows = _open_rows(item for item in items if item.client not in may_be_planned or item.kind not in PLANNED_KINDS)
    open_alerts = Counter(_client_of(alert) for alert in alerts if alert.over_at is None and alert.due_at <= now)
    return [
        ClientLine(
            client,
            state,
            certified=certified.get(client),
            orders_pulled=succeeded.get((client, "orders")),
            tracking_pushed=succeeded.get((client, "shipments")),
            stock_pushed=succeeded.get((client, "stock")),
            backlog=rows["backlog"][client],
            manual_review=rows["manual_review"][client],
            drift=rows["drift"][client],
            alerts=open_alerts[client],
            remark=remark,
        )
        for client, (state, remark) in sorted(states.items())
    ]


def _states(
    setups: MasterSetups, registered: Collection[str], pauses: Pauses, in_trial: Collection[str]
) -> Mapping[str, tuple[str, str]]:
    """Each client's state and the remark on it."""
    states: dict[str, tuple[str, str]] = {
        client: ("no setup", f"put {client}.yaml back; if the client has left: {program()} client remove {client}")
        for client in registered
    }
    for error in setups.errors:
        file, _, rest = error.partition(": ")
        problem, *others = rest.splitlines()
        more = f", and {len(others)} more" if others else ""
        states[file.rpartition(".")[0]] = "wrong setup", f"{problem}{more}"
    for client, setup in setups.clients.items():
        paused = why_paused(setup, pauses)
        states[client] = ("paused", paused) if paused else ("trial" if client in in_trial else "live", "")
    return states


def _open_rows(items: Iterable[OpenItems]) -> Mapping[str, Counter[str]]:
    """How many rows of each client are open, by the line's attribute."""
    rows: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for item in items:
        kind = kind_of(item.kind)
        rows["manual_review" if kind.what_to_do else "backlog"][item.client] += item.rows
        if kind.about == HELD_SKU.about and kind.name != HELD_SKU.name:
            rows["drift"][item.client] += item.rows
    return rows


def _client_of(alert: Alert) -> str:
    """The alert's client; that of the file for an alert about a file."""
    return alert.client or alert.key.rpartition("|")[2].rpartition(".")[0]

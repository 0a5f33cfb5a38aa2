"""The figures that Prometheus reads, made at each scrape from what the runs keep in the state's database.

No store is asked and no table of the lake is read. Labels are the client, the flow and the outcome of a run; a client
without a master setup is none, so that nothing from outside becomes a label. A counter grows from run to run and
outlives the processes: it is kept in the database (state/counters.py).
Not here: what the runs count (domain/flow_counts.py), the address (server.py), alert rules and dashboard (deploy/).
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

import sqlalchemy as sa
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.config.setup_files import MasterSetups
from npf_pipelines.domain.flow_counts import REQUESTS, WRITES, delay_seconds, delays_within, ends
from npf_pipelines.domain.health import Health
from npf_pipelines.domain.open_kinds import OpenKind, open_key
from npf_pipelines.domain.outcomes import OrderOutcome, StockOutcome
from npf_pipelines.lake.backlog import Backlog
from npf_pipelines.reports.open_now import backlogs, open_alerts
from npf_pipelines.rules.conditions import is_reported
from npf_pipelines.rules.flow_health import known_at
from npf_pipelines.state.counters import read_counts
from npf_pipelines.state.health import read_health
from npf_pipelines.state.pauses import read_pauses

MOST_CLIENTS = 1000
"""Clients that are shown: each has about 70 series. The number of the others is a figure of its own."""
FLOWS = ("orders", "shipments", "stock")
_OVER_LIMIT = {open_key(OrderOutcome.HELD), open_key(StockOutcome.OVER_LIMIT)}

_Labels = tuple[str, ...]
_Values = Iterable[tuple[_Labels, float]]


class Sources(Protocol):
    """Where the figures are."""

    def setups(self) -> MasterSetups:
        """The master setups as they are now; raises SetupError."""

    @property
    def state(self) -> sa.Engine:
        """The pipeline's own database; raises DatabaseUnusable."""


class Metrics(Collector):
    """The figures of all clients."""

    def __init__(self, sources: Sources) -> None:
        """Read from the sources at each scrape."""
        self._sources = sources

    def exposition(self, accepted: str) -> tuple[bytes, str]:
        """The figures as text, and its content type.

        Args:
            accepted: the formats that the reader takes, as HTTP's `Accept`.

        Raises:
            SetupError: the master setups can't be read.
            sqlalchemy.exc.SQLAlchemyError: the state can't be read.
        """
        encode, content_type = choose_encoder(accepted)
        return encode(self), content_type

    def collect(self) -> Iterator[Metric]:
        """All figures as of now."""
        setups = self._sources.setups()
        yield from metric_families(setups.clients, read_now(self._sources.state, setups.clients))


class Now(NamedTuple):
    """The state of all clients at a moment."""

    health: Mapping[tuple[str, str], Health]
    counts: Mapping[tuple[str, str], Mapping[str, float]]
    backlogs: Mapping[str, Backlog]
    paused: frozenset[str]
    alerts: Mapping[str, int]
    """Open alerts by client."""


def read_now(engine: sa.Engine, setups: Mapping[str, MasterSetup]) -> Now:
    """Read the state.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: it can't be read.
    """
    pauses, now = read_pauses(engine), datetime.now(UTC)
    return Now(
        {flow: known_at(known, now) for flow, known in read_health(engine).items()},
        read_counts(engine),
        backlogs(engine, setups, now),
        frozenset(client for client, setup in setups.items() if setup.paused or pauses.of(client)),
        Counter(alert.client for alert in open_alerts(engine, now)),
    )


def metric_families(setups: Mapping[str, MasterSetup], now: Now) -> Iterator[Metric]:
    """The figures.

    Args:
        setups: the clients' master setups.
        now: what the state has of them.
    """
    shown = sorted(setups)[:MOST_CLIENTS]
    flows = [(client, flow) for client in shown for flow in FLOWS]
    yield _gauge("clients", "Clients with a valid master setup", (), [((), len(setups))])
    yield _gauge(
        "clients_left_out",
        f"Clients beyond the first {MOST_CLIENTS}, of which nothing is shown",
        (),
        [((), len(setups) - len(shown))],
    )
    yield from _of_clients(shown, setups, now)
    yield from _of_flows(flows, now)
    yield from _of_rows(flows, now)
    for flow, name, what in (
        ("orders", "time_to_platform", "From placed in the store to on the platform, backfilled orders apart"),
        ("shipments", "time_to_store", "From lodged to known to be in the store"),
    ):
        yield _histogram(name, what, {client: now.counts.get((client, flow), {}) for client in shown})


def _of_clients(shown: Iterable[str], setups: Mapping[str, MasterSetup], now: Now) -> Iterator[Metric]:
    yield _gauge("paused", "1 for a paused client", ("client",), (((each,), each in now.paused) for each in shown))
    limits = (((each,), setups[each].alerts.pull_limit.total_seconds()) for each in shown)
    yield _gauge("no_pull_limit_seconds", "How long the client may go without a pull of orders", ("client",), limits)
    elsewhere = sum(number for client, number in now.alerts.items() if client not in setups)
    alerts = [(("",), elsewhere), *(((each,), now.alerts.get(each, 0)) for each in shown)]
    yield _gauge(
        "open_alerts", "Open alerts; the client is empty for alerts of the whole installation", ("client",), alerts
    )


def _of_flows(flows: Iterable[tuple[str, str]], now: Now) -> Iterator[Metric]:
    labels = ("client", "flow")
    health = {flow: now.health[flow] for flow in flows if flow in now.health}
    successes = (
        (flow, known.last_success_at.timestamp()) for flow, known in health.items() if known.last_success_at is not None
    )
    yield _gauge("last_success_timestamp_seconds", "When the last successful run began", labels, successes)
    failures = ((flow, health[flow].failures if flow in health else 0) for flow in flows)
    yield _gauge("failures", "Failures in a row", labels, failures)
    failing = ((flow, flow in health and is_reported(health[flow])) for flow in flows)
    yield _gauge("failing", "1 for a flow whose failures open an alert", labels, failing)
    for name, counted, what in (
        ("store_requests", REQUESTS, "Requests of runs to the store, repeats included"),
        ("store_writes", WRITES, "Requests of runs to the store that could change something"),
    ):
        values = ((flow, now.counts.get(flow, {}).get(counted, 0)) for flow in flows)
        yield _family(CounterMetricFamily, name, what, labels, values)
    runs = (((*flow, outcome), number) for flow in flows for outcome, number in ends(now.counts.get(flow, {})).items())
    yield _family(CounterMetricFamily, "runs", "Runs of the client's flow by outcome", (*labels, "outcome"), runs)


def _of_rows(flows: Iterable[tuple[str, str]], now: Now) -> Iterator[Metric]:
    """The open rows, as the runs have counted them."""
    figures: Mapping[tuple[str, str], Callable[[OpenKind], bool]] = {
        ("backlog", "Rows that the next run takes up"): lambda kind: not kind.what_to_do,
        ("manual_review", "Rows that need a person"): lambda kind: bool(kind.what_to_do),
        ("over_change_limit", "Rows that a change limit holds back; they need a person, too"): (
            lambda kind: kind.key in _OVER_LIMIT
        ),
    }
    for (name, what), counts in figures.items():
        values = Counter[tuple[str, str]]()
        for client, backlog in now.backlogs.items():
            for kind, rows in backlog.kinds.items():
                values[client, kind.about] += rows if counts(kind) else 0
        yield _gauge(name, what, ("client", "flow"), ((flow, values[flow]) for flow in flows))


def _histogram(name: str, what: str, counts: Mapping[str, Mapping[str, float]]) -> Metric:
    family = HistogramMetricFamily(f"npf_{name}_seconds", f"{what}.", labels=["client"])
    for client, of_client in counts.items():
        buckets = [("+Inf" if math.isinf(bound) else str(bound), number) for bound, number in delays_within(of_client)]
        family.add_metric([client], buckets, delay_seconds(of_client))
    return family


def _gauge(name: str, what: str, labels: _Labels, values: _Values) -> Metric:
    return _family(GaugeMetricFamily, name, what, labels, values)


def _family(
    kind: type[GaugeMetricFamily | CounterMetricFamily], name: str, what: str, labels: _Labels, values: _Values
) -> Metric:
    family = kind(f"npf_{name}", f"{what}.", labels=labels)
    for of_labels, value in values:
        family.add_metric(of_labels, value)
    return family

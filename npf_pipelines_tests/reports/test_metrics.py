"""Tests of npf_pipelines.reports.metrics."""

import subprocess
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from npf_pipelines.domain.failure_kind import FailureKind
from npf_pipelines.domain.flow_counts import FlowCounts
from npf_pipelines.domain.health import Health
from npf_pipelines.domain.open_kinds import NOT_IMPORTED, kind_of, open_key
from npf_pipelines.domain.outcomes import Rule, StockOutcome
from npf_pipelines.lake.backlog import Backlog
from npf_pipelines.reports import metrics
from npf_pipelines.reports.metrics import Metrics, Now, metric_families
from npf_pipelines.runs.services import Services
from npf_pipelines.state.counters import add_counts
from npf_pipelines.state.health import keep_health
from npf_pipelines_tests.loop import settings_of, write_setup
from npf_pipelines_tests.machine import PROMETHEUS, demand
from npf_pipelines_tests.reports.plain import NOW, setup_of

SETUPS = {"acme": setup_of(), "bolt": setup_of("bolt", paused=True)}
NOTHING = Now({}, {}, {}, frozenset(), {})
BUSY = Now(
    health={("acme", "orders"): Health("acme", "orders", NOW, NOW, NOW, 3, FailureKind.TRANSIENT, "Ann's order")},
    counts={
        ("acme", "orders"): FlowCounts(7, 0, imported=[(NOW, NOW)]).by_name("transient", [timedelta(seconds=20)]),
        ("gone", "orders"): {"requests": 5},
    },
    backlogs={
        "acme": Backlog(
            Counter(
                {
                    NOT_IMPORTED: 2,
                    kind_of(open_key(Rule.UNREADABLE)): 3,
                    kind_of(open_key(StockOutcome.OVER_LIMIT)): 4,
                    kind_of("order_of another release"): 1,
                }
            )
        )
    },
    paused=frozenset({"bolt"}),
    alerts={"acme": 2, "": 1, "gone": 1},
)


def values(now: Now, **setups: Any) -> dict[str, float]:
    """All samples by name and labels."""
    return {
        f"{sample.name}{''.join(f' {label}' for label in sample.labels.values())}": sample.value
        for family in metric_families(setups or SETUPS, now)
        for sample in family.samples
    }


def test_the_figures_of_a_client() -> None:
    found = values(BUSY)
    expected = {
        "npf_clients": 2,
        "npf_clients_left_out": 0,
        "npf_paused acme": 0,
        "npf_paused bolt": 1,
        "npf_no_pull_limit_seconds acme": 7200,
        "npf_open_alerts acme": 2,
        "npf_open_alerts ": 2,
        "npf_last_success_timestamp_seconds acme orders": NOW.timestamp(),
        "npf_failures acme orders": 3,
        "npf_failures bolt stock": 0,
        "npf_failing acme orders": 1,
        "npf_failing bolt stock": 0,
        "npf_runs_total acme orders transient": 1,
        "npf_runs_total acme orders succeeded": 0,
        "npf_store_requests_total acme orders": 7,
        "npf_store_writes_total acme orders": 0,
        "npf_backlog acme orders": 2,
        "npf_backlog acme shipments": 0,
        "npf_manual_review acme orders": 4,
        "npf_manual_review acme stock": 4,
        "npf_over_change_limit acme orders": 0,
        "npf_over_change_limit acme stock": 4,
        "npf_time_to_platform_seconds_bucket acme 15.0": 0,
        "npf_time_to_platform_seconds_bucket acme 30.0": 1,
        "npf_time_to_platform_seconds_bucket acme +Inf": 1,
        "npf_time_to_platform_seconds_count acme": 1,
        "npf_time_to_platform_seconds_sum acme": 20,
        "npf_time_to_store_seconds_count bolt": 0,
    }
    assert found | expected == found
    assert "npf_last_success_timestamp_seconds bolt orders" not in found


@pytest.mark.parametrize(
    ("kind", "failures", "failing"),
    [
        (FailureKind.TRANSIENT, 1, 0),
        (FailureKind.TRANSIENT, 2, 1),
        (FailureKind.PERMANENT, 1, 1),
        (FailureKind.OVER_LIMIT, 2, 0),
    ],
)
def test_a_flow_is_failing_when_its_alert_opens(kind: FailureKind, failures: int, failing: int) -> None:
    health = Health("acme", "stock", NOW, NOW, NOW, failures, kind, "the store is down")
    found = values(NOTHING._replace(health={("acme", "stock"): health}))
    assert (found["npf_failing acme stock"], found["npf_failures acme stock"]) == (failing, failures)


def test_a_client_that_never_ran_has_every_counter_at_zero() -> None:
    """Otherwise the first increase would be lost: Prometheus compares with the sample before."""
    names = {name for name in values(BUSY) if "acme" in name and "last_success" not in name}
    assert names <= values(NOTHING).keys()


@pytest.mark.parametrize("now", [NOTHING, BUSY])
def test_labels_are_clients_with_a_setup_flows_and_outcomes(now: Now) -> None:
    for family in metric_families(SETUPS, now):
        for sample in family.samples:
            assert sample.labels.keys() <= {"client", "flow", "outcome", "le"}
            assert sample.labels.get("client", "acme") in {*SETUPS, ""}
            assert sample.labels.get("flow", "orders") in metrics.FLOWS


def test_more_clients_than_one_server_shows_are_counted_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "MOST_CLIENTS", 3)
    found = values(NOTHING, **{f"c{number}": setup_of(f"c{number}") for number in range(9)})
    assert found["npf_clients_left_out"] == 6
    assert len([name for name in found if name.startswith("npf_paused")]) == 3


def test_a_client_has_about_seventy_series() -> None:
    assert 60 < len(values(NOTHING, acme=setup_of())) < 80


def test_prometheus_takes_the_exposition(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    write_setup(settings.clients, "acme", "http://127.0.0.1:1")
    services = Services(settings)
    keep_health(services.state, Health("acme", "orders", NOW, NOW))
    add_counts(services.state, "acme", "orders", {"requests": 2}, NOW)
    text, content_type = Metrics(services).exposition("text/plain")
    assert content_type.startswith("text/plain")
    families = {family.name: family for family in text_string_to_metric_families(text.decode())}
    assert families["npf_store_requests"].samples[0].value == 2
    modern, content_type = Metrics(services).exposition("application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert modern.endswith(b"# EOF\n")
    services.close_databases()
    promtool = demand(PROMETHEUS).with_name("promtool")
    checked = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, check=False)  # noqa: S603
    assert checked.returncode == 0, checked.stderr.decode()

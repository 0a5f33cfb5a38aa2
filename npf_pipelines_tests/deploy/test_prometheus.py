"""Alert rules and dashboard under Prometheus' own tools; and, in the long suite, the real Prometheus."""

import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from npf_pipelines.domain.flow_counts import OUTCOMES
from npf_pipelines.loopback import LoopbackServer
from npf_pipelines.reports.folder import ReportFolder
from npf_pipelines.reports.live import LivePages
from npf_pipelines.reports.metrics import Metrics, Now, metric_families
from npf_pipelines.reports.server import reports_app
from npf_pipelines_tests.deploy.prometheus import FOLDER, running_prometheus
from npf_pipelines_tests.docs.pages import PROJECT
from npf_pipelines_tests.loop import Loop
from npf_pipelines_tests.machine import PROMETHEUS, demand
from npf_pipelines_tests.reports.plain import setup_of

_NAME = re.compile(r"npf_[a-z_]+")
_SECONDS = 60


def expressions() -> Iterator[str]:
    """Every expression of the rules and the dashboard."""
    rules = yaml.safe_load((FOLDER / "npf_alerts.yml").read_text(encoding="utf-8"))
    yield from (rule["expr"] for group in rules["groups"] for rule in group["rules"])
    yield from (target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", ()))


def dashboard() -> Any:
    return json.loads((PROJECT / "deploy/grafana/npf.json").read_text(encoding="utf-8"))


def test_rules_and_configuration_pass_promtool() -> None:
    promtool = demand(PROMETHEUS).with_name("promtool")
    for command in (("check", "config", "prometheus.yml"), ("test", "rules", "npf_alerts_test.yml")):
        ended = subprocess.run([promtool, *command], cwd=FOLDER, capture_output=True, text=True, check=False)  # noqa: S603
        assert ended.returncode == 0, ended.stdout + ended.stderr


def test_promtool_accepts_a_cells_figures_as_a_second_target(tmp_path: Path) -> None:
    config = (FOLDER / "prometheus.yml").read_text(encoding="utf-8")
    both = config.replace("#- {targets", "- {targets").replace("- npf_alerts.yml", f"- {FOLDER}/npf_alerts.yml")
    assert yaml.safe_load(both)["scrape_configs"][0]["static_configs"][1]["labels"] == {"cell": "south"}
    (tmp_path / "prometheus.yml").write_text(both, encoding="utf-8")
    check = ("check", "config", "--syntax-only", tmp_path / "prometheus.yml")
    subprocess.run([demand(PROMETHEUS).with_name("promtool"), *check], capture_output=True, check=True)  # noqa: S603


def test_every_rule_is_tested() -> None:
    rules = yaml.safe_load((FOLDER / "npf_alerts.yml").read_text(encoding="utf-8"))
    tests = (FOLDER / "npf_alerts_test.yml").read_text(encoding="utf-8")
    assert [rule["alert"] for group in rules["groups"] for rule in group["rules"] if rule["alert"] not in tests] == []


def test_rules_and_dashboard_use_figures_that_exist() -> None:
    families = metric_families({"acme": setup_of()}, Now({}, {}, {}, frozenset(), {}))
    known = {family.name for family in families}
    suffixes = ("", "_total", "_bucket", "_sum", "_count")
    used = {name for expression in expressions() for name in _NAME.findall(expression)}
    assert used
    assert used <= {f"{name}{suffix}" for name in known for suffix in suffixes}
    assert known <= {re.sub("_(total|bucket|sum|count)$", "", name) for name in used}


def test_the_page_names_every_figure_and_every_outcome() -> None:
    page = (PROJECT / "docs/behaviour/metrics.md").read_text(encoding="utf-8")
    families = metric_families({"acme": setup_of()}, Now({}, {}, {}, frozenset(), {}))
    names = [f"{family.name}_total" if family.type == "counter" else family.name for family in families]
    assert [name for name in (*names, *OUTCOMES) if f"`{name}`" not in page] == []


@pytest.mark.long
def test_prometheus_loads_rules_and_figures(fresh: Loop, tmp_path: Path) -> None:
    """The real server scrapes the reports' server of a world that has run, and a rule fires."""
    folder = ReportFolder(fresh.settings.reports, "http://ignored")
    pages = LivePages(fresh.services, folder)
    app = reports_app(pages.page, folder.certificates.read, Metrics(fresh.services))
    with LoopbackServer(app) as server, running_prometheus(tmp_path / "prometheus", server.url) as url:
        ask = httpx.Client(base_url=url)
        imported = _until(ask, "npf_time_to_platform_seconds_count", lambda found: found)
        assert {each["metric"]["client"] for each in imported} == set(fresh.stores)
        rules = ask.get("/api/v1/rules").json()["data"]["groups"][0]["rules"]
        assert {rule["health"] for rule in rules} == {"ok"}
        for expression in expressions():
            assert ask.get("/api/v1/query", params={"query": _without_variables(expression)}).is_success, expression
        before = sum(float(each["value"][1]) for each in _until(ask, "npf_store_requests_total", lambda found: found))
        fresh.run("orders")
        _until(ask, "sum(npf_store_requests_total)", lambda found: float(found[0]["value"][1]) > before)
        fresh.stores["bolt"].api_key = "another"
        fresh.run("orders", "bolt")
        (firing,) = _until(ask, 'ALERTS{alertname="NpfFlowFails",alertstate="firing"}', lambda found: found)
        assert firing["metric"]["client"] == "bolt"


def _without_variables(expression: str) -> str:
    return expression.replace("$client", ".*").replace("$__rate_interval", "5m")


def _until(ask: httpx.Client, query: str, holds: Any) -> list[Any]:
    """The answer to a query, as soon as it holds."""
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        found = ask.get("/api/v1/query", params={"query": query}).json()["data"]["result"]
        if found and holds(found):
            return list(found)
        time.sleep(0.5)
    raise AssertionError(f"{query}: {found}")

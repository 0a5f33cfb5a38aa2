"""Reports and logs in a bucket: a machine shows what another one has drawn and printed."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import fsspec
import httpx
import pytest
import yaml
from upath import UPath

from npf_pipelines.cli.instance import prepare_home
from npf_pipelines.config.setup_files import load_master_setups
from npf_pipelines.domain.alert import Alert
from npf_pipelines.domain.issued_certificate import IssuedCertificate
from npf_pipelines.loopback import LoopbackServer
from npf_pipelines.reports.folder import ReportFolder
from npf_pipelines.reports.issued_certificates import issued_certificate
from npf_pipelines.reports.live import LivePages
from npf_pipelines.reports.metrics import Metrics
from npf_pipelines.reports.server import reports_app
from npf_pipelines.runs.services import Services
from npf_pipelines.state.alerts import keep_alerts
from npf_pipelines_tests.buckets import SECRET, Bucket, Refusal, opened_bucket
from npf_pipelines_tests.loop import Loop, settings_of, small_loop, write_setup


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    with opened_bucket() as opened:
        yield opened


@pytest.fixture
def folder(bucket: Bucket, tmp_path: Path) -> ReportFolder:
    return ReportFolder(UPath(f"s3://{bucket.name}/{tmp_path.name}"), "http://ignored")


def test_a_page_is_put_in_place_by_one_request(folder: ReportFolder, bucket: Bucket) -> None:
    bucket.by_client()
    folder.write("acme", "<p>Zoë</p>")
    assert [method for method, _ in bucket.requests] == ["PUT"]
    assert folder.read("acme") == "<p>Zoë</p>"
    assert folder.read("bolt") is None
    assert folder.drop_leftovers(datetime.now(UTC)) == 0
    folder.drop("acme")
    assert folder.read("acme") is None


def test_a_bucket_that_refuses_is_named(folder: ReportFolder, bucket: Bucket) -> None:
    bucket.refusal = Refusal("403 Forbidden", "AccessDenied")
    try:
        actions: list[Callable[[], object]] = [lambda: folder.write("acme", "page"), lambda: folder.read("acme")]
        for action in actions:
            with pytest.raises(OSError, match="AccessDenied") as raised:
                action()
            assert str(raised.value.filename).startswith(f"s3://{bucket.name}/")
    finally:
        bucket.refusal = None


def test_the_latest_certificate_is_found(bucket: Bucket, tmp_path: Path) -> None:
    write_setup(tmp_path / "clients", "acme", "https://shop.example")
    setup = load_master_setups(tmp_path / "clients")["acme"]
    settings = settings_of(tmp_path, reports=f"s3://{bucket.name}/{tmp_path.name}")
    assert issued_certificate(settings, setup) is None
    folder = ReportFolder(settings.reports, settings.reports_url).certificates
    for day in ("2026-11-04", "2026-11-05"):
        found = {"store": "https://shop.example/acme", "certified": True, "requirements": []}
        folder.write(f"acme-{day}", json.dumps(found), ".json")
    assert issued_certificate(settings, setup) == IssuedCertificate(date(2026, 11, 5), True, frozenset())


@pytest.mark.parametrize("away", ["refuses", "no answer"])
def test_a_page_says_that_the_bucket_is_away(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, away: str
) -> None:
    place = f"s3://{bucket.name}/{tmp_path.name}"
    write_setup(tmp_path / "clients", "acme", "https://shop.example")
    local = Services(settings_of(tmp_path, lake=place, reports=place))
    distant = Services(settings_of(tmp_path / "other", lake=place, reports=place, clients=place))
    now = datetime.now(UTC)
    failing = ("failing", "runs fail: 401", "Change the key.", now, now, now, None)
    keep_alerts(local.state, [Alert(f"failing|{client}", client, *failing) for client in ("acme", "gone")])
    if away == "refuses":
        bucket.refusal = Refusal("503 Service Unavailable", "SlowDown")
    else:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    answers = {}
    try:
        for services in (local, distant):
            folder = ReportFolder(services.settings.reports, "http://ignored")
            app = reports_app(LivePages(services, folder).page, folder.certificates.read, Metrics(services))
            with LoopbackServer(app) as server:
                for path in ("", "acme.html", "gone.html", "left.html", "certificates/acme-2026-11-28.html", "metrics"):
                    answers[services, path] = httpx.get(f"{server.url}/{path}", timeout=30)
            services.close_databases()
    finally:
        bucket.refusal = None
        fsspec.get_filesystem_class("s3").clear_instance_cache()
    for path in ("", "acme.html", "gone.html"):
        assert answers[local, path].status_code == 200
        assert "can&#39;t be read" in answers[local, path].text
        assert "Change the key." in answers[local, path].text
    assert answers.pop((local, "metrics")).status_code == 200
    for (services, path), answer in answers.items():
        if services is distant or path not in {"", "acme.html", "gone.html"}:
            assert answer.status_code == 503
            assert f"s3://{bucket.name}/" in answer.text
            assert answer.text.count("\n") == 1


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Loop]:
    """A client whose orders were pulled; `npf` is to write the dagster.yaml."""
    (tmp_path / "dagster").mkdir()
    with small_loop(tmp_path, ("acme",)) as loop:
        assert [one.failure for one in loop.run("orders")] == [""]
        yield loop


def test_what_one_machine_drew_and_printed_another_one_shows(world: Loop, bucket: Bucket, tmp_path: Path) -> None:
    reports, logs = f"s3://{bucket.name}/reports", f"s3://{bucket.name}/some/logs"
    home = world.settings.data / "dagster"
    ran = subprocess.run(  # noqa: S603 - our own environment's npf
        [str(Path(sys.executable).with_name("npf")), "run", "reports"],
        env=os.environ
        | {"NPF_DATA": str(world.settings.data), "NPF_REPORTS": reports, "NPF_LOGS": logs, "DAGSTER_HOME": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert f"{reports}/index.html" in ran.stdout
    assert SECRET not in ran.stdout + ran.stderr + (home / "dagster.yaml").read_text(encoding="utf-8")

    other = settings_of(tmp_path / "other", reports=reports, logs=logs)
    services = Services(other)
    pages = ReportFolder(other.reports, other.reports_url)
    with LoopbackServer(
        reports_app(LivePages(services, pages).page, pages.certificates.read, Metrics(services))
    ) as server:
        for name in ("index", "acme", "acme.skipped"):
            answer = httpx.get(f"{server.url}/{name}.html")
            assert answer.status_code == 200
            assert "Acme" in answer.text
    services.close_databases()

    (record, *_) = world.instance.get_run_records(dg.RunsFilter(job_name="reports_job"))
    run_logs = world.instance.get_records_for_run(
        record.dagster_run.run_id, of_type=dg.DagsterEventType.LOGS_CAPTURED
    ).records
    captured = run_logs[0].event_log_entry.get_dagster_event().logs_captured_data
    os.environ.pop("DAGSTER_HOME", None)
    with dg.DagsterInstance.from_config(str(prepare_home(other))) as instance:
        printed = instance.compute_log_manager.get_log_data(
            [record.dagster_run.run_id, "compute_logs", captured.file_key]
        )
    assert b"reports of 1 client" in (printed.stderr or b"")


def test_logs_go_to_a_bucket_only_where_that_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    asked: dict[str, str] = {"logs": "s3://logs/of/npf"}
    for others, expected in (({}, None), (asked, ("logs", "of/npf"))):
        monkeypatch.delenv("DAGSTER_HOME", raising=False)
        settings = settings_of(tmp_path / "".join(others), **others)
        config = yaml.safe_load((prepare_home(settings) / "dagster.yaml").read_text(encoding="utf-8"))
        found = config.get("compute_logs")
        assert (found and (found["config"]["bucket"], found["config"]["prefix"])) == expected

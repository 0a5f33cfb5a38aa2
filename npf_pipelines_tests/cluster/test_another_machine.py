"""The UI of one machine shows what a worker of another one has drawn and printed.

They share servers and nothing else: each has a data folder, a DAGSTER_HOME and a folder for temporary files of its own.
Not here: reports and logs in a bucket within one process (npf_pipelines_tests/test_reports_in_bucket.py).
"""

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import httpx
import pytest
from upath import UPath

from npf_pipelines.platform.database import create_platform
from npf_pipelines.runs.cell import Cell
from npf_pipelines.runs.dagster_internals import instance_in
from npf_pipelines.runs.run_scope import scope_config
from npf_pipelines_tests.buckets import opened_bucket
from npf_pipelines_tests.cluster.machines import Worker, centre, prepared
from npf_pipelines_tests.cluster.servers import running_redis
from npf_pipelines_tests.cluster.webserver import Webserver
from npf_pipelines_tests.cluster.world import environment_of_all, init
from npf_pipelines_tests.dev_server import free_port
from npf_pipelines_tests.docs.pages import PROJECT
from npf_pipelines_tests.loop import write_setup
from npf_pipelines_tests.machine import REDIS, demand

_LOGS = """query ($id: ID!) { logsForRun(runId: $id) { ... on EventConnection {
    events { __typename ... on LogsCapturedEvent { fileKey } } } } }"""
_CAPTURED = """query ($key: [String!]!) { capturedLogs(logKey: $key) { stdout stderr } }"""
_LINK = """{ assetOrError(assetKey: {path: ["client_report"]}) { ... on Asset { assetMaterializations(limit: 1) {
    partition metadataEntries { label ... on UrlMetadataEntry { url } } } } } }"""
_SECONDS_TO_START = 60.0


def machine(folder: Path, bucket: str) -> dict[str, str]:
    """The folders of a machine, prepared as the documentation says, with its lines for logs in a bucket."""
    home = prepared(folder) / "dagster" / "dagster.yaml"
    page = (PROJECT / "docs" / "deployment.md").read_text(encoding="utf-8")
    (lines,) = re.findall(r"```yaml\n(compute_logs:.+?)```", page, re.DOTALL)
    with home.open("a", encoding="utf-8") as config:
        config.write(lines.replace("npf-pipeline", bucket))
    temporary = folder / "temporary"
    temporary.mkdir()
    return {"NPF_DATA": str(folder), "DAGSTER_HOME": str(folder / "dagster"), "TMPDIR": str(temporary)}


@contextlib.contextmanager
def reports_server(environment: dict[str, str], port: int) -> Iterator[None]:
    """`npf reports` on a machine."""
    words = [str(Path(sys.executable).with_name("npf")), "reports", "--port", str(port)]
    process = subprocess.Popen(words, env=os.environ | environment, stdout=subprocess.DEVNULL)  # noqa: S603
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def page_at(url: str) -> str:
    """The page, as soon as its server answers."""
    until = time.monotonic() + _SECONDS_TO_START
    while True:
        try:
            return httpx.get(url, timeout=_SECONDS_TO_START).raise_for_status().text
        except httpx.ConnectError:
            assert time.monotonic() < until, url
            time.sleep(0.5)


@pytest.mark.long
@pytest.mark.postgresql
def test_what_a_worker_drew_and_printed_opens_from_the_ui_of_another_machine(tmp_path: Path, postgresql: Path) -> None:
    demand(REDIS)
    port = free_port()
    with contextlib.ExitStack() as opened:
        bucket = opened.enter_context(opened_bucket()).name
        shared = environment_of_all(postgresql, opened.enter_context(running_redis())) | {
            "NPF_CLIENTS": f"s3://{bucket}/clients",
            "NPF_LAKE": f"s3://{bucket}/lake",
            "NPF_REPORTS": f"s3://{bucket}/reports",
            "NPF_LOGS": f"s3://{bucket}/logs",
            "NPF_REPORTS_URL": f"http://127.0.0.1:{port}",
            "NPF_AUTOMATION": "stopped",
        }
        opened.enter_context(mock.patch.dict(os.environ, shared))
        write_setup(UPath(shared["NPF_CLIENTS"]), "acme", "http://127.0.0.1:9")
        create_platform(shared["NPF_PLATFORM_URL"]).dispose()
        one, other = (shared | machine(tmp_path / name, bucket) for name in ("a", "b"))
        init(tmp_path / "b", **other)
        with mock.patch.dict(os.environ, other), instance_in(tmp_path / "b" / "dagster") as instance:
            Cell().register(instance, ["acme"])
        worker = Worker(tmp_path / "a", one)
        opened.callback(worker.end)
        automation = centre(tmp_path / "b", other)
        opened.callback(automation.end)
        opened.enter_context(reports_server(other, port))
        webserver = Webserver(automation.start_webserver())

        run = webserver.run("npf", "reports_job", config=scope_config("reports", ["acme"], None))
        assert run.is_success
        events = webserver.ask(_LOGS, id=run.run_id)["logsForRun"]["events"]
        captured, *_ = [event["fileKey"] for event in events if event["__typename"] == "LogsCapturedEvent"]
        printed = webserver.ask(_CAPTURED, key=[run.run_id, "compute_logs", captured])["capturedLogs"]
        assert "reports of 1 client" in f"{printed['stdout']}{printed['stderr']}"
        (drawn,) = webserver.ask(_LINK)["assetOrError"]["assetMaterializations"]
        assert drawn["partition"] == "acme"
        (link,) = [entry["url"] for entry in drawn["metadataEntries"] if entry["label"] == "report"]
        assert "Acme" in page_at(link)
        # The machine that shows the page has none of its own.
        assert not (tmp_path / "b" / "reports").exists()
        assert (UPath(shared["NPF_REPORTS"]) / "acme.html").exists()

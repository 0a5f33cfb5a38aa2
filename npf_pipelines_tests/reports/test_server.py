"""Tests of the reports' server, on a real socket: pages, nothing but pages, and for this machine alone."""

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from npf_pipelines.loopback import LoopbackServer
from npf_pipelines.reports.folder import ReportFolder
from npf_pipelines.reports.metrics import Metrics
from npf_pipelines.reports.server import reports_app
from npf_pipelines.runs.services import Services
from npf_pipelines_tests.loop import settings_of


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """The address of a served folder with two pages, and with things around it that are none."""
    folder = ReportFolder(tmp_path / "reports", "http://ignored")
    folder.write("index", "<p>all</p>")
    folder.write("acme", "<p>acme</p>")
    folder.write("acme.skipped", "<p>skipped</p>")
    folder.certificates.write("acme-2026-11-28", "<p>certified</p>")
    folder.certificates.write("acme-2026-11-28", "{}", ".json")
    folder.write("bolt", '<a data-page="index">All clients</a>')
    (tmp_path / "secret.html").write_text("secret", encoding="utf-8")
    (tmp_path / "reports" / "Notes.html").write_text("secret", encoding="utf-8")
    (tmp_path / "reports" / "acme.txt").write_text("secret", encoding="utf-8")
    metrics = Metrics(Services(settings_of(tmp_path)))
    with LoopbackServer(reports_app(folder.read, folder.certificates.read, metrics)) as server:
        yield server.url


def _raw(url: str, path: str) -> str:
    """The answer to a request whose path no client has tidied up."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), 5) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode()


def test_pages_are_shown_under_a_policy_that_forbids_scripts(url: str) -> None:
    for path, text in {
        "/": "all",
        "/index.html": "all",
        "/acme.html": "acme",
        "/acme.skipped.html": "skipped",
        "/certificates/acme-2026-11-28.html": "certified",
    }.items():
        answer = httpx.get(url + path)
        assert answer.text == f"<p>{text}</p>"
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_served_page_has_the_addresses_of_the_pages_beside_it(url: str) -> None:
    assert httpx.get(f"{url}/bolt.html").text == '<a href="index.html">All clients</a>'


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.html",
        "/certificates/../../secret.html",
        "/certificates/acme.html",
        "/certificates/acme-2026-11-28.json",
        "/..%2fsecret.html",
        "/%2e%2e/secret.html",
        "/..%5csecret.html",
        "/acme.html/../../secret.html",
        "//secret.html",
        "/Notes.html",
        "/acme.txt",
        "/acme",
        "/.html",
        "/acme%00.html",
        "/acme%0a.html",
        f"/{'a' * 41}.html",
        "/nobody.html",
    ],
)
def test_nothing_but_a_page_is_answered(url: str, path: str) -> None:
    answer = _raw(url, path)
    assert " 404 " in answer.splitlines()[0]
    assert "secret" not in answer.replace(path, "")


def test_a_page_that_is_missing_says_how_it_is_made(url: str) -> None:
    assert "npf run reports" in httpx.get(f"{url}/nobody.html").text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_it_only_reads(url: str, method: str) -> None:
    assert httpx.request(method, f"{url}/acme.html").status_code == 405


def test_a_foreign_name_for_this_machine_reads_nothing(url: str) -> None:
    assert httpx.get(f"{url}/acme.html", headers={"Host": "evil.example"}).status_code == 400


def test_it_listens_on_this_machine_alone(url: str) -> None:
    port = int(url.rpartition(":")[2])
    # Another loopback address is another address: a server that listened on all of them would answer here.
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", port), 5)


def test_metrics_that_can_not_be_read_are_no_zeros(url: str) -> None:
    answer = httpx.get(f"{url}/metrics")
    assert answer.status_code == 503
    assert "the folder of the master setups is missing" in answer.text

"""A machine that refuses is named in one sentence, without a traceback, and nothing is lost once it is mended."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from npf_pipelines.cli import app
from npf_pipelines.runs.services import Services
from npf_pipelines.sandbox.server import SandboxServer
from npf_pipelines.state.health import read_health
from npf_pipelines.state.tables import leases
from npf_pipelines_tests.loop import Loop, write_setup
from npf_pipelines_tests.machine import is_ci


@pytest.fixture
def shell(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> Loop:
    """A world on which the command line works, its instance included."""
    for name in [name for name in os.environ if name.startswith("NPF_") and not name.endswith("_API_KEY")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NPF_DATA", str(loop.settings.data))
    monkeypatch.setenv("DAGSTER_HOME", str(loop.settings.data / "dagster"))
    return loop


def npf(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})


def _sentence(result: Result) -> str:
    """The only line on stderr of a command that failed."""
    assert result.exit_code == 1, result.output
    (line,) = result.stderr.splitlines()
    return line


COMMANDS = (("run", "stock"), ("sql", "SELECT 1"), ("audit",), ("reports",), ("dev",), ("demo",))


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_setting_that_cannot_be_read_is_named(
    shell: Loop, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("NPF_STOCK_MINUTES", "soon")
    monkeypatch.setenv("NPF_ALERTS_WEBHOOK", "planted-secret")
    said = _sentence(npf(*words))
    assert said.startswith("the environment has a setting that can't be read: NPF_STOCK_MINUTES (")
    assert "NPF_ALERTS_WEBHOOK" in said
    assert "planted-secret" not in said
    assert "NPF_LAKE" not in said


@pytest.mark.parametrize(
    "words",
    [
        ("run", "stock"),
        ("audit",),
        ("client", "rename", "acme", "coda"),
        ("dev", "--port=0", "--ui-port=0", "--reports-port=0"),
    ],
    ids=" ".join,
)
def test_a_dagster_home_that_does_not_exist_is_named(
    shell: Loop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "/nowhere/dagster")
    if words[0] == "dev":
        monkeypatch.setenv("NPF_DATA", str(tmp_path / "demo"))
    assert _sentence(npf(*words)).startswith("DAGSTER_HOME is /nowhere/dagster, which is no folder")


@pytest.mark.parametrize(
    "words",
    [("reports", "--port"), ("sandbox", "serve", "--port"), ("dev", "--ui-port"), ("demo", "--port")],
    ids=" ".join,
)
def test_a_port_that_is_taken_is_named(
    shell: Loop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("NPF_DATA", str(tmp_path / "demo"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = npf(*words, str(port))
    said = _sentence(ended)
    assert said.startswith(f"the port {port} of 127.0.0.1 is taken")
    assert said.endswith(words[-1])
    assert "Ctrl-C" not in ended.stdout


def _garbage(path: Path) -> str:
    path.write_bytes(b"no database " * 1000)
    return f"sqlite:///{path}"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("{garbage}", "(sqlite {folder}/garbage.sqlite) can't be used: file is not a database"),
        ("sqlite:////proc/nowhere/platform.sqlite", "(sqlite /proc/nowhere/platform.sqlite) can't be used: "),
        ("postgresql+psycopg://npf:planted-secret@127.0.0.1:1/npf", "(postgresql 127.0.0.1 npf) can't be used: "),
        ("planted-secret@nothing", "NPF_PLATFORM_URL is no URL of a database"),
        ("oracle9://planted-secret@db/npf", "NPF_PLATFORM_URL"),
    ],
)
def test_a_database_that_is_away_or_none_is_named(
    shell: Loop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str, said: str
) -> None:
    garbage = _garbage(tmp_path / "garbage.sqlite")
    monkeypatch.setenv("NPF_PLATFORM_URL", url.format(garbage=garbage))
    monkeypatch.setenv("NPF_STATE_URL", f"sqlite:///{tmp_path / 'state.sqlite'}")
    for words in (("lodge-tests", "acme"), ("run", "stock"), ("audit",)):
        result = npf(*words)
        assert result.exit_code == 1
        assert result.exception is None or isinstance(result.exception, SystemExit)
        assert said.format(folder=tmp_path) in result.output.replace("\n", "")
        assert "Traceback" not in result.output
        assert "planted-secret" not in result.output
        assert words == ("audit",) or all(store.requests == 0 for store in shell.stores.values())


def test_the_ui_shows_the_same_sentence(shell: Loop, tmp_path: Path) -> None:
    shell.services.close_databases()
    _garbage(shell.settings.data / "platform.sqlite")
    result = shell.defs.resolve_job_def("stock_job").execute_in_process(
        instance=shell.instance,
        run_config={"ops": {"stock": {"config": {"clients": ["acme"]}}}},
        raise_on_error=False,
    )
    (failed,) = [event for event in result.all_events if event.is_step_failure]
    failure = failed.step_failure_data.user_failure_data
    assert failure is not None
    assert "platform.sqlite) can't be used: file is not a database" in str(failure.description)
    assert "\n" not in str(failure.description)


@pytest.fixture
def full_disk(shell: Loop) -> Iterator[Path]:
    """The lake on a disk of its own that is full."""
    folder = Path(shell.settings.lake)
    folder.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=32k", "none", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:  # noqa: S603
        (pytest.fail if is_ci() else pytest.skip)("a disk can be mounted by root alone")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)  # noqa: S603, S607


def test_a_full_disk_is_named_and_nothing_is_lost_when_it_is_mended(shell: Loop, full_disk: Path) -> None:
    (run,) = shell.run("orders")
    reasons = [one.reason for one in read_health(shell.services.state).values()]
    for said in (run.failure, *reasons):
        assert "/part.parquet: No space left on device" in said
        assert "fault of the program" not in said
    assert not list(full_disk.rglob("*.unfinished"))
    subprocess.run(["mount", "-o", "remount,size=16m", full_disk], check=True)  # noqa: S603, S607
    assert shell.run_all() == []
    assert shell.disagreements() == []


def test_a_folder_that_is_none_is_named_and_nothing_is_lost_when_it_is_mended(shell: Loop) -> None:
    lake = Path(shell.settings.lake)
    lake.write_text("no folder", encoding="utf-8")
    result = npf("run", "orders")
    assert result.exit_code == 1
    assert "Not a directory" in result.output
    assert "fault of the program" not in result.output
    assert "Traceback" not in result.output
    lake.unlink()
    assert shell.run_all() == []
    assert shell.disagreements() == []


@pytest.mark.parametrize("end", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.long)])
def test_an_interrupted_run_says_so_and_the_next_one_finishes_its_work(shell: Loop, end: signal.Signals) -> None:
    with SandboxServer(shell.stores, latency_ms=1500) as slow:
        for client in shell.stores:
            write_setup(shell.settings.clients, client, slow.url)
        words = [str(Path(sys.executable).with_name("npf")), "run", "orders", "--from", str(shell.days[0])]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603
        until = time.monotonic() + 120
        while time.monotonic() < until and not any(store.requests for store in shell.stores.values()):
            time.sleep(0.05)
        process.send_signal(end)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in said.splitlines()[-1]
    assert "Traceback" not in said
    assert [record.dagster_run.status for record in shell.instance.get_run_records()] == [dg.DagsterRunStatus.FAILURE]
    with Services(shell.settings).state.connect() as connection:
        assert connection.execute(sa.select(leases)).all() == []
    for client in shell.stores:
        write_setup(shell.settings.clients, client, shell.url)
    assert shell.run_all() == []
    assert shell.disagreements() == []

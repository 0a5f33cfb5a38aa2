"""A machine that lacks what the tests need: what may be installed is, the rest is named in one line each."""

import os
from pathlib import Path

import pytest

from npf_pipelines_tests import machine


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that has nothing but a folder for programs: a plain user's, outside CI."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(machine, "_DEBIANS_SERVERS", tmp_path / "postgresql")
    monkeypatch.setattr(machine, "_SBIN", tmp_path / "sbin")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    (programs / "env").symlink_to("/usr/bin/env")
    return programs


def program(folder: Path, name: str, script: str = "exit 0") -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (folder / name).chmod(0o755)


def apt_get(folder: Path) -> None:
    """An apt-get that keeps what it was asked for, and puts the programs in place."""
    stub = "printf '#!/bin/sh\\nexit 0\\n' >"
    program(
        folder,
        "apt-get",
        f"""echo "$@" >> {folder}/asked
for word; do
    case $word in
        chromium) {stub} {folder}/chromium; /bin/chmod +x {folder}/chromium;;
        postgresql) {stub} {folder}/initdb; /bin/chmod +x {folder}/initdb;;
        nginx) {stub} {folder}/nginx; /bin/chmod +x {folder}/nginx;;
        prometheus) {stub} {folder}/prometheus; /bin/chmod +x {folder}/prometheus;;
        systemd) {stub} {folder}/systemd-analyze; /bin/chmod +x {folder}/systemd-analyze;;
    esac
done""",
    )


def asked(folder: Path) -> list[str]:
    return (folder / "asked").read_text(encoding="utf-8").splitlines() if (folder / "asked").exists() else []


INSTALLED = [
    "update",
    "install --yes --no-install-recommends chromium",
    "install --yes --no-install-recommends postgresql",
    "install --yes --no-install-recommends nginx",
    "install --yes --no-install-recommends prometheus",
    "install --yes --no-install-recommends systemd",
]


@pytest.mark.parametrize("name", machine.BROWSERS)
def test_any_chromium_or_chrome_is_taken(bare: Path, name: str) -> None:
    assert machine.find_browser() is None
    program(bare, name)
    assert machine.find_browser() == bare / name


def test_a_browser_that_does_not_run_is_none(bare: Path) -> None:
    program(bare, "chromium-browser", "echo install the snap; exit 1")
    assert machine.find_browser() is None
    program(bare, "chrome")
    assert machine.find_browser() == bare / "chrome"


def test_the_newest_of_debians_servers_is_taken(bare: Path) -> None:
    assert machine.find_postgresql() is None
    for version in ("9.6", "15", "17"):
        folder = bare.parent / "postgresql" / version / "bin"
        folder.mkdir(parents=True)
        program(folder, "initdb")
    assert machine.find_postgresql() == bare.parent / "postgresql" / "17" / "bin"
    program(bare, "initdb")
    assert machine.find_postgresql() == bare


def test_nginx_is_found_where_only_roots_path_leads(bare: Path) -> None:
    assert machine.find_nginx() is None
    (bare.parent / "sbin").mkdir()
    program(bare.parent / "sbin", "nginx")
    assert machine.find_nginx() == bare.parent / "sbin" / "nginx"


def test_a_plain_user_learns_how_to_get_them(bare: Path, capsys: pytest.CaptureFixture[str]) -> None:
    apt_get(bare)
    program(bare, "sudo", "exit 1")  # It would ask for a password.
    assert machine.main() == 0
    assert capsys.readouterr().out.splitlines() == [
        "No Chromium or Chrome found: the tests of the UI are skipped. To run them: apt-get install chromium",
        "No PostgreSQL server found: the tests on PostgreSQL are skipped. To run them: apt-get install postgresql",
        "No nginx found: the tests of the proxy are skipped. To run them: apt-get install nginx",
        "No Prometheus found: the tests of the metrics are skipped. To run them: apt-get install prometheus",
        "No systemd-analyze found: the tests of the units are skipped. To run them: apt-get install systemd",
    ]
    assert asked(bare) == []
    with pytest.raises(pytest.skip.Exception, match="apt-get install chromium"):
        machine.demand(machine.BROWSER)


def test_in_ci_what_is_missing_is_a_failure(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    assert machine.main() == 1
    for needed in machine.PROGRAMS:
        with pytest.raises(pytest.fail.Exception, match=f"apt-get install {needed.package}"):
            machine.demand(needed)


def test_root_installs_what_is_missing(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("CI", "true")
    apt_get(bare)
    assert machine.main() == 0
    assert asked(bare) == INSTALLED
    assert machine.demand(machine.BROWSER) == bare / "chromium"
    assert machine.demand(machine.POSTGRESQL) == bare
    assert machine.demand(machine.NGINX) == bare / "nginx"
    assert machine.main() == 0
    assert asked(bare) == INSTALLED


def test_a_sudo_that_asks_nothing_is_used(bare: Path) -> None:
    apt_get(bare)
    program(bare, "true")
    program(bare, "sudo", '[ "$1" = -n ] && shift && exec "$@"')
    assert machine.main() == 0
    assert asked(bare) == INSTALLED


def test_a_package_that_cannot_be_had_ends_as_missing(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    program(bare, "apt-get", "exit 100")
    assert machine.main() == 0
    monkeypatch.setenv("CI", "true")
    assert machine.main() == 1

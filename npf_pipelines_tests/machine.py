"""The programs that the tests need beside the virtual environment: a browser and Debian's servers.

Here: how they are found, and `python -m npf_pipelines_tests.machine`, which installs what is missing where it may; with
`cluster`, what `make cluster` needs.
Not here: how the tests start them (ui/conftest.py, databases.py, deploy/, cluster/servers.py).
Nothing but Python's standard library, and pytest where a test asks.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
"""The names under which Chromium and Chrome are installed, in the order in which they are tried."""
_DEBIANS_SERVERS = Path("/usr/lib/postgresql")
"""Debian keeps the server's programs off the path, in a folder for each version."""
_SBIN = Path("/usr/sbin")
"""Where Debian keeps what only root starts; a plain user's path leaves it out."""
_SECONDS_TO_START = 60
_SECONDS_TO_INSTALL = 1800


@dataclass(frozen=True)
class Program:
    """A program that the tests need.

    Attributes:
        name: in words.
        package: Debian's package that holds it.
        tests: the tests that need it, in words.
        find: its file or folder; None where the machine lacks it.
    """

    name: str
    package: str
    tests: str
    find: Callable[[], Path | None]

    @property
    def how_to_get(self) -> str:
        """One line for a machine that lacks it."""
        return f"No {self.name} found: {self.tests} are skipped. To run them: apt-get install {self.package}"


def find_browser() -> Path | None:
    """The first Chromium or Chrome on the path that runs: Ubuntu's may be a script that only asks for a snap."""
    found = (shutil.which(name) for name in BROWSERS)
    return next((Path(file) for file in found if file and _runs(file)), None)


def find_postgresql() -> Path | None:
    """The folder of PostgreSQL's server programs, the newest where there are several."""
    on_path = shutil.which("initdb")
    folders = [file.parent for file in sorted(_DEBIANS_SERVERS.glob("*/bin/initdb"), key=_version)]
    return Path(on_path).parent if on_path else next(reversed(folders), None)


def find_nginx() -> Path | None:
    """The program, on the path or where Debian puts it."""
    return _on_path("nginx")


def _on_path(name: str) -> Path | None:
    found = shutil.which(name) or shutil.which(name, path=str(_SBIN))
    return Path(found) if found else None


BROWSER = Program("Chromium or Chrome", "chromium", "the tests of the UI", find_browser)
POSTGRESQL = Program("PostgreSQL server", "postgresql", "the tests on PostgreSQL", find_postgresql)
NGINX = Program("nginx", "nginx", "the tests of the proxy", find_nginx)
PROMETHEUS = Program("Prometheus", "prometheus", "the tests of the metrics", lambda: _on_path("prometheus"))
SYSTEMD = Program("systemd-analyze", "systemd", "the tests of the units", lambda: _on_path("systemd-analyze"))
REDIS = Program("Redis server", "redis-server", "the campaign on several machines", lambda: _on_path("redis-server"))
PROGRAMS = (BROWSER, POSTGRESQL, NGINX, PROMETHEUS, SYSTEMD)
"""The programs for `make test`."""
CLUSTER = (POSTGRESQL, REDIS, PROMETHEUS)
"""The programs for `make cluster`."""


def is_ci() -> bool:
    """Whether every test has to run: then a missing program is a failure."""
    return bool(os.environ.get("CI"))


def demand(program: Program) -> Path:
    """Where a program is; without it the test that asks is skipped, or fails where `CI` is set."""
    import pytest  # noqa: PLC0415 - only tests ask

    found = program.find()
    if found is None and is_ci():
        pytest.fail(f"CI is set, and this machine has no {program.name}: apt-get install {program.package}")
    if found is None:
        pytest.skip(program.how_to_get)
    return found


def main(programs: Sequence[Program] = PROGRAMS) -> int:
    """Install what is missing where that asks nobody anything; name the rest.

    Returns:
        The exit code: 1 where `CI` is set and something is still missing.
    """
    missing = [program for program in programs if program.find() is None]
    if missing and (as_root := _as_root()) is not None:
        packages = [program.package for program in missing]
        print(f"Installing {', '.join(packages)} for the tests.", flush=True)  # noqa: T201
        _install(as_root, packages)
        missing = [program for program in missing if program.find() is None]
    for program in missing:
        print(program.how_to_get, flush=True)  # noqa: T201
    return 1 if missing and is_ci() else 0


def _as_root() -> list[str] | None:
    """The words before a command that root has to run; None where packages can't be installed without a question."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    return [sudo, "-n"] if sudo and _succeeds([sudo, "-n", "true"], _SECONDS_TO_START) else None


def _install(as_root: list[str], packages: list[str]) -> None:
    """Debian's packages, without their recommendations. A package that can't be had doesn't cost the others.

    Their servers aren't started, now or at a boot: the tests start their own, and nginx would serve everybody a page.
    """
    apt = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "SYSTEMD_OFFLINE=1", "apt-get"]
    _succeeds([*apt, "update"], _SECONDS_TO_INSTALL)
    for package in packages:
        _succeeds([*apt, "install", "--yes", "--no-install-recommends", package], _SECONDS_TO_INSTALL)
        _succeeds([*as_root, "systemctl", "disable", package], _SECONDS_TO_START)


def _runs(file: str) -> bool:
    return _succeeds([file, "--version"], _SECONDS_TO_START)


def _succeeds(command: list[str], seconds: float) -> bool:
    try:
        ended = subprocess.run(  # noqa: S603 - our own words
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ended.returncode == 0


def _version(initdb: Path) -> list[int]:
    return [int(part) for part in initdb.parts[-3].split(".") if part.isdigit()]


if __name__ == "__main__":
    sys.exit(main(CLUSTER if "cluster" in sys.argv else PROGRAMS))

"""The package as a wheel: built, installed elsewhere, and run in an empty folder without this project beside it."""

import os
import shutil
import site
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from npf_pipelines_tests.dev_server import start_dev
from npf_pipelines_tests.docs.pages import PROJECT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy: a build leaves its own files beside the code, and takes up older ones."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    shutil.copytree(PROJECT / "npf_pipelines", source / "npf_pipelines", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(PROJECT / name, source)
    _pip("wheel", "--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", str(built), str(source))
    (found,) = built.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of `npf` in an environment that has the wheel. It shares the dependencies of the tests."""
    environment = tmp_path_factory.mktemp("environment")
    venv.create(environment, symlinks=True)
    _pip("--python", str(environment), "install", "--no-index", "--no-deps", str(wheel))
    # Only now: pip must not take the tests' own installation for an older one.
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text("\n".join(site.getsitepackages()), encoding="utf-8")
    return environment / "bin"


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder in which processes start, with nothing of this project in their environment."""
    for name in ("PYTHONPATH", "DAGSTER_HOME", *(name for name in os.environ if name.startswith("NPF_"))):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    assert {path.name for path in tmp_path.iterdir()} <= {"data"}


def test_the_wheel_has_every_file_of_the_package(wheel: Path) -> None:
    files = {path for path in (PROJECT / "npf_pipelines").rglob("*") if path.is_file()}
    expected = {str(path.relative_to(PROJECT)) for path in files if "__pycache__" not in path.parts}
    assert {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name} == expected


def test_npf_of_the_wheel_prepares_a_home(programs: Path, nowhere: Path) -> None:
    package = _output(programs / "python", "-c", "import npf_pipelines; print(npf_pipelines.__file__)")
    assert Path(package).is_relative_to(programs.parent)
    assert "demo" in _output(programs / "npf", "--help")
    _output(programs / "npf", "init")
    assert (nowhere / "data/dagster/dagster.yaml").read_bytes()


@pytest.mark.long
def test_demo_and_dev_run_from_the_wheel(programs: Path, nowhere: Path) -> None:
    assert "Stores and platform agree." in _output(programs / "npf", "demo", "--port=0")
    dev = start_dev(nowhere / "data", programs / "npf")
    assets = dev.assets()
    assert dev.end() == 0
    assert "platform_orders" in assets
    assert dev.left_behind() == []


def _pip(*words: str) -> None:
    _output(Path(sys.executable), "-m", "pip", "--quiet", "--no-input", *words)


def _output(program: Path, *words: str) -> str:
    done = subprocess.run([str(program), *words], capture_output=True, text=True, check=False)  # noqa: S603 - our own
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout

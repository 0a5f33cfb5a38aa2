"""For whom new folders and files are: the owner only, or a team; what exists keeps its modes.

Not here: the files of a whole demo (cli/test_demo.py).
"""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from npf_pipelines.config.settings import Settings
from npf_pipelines.definitions import defs
from npf_pipelines_tests.cli.test_init import init


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")  # The command sets it; it is put back afterwards.


def open_to(folder: Path, rights: int) -> list[str]:
    """The files and folders that give one of these rights."""
    return [str(path) for path in [folder, *folder.rglob("*")] if path.stat().st_mode & rights]


def test_a_team_may_read_and_nobody_else(tmp_path: Path) -> None:
    result = init(tmp_path / "data", NPF_UMASK="027")
    assert result.exit_code == 0, result.output
    assert open_to(tmp_path / "data", 0o027) == []
    group = set(open_to(tmp_path / "data", 0o040))
    assert {str(tmp_path / "data"), str(tmp_path / "data/platform.sqlite")} <= group


def test_what_exists_keeps_its_modes(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "platform.sqlite").touch(0o644)
    assert init(tmp_path).exit_code == 0
    assert (tmp_path.stat().st_mode & 0o777, (tmp_path / "platform.sqlite").stat().st_mode & 0o777) == (0o755, 0o644)
    assert open_to(tmp_path / "dagster", 0o077) == []


@pytest.mark.parametrize(("written", "umask"), [(None, 0o077), ("027", 0o027)])
def test_loading_the_definitions_sets_it_for_the_code_server(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, written: str | None, umask: int
) -> None:
    monkeypatch.setenv("NPF_DATA", str(tmp_path))
    if written:
        monkeypatch.setenv("NPF_UMASK", written)
    defs()
    assert os.umask(0) == umask


@pytest.mark.parametrize("written", ["777", "700", "7", "0888", "u=rwx", "", "-27"])
def test_no_umask_is_refused(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("NPF_UMASK", written)
    with pytest.raises(ValidationError, match="077 for the owner only"):
        Settings()


@pytest.mark.parametrize("written", ["077", "0077", "0o077", " 077"])
def test_it_is_octal_however_it_is_written(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("NPF_UMASK", written)
    assert Settings().umask == 0o077

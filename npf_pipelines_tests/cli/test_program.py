"""The name by which hints name the program."""

import sys
from pathlib import Path

import pytest

from npf_pipelines.cli.program import program


@pytest.mark.parametrize(
    ("typed", "path", "named"),
    [
        ("bin/npf", "/nowhere", "bin/npf"),
        ("bin/npf", "bin", "npf"),
        ("a folder/npf", "/nowhere", "'a folder/npf'"),
        ("/usr/lib/python3/pytest", "bin", "npf"),
    ],
)
def test_hints_name_the_program_as_it_was_called(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, typed: str, path: str, named: str
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "npf").touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", path)
    monkeypatch.setattr(sys, "argv", [typed])
    assert program() == named

"""Tests of npf_pipelines.lake.listed_files."""

from typing import Any

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from npf_pipelines.lake.listed_files import ListedFiles


def test_a_path_costs_no_request_and_a_pattern_does(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def noted(_self: MemoryFileSystem, path: str, **_more: Any) -> list[str]:
        asked.append(path)
        return ["/lake/found"]

    monkeypatch.setattr(MemoryFileSystem, "glob", noted)
    files = ListedFiles(MemoryFileSystem())
    assert files.glob("memory://lake/part.parquet") == ["/lake/part.parquet"]
    assert files.glob("memory://[[]1st] lake[*]/part.parquet") == ["/[1st] lake*/part.parquet"]
    assert asked == []
    assert files.glob("memory://lake/*") == ["/lake/found"]
    assert asked == ["memory://lake/*"]


def test_a_listed_file_that_is_gone_fails_when_it_is_opened() -> None:
    with pytest.raises(FileNotFoundError):
        ListedFiles(MemoryFileSystem()).open("memory://nowhere/part.parquet")

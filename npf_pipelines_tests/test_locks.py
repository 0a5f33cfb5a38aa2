"""The two lock files: production gets no tool of the tests, and what both have is the same in both."""

import re
import tomllib

import pytest

from npf_pipelines_tests.docs.pages import PROJECT
from npf_pipelines_tests.licences import NOT_HERE, UNKNOWN, licence_of, pinned

RUNTIME, DEVELOPMENT = pinned(PROJECT / "requirements.lock"), pinned(PROJECT / "requirements-dev.lock")


def test_production_gets_none_of_the_development_tools() -> None:
    with (PROJECT / "pyproject.toml").open("rb") as file:
        wanted = tomllib.load(file)["project"]["optional-dependencies"]["dev"]
    tools = {re.split(r"[^A-Za-z0-9-]", one)[0].lower() for one in wanted}
    assert tools >= {"pytest", "playwright", "mypy", "hypothesis"}
    assert tools <= DEVELOPMENT.keys()
    assert not tools & RUNTIME.keys()


def test_what_both_have_is_the_same_in_both() -> None:
    assert RUNTIME.items() <= DEVELOPMENT.items()


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_every_file_is_pinned_by_its_hash_and_no_index_is_named(name: str) -> None:
    text = (PROJECT / name).read_text(encoding="utf-8")
    assert "--index" not in text
    assert "://" not in text
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert entries
    assert all("--hash=sha256:" in entry for entry in entries)


def test_each_package_has_a_licence() -> None:
    found = {package: licence_of(package) for package in RUNTIME}
    assert [package for package, licence in found.items() if licence == UNKNOWN] == []
    assert [package for package, licence in found.items() if licence == NOT_HERE and not _is_for_others(package)] == []
    assert "MIT" in found["typer"]
    assert "Apache" in found["dagster"]


def _is_for_others(package: str) -> bool:
    """Whether the lock file has it under a condition."""
    lock = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
    return re.search(rf"^{package}==\S+ ;", lock, flags=re.MULTILINE) is not None

"""The documentation: every name in it exists, the references are complete, and the site builds.

The commands of "Getting started" are run by cli/test_demo.py, which has the demo that they need.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main
from pydantic import BaseModel

from npf_pipelines.cli import app
from npf_pipelines_tests.docs.pages import HISTORY, PROJECT, links, npf_calls, pages, settings, shell_lines, targets
from npf_pipelines_tests.docs.references import REFERENCES, with_references
from npf_pipelines_tests.docs.sources import (
    LAKE_TABLES,
    PLATFORM_TABLES,
    STATE_TABLES,
    MasterSetup,
    Settings,
    outcome_groups,
)

_NO_SETTINGS = {"NPF_SANDBOX_API_KEY", "NPF_ACME_API_KEY", "NPF_SHOP_API_KEY"}
"""Variables of clients' API keys: the master setups name them."""

ids = [str(page.relative_to(PROJECT)) for page in pages()]
each_page = pytest.mark.parametrize("page", pages(), ids=ids)


@each_page
def test_every_command_and_flag_exists(page: Path) -> None:
    for words in npf_calls(page):
        command = typer.main.get_command(app)
        while words and words[0] in (inner := _commands_of(command)):
            command = inner[words.pop(0)]
        assert words == [] or not _commands_of(command), f"npf has no command {words[0]}"
        known = {name for parameter in command.params for name in parameter.opts} | {"--help"}
        flags = {word.partition("=")[0] for word in words if word.startswith("-")}
        assert flags <= known, f"npf {command.name} has no {flags - known}"


@each_page
def test_every_flag_in_a_sentence_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not (set(re.findall(r"`(--[a-z-]+)`", text)) - _all_flags()), page


def _commands_of(group: Any) -> dict[str, Any]:
    """The commands of a group, by name; none of a command that is no group."""
    return {name: group.get_command(None, name) for name in getattr(group, "list_commands", lambda _: ())(None)}


def _all_flags() -> set[str]:
    commands: list[Any] = [typer.main.get_command(app)]
    flags = {"--help"}
    for command in commands:
        commands += _commands_of(command).values()
        flags |= {name for parameter in command.params for name in parameter.opts}
    benchmarks = "".join(file.read_text(encoding="utf-8") for file in (PROJECT / "benchmarks").glob("*.py"))
    return flags | set(re.findall(r'"(--[a-z-]+)"', benchmarks))


@each_page
def test_every_setting_exists(page: Path) -> None:
    known = {f"NPF_{name.upper()}" for name in Settings.model_fields} | _NO_SETTINGS
    assert settings(page) <= known


@each_page
def test_every_make_target_exists(page: Path) -> None:
    known = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert targets(page) <= known


@pytest.mark.parametrize("page", [page for page in pages() if page.parent == PROJECT], ids=lambda page: page.name)
def test_every_link_beside_the_site_leads_to_a_file(page: Path) -> None:
    assert [path for path in links(page) if not (page.parent / path).exists()] == []


@pytest.mark.parametrize("path", sorted((PROJECT / "deploy").rglob("*.*")), ids=lambda path: path.name)
def test_the_files_of_a_deployment_name_settings_that_exist(path: Path) -> None:
    known = {f"NPF_{name.upper()}" for name in Settings.model_fields} | _NO_SETTINGS
    assert settings(path) <= known


def test_the_readme_stays_short() -> None:
    assert len((PROJECT / "README.md").read_text(encoding="utf-8").splitlines()) <= 130


def test_the_changelog_has_the_version() -> None:
    (version,) = re.findall(
        r'^version = "(.+)"', (PROJECT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert f"## [{version}]" in HISTORY.read_text(encoding="utf-8")


def test_the_settings_reference_is_complete_and_names_no_machine() -> None:
    written = REFERENCES["settings"]()
    for name, field in Settings.model_fields.items():
        assert field.description
        assert f"| `NPF_{name.upper()}` |" in written
        assert " ".join(field.description.split()) in written
    assert "`$NPF_DATA/clients`" in written
    assert str(Path.home()) not in written


def test_the_reference_of_the_master_setup_is_complete() -> None:
    written = REFERENCES["master-setup"]()
    sections: dict[str, type[BaseModel]] = {"": MasterSetup} | _sections(MasterSetup, "")
    for path, model in sections.items():
        assert f"## `{path}`" in written or not path
        for name, field in model.model_fields.items():
            inner = f"{path}.{name}".strip(".")
            if inner not in sections:
                assert f"| `{name}` |" in written, inner
                assert field.description or name == "name", inner
                assert " ".join((field.description or "").split()).replace("|", "\\|") in written


def _sections(model: type[BaseModel], path: str) -> dict[str, type[BaseModel]]:
    found: dict[str, type[BaseModel]] = {}
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            inner = f"{path}.{name}".strip(".")
            found |= {inner: field.annotation} | _sections(field.annotation, inner)
    return found


def test_the_tables_reference_is_complete() -> None:
    written = REFERENCES["tables"]()
    for table in LAKE_TABLES.values():
        section = written.partition(f"### `{table.name}`\n")[2].partition("\n###")[0]
        assert [name for name in table.schema.columns if f"`{name}`" not in section] == []
        assert section.count("personal data)") == len(table.personal)
    for sql_table in (*PLATFORM_TABLES, *STATE_TABLES):
        section = written.partition(f"### `{sql_table.name}`\n")[2].partition("\n###")[0]
        assert [column.name for column in sql_table.columns if f"`{column.name}`" not in section] == []


def test_every_outcome_that_a_table_accepts_is_in_the_reference() -> None:
    written = REFERENCES["outcomes"]()
    for table in LAKE_TABLES.values():
        for name, column in table.schema.columns.items():
            for check in column.checks:
                group = next(group for group in outcome_groups() if group.column == f"{table.name}.{name}")
                assert {one.value for one in group.members} == set(check.statistics["allowed_values"])
                section = written.partition(f"## {group.title}\n")[2].partition("\n## ")[0]
                assert [one.value for one in group.members if f"| `{one.value}` |" not in section] == []


def test_every_outcome_has_words() -> None:
    silent = [(group.column, one.value) for group in outcome_groups() for one in group.members if not one.words]
    assert silent == []


def test_the_commands_reference_is_complete() -> None:
    written = REFERENCES["commands"]()
    found = set(re.findall(r"^#+ `npf ([a-z -]+)`", written, re.MULTILINE))
    for name, command in _commands_of(typer.main.get_command(app)).items():
        assert name in found
        assert {f"{name} {inner}" for inner in _commands_of(command)} <= found


def test_the_architecture_names_every_room() -> None:
    page = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
    drawing = (PROJECT / "docs" / "images" / "rooms.svg").read_text(encoding="utf-8")
    rooms = {folder.parent.name for folder in (PROJECT / "npf_pipelines").glob("*/__init__.py")}
    assert set(re.findall(r"^\| `([a-z]+)/`", page, re.MULTILINE)) == rooms
    assert set(re.findall(r">([a-z]+)/<", drawing)) == rooms


def test_an_unknown_reference_is_an_error() -> None:
    with pytest.raises(KeyError):
        with_references("<!-- reference: nothing -->")


def test_getting_started_is_what_the_demo_test_runs() -> None:
    lines = shell_lines(PROJECT / "docs" / "getting-started.md")
    assert lines[0] == "make demo"
    assert [line for line in lines if not line.startswith(("make ", ".venv/bin/npf ", "export "))] == []


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    built = subprocess.run(  # noqa: S603 - our own environment's mkdocs
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    pages_of_the_site = list((tmp_path / "site").rglob("*.html"))
    assert len(pages_of_the_site) > len(list((PROJECT / "docs").rglob("*.md")))
    outside = re.compile(r'<(?:script|link|img)[^>]+(?:src|href)="?(?:https?:)?//(?!127)')
    loading = [page.name for page in pages_of_the_site if outside.search(page.read_text(encoding="utf-8"))]
    assert loading == []
    assert "<!-- reference" not in "".join(page.read_text(encoding="utf-8") for page in pages_of_the_site)

"""Tests of npf_pipelines.runs.dagster_storage."""

from pathlib import Path

import pytest
import yaml

from npf_pipelines.cli.instance import DEFAULTS
from npf_pipelines.config.several_machines import NotShared
from npf_pipelines.definitions import defs
from npf_pipelines.runs.dagster_storage import WrongStorage, check_storage, launches_elsewhere
from npf_pipelines_tests.docs.pages import PROJECT

PARTS = {"username": "dagster", "hostname": "db", "db_name": "dagster"}


def written(folder: Path, storage: object) -> Path:
    (folder / "dagster.yaml").write_text(yaml.safe_dump(storage), encoding="utf-8")
    return folder


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_driver_that_fails_later_is_refused_with_the_line_to_write(tmp_path: Path, scheme: str) -> None:
    wrong = {"storage": {"postgres": {"postgres_url": f"{scheme}://dagster:planted-secret@db/dagster"}}}
    with pytest.raises(WrongStorage, match=r"write postgres_url: postgresql\+psycopg2://… instead") as refused:
        check_storage(written(tmp_path, wrong))
    assert "planted-secret" not in str(refused.value)
    assert str(tmp_path / "dagster.yaml") in str(refused.value)


def test_also_where_the_environment_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = written(tmp_path, {"storage": {"postgres": {"postgres_url": {"env": "DAGSTER_POSTGRES_URL"}}}})
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", "postgresql://dagster@db/dagster")
    with pytest.raises(WrongStorage):
        check_storage(home)
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", "postgresql+psycopg2://dagster@db/dagster")
    check_storage(home)


@pytest.mark.parametrize("where", ["storage", "run_storage"])
def test_parts_without_a_scheme_are_bare_too(tmp_path: Path, where: str) -> None:
    with pytest.raises(WrongStorage, match=r"write scheme: postgresql\+psycopg2 below postgres_db"):
        check_storage(written(tmp_path, {where: {"config": {"postgres_db": PARTS}}}))
    check_storage(written(tmp_path, {where: {"config": {"postgres_db": PARTS | {"scheme": "postgresql+psycopg2"}}}}))


@pytest.mark.parametrize("content", ["", "[", "- 1", "storage: {sqlite: {base_dir: /x}}"])
def test_anything_else_is_dagsters_own_business(tmp_path: Path, content: str) -> None:
    (tmp_path / "dagster.yaml").write_text(content, encoding="utf-8")
    check_storage(tmp_path)
    check_storage(tmp_path / "missing")


def test_ours_for_several_machines_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", "postgresql+psycopg2://dagster@db/dagster")
    check_storage(PROJECT / "deploy" / "cluster")


def test_a_code_server_that_shares_nothing_with_the_workers_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", "postgresql+psycopg2://dagster@db/dagster")
    monkeypatch.setenv("NPF_DATA", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", str(PROJECT / "deploy" / "cluster"))
    with pytest.raises(NotShared, match=r"NPF_PLATFORM_URL \(not set; .*NPF_STATE_URL.*NPF_LAKE.*NPF_CLIENTS"):
        defs()
    monkeypatch.setenv("DAGSTER_HOME", str(DEFAULTS))
    defs()


@pytest.mark.parametrize("launcher", [None, "x", {}, {"module": "dagster", "class": "DefaultRunLauncher"}])
def test_other_launchers_stay_on_the_machine(tmp_path: Path, launcher: object) -> None:
    assert not launches_elsewhere(written(tmp_path, {"run_launcher": launcher}))

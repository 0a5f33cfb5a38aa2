"""Tests of npf_pipelines.config.places, and of the settings that are places."""

import importlib.util
from pathlib import Path

import pytest
from pydantic import ValidationError
from upath import UPath

from npf_pipelines.config.places import is_same_place
from npf_pipelines.config.settings import Settings, wrong_settings


def test_a_url_does_not_silently_become_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NPF_DATA", "s3://planted-bucket/pages")
    with pytest.raises(ValidationError, match="a URL is not supported here") as refused:
        Settings()
    assert "planted-bucket" not in f"{refused.value!r} {refused.value}"


@pytest.mark.parametrize("name", ["lake", "clients", "reports"])
@pytest.mark.parametrize(
    "url",
    ["ftp://host/lake", "https://host/lake", "s4://bucket/lake", "simplecache::s3://b/lake", "memory://lake", "c:lake"],
)
def test_a_url_of_another_kind_is_refused(name: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"NPF_{name.upper()}", url)
    with pytest.raises(ValidationError, match=r"not supported: write the path of a folder or s3://bucket/prefix"):
        Settings()


@pytest.mark.parametrize("name", ["lake", "clients", "reports", "logs"])
@pytest.mark.parametrize("url", ["s3:/bucket/x", "s3:bucket/x", "s3://", "s3:///x", "S3:/bucket"])
def test_a_url_without_a_bucket_is_refused(name: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"NPF_{name.upper()}", url)
    with pytest.raises(ValidationError) as refused:
        Settings()
    assert f"NPF_{name.upper()} (the URL names no bucket: write s3://bucket/prefix)" in wrong_settings(refused.value)


@pytest.mark.parametrize(
    "name", ["data", "lake", "clients", "reports", "logs", "reports_url", "platform_url", "state_url"]
)
@pytest.mark.parametrize(
    ("written", "wrong"), [("", "is empty"), (" x", "white space"), ("x\r", "white space"), ('"x"', "quot")]
)
def test_what_an_env_file_leaves_around_a_value_is_refused(
    name: str, written: str, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"NPF_{name.upper()}", written)
    with pytest.raises(ValidationError, match=wrong):
        Settings()


@pytest.mark.parametrize(
    ("name", "written", "wrong"),
    [
        ("data", "~/npf", "write the whole path"),
        ("data", "/srv/what?", "would lead SQLite elsewhere"),
        ("data", "/srv/50%25", "would lead SQLite elsewhere"),
        ("lake", "$HOME/lake", "write the whole path"),
        ("data", "s3:/bucket", "a URL is not supported here"),
        ("lake", "file://lake", "without file:"),
        ("logs", "/srv/logs", "write s3://bucket/prefix"),
        ("reports_url", "reports.example", "with http:// or https://"),
        ("reports_url", "https://", "with http:// or https://"),
        ("platform_url", "sqlite://", "it names no file"),
        ("state_url", "sqlite:///:memory:", "it names no file"),
        ("cell", "dagster", "belongs to no cell"),
        ("cell", "npf_pipelines", "belongs to no cell"),
    ],
)
def test_a_setting_that_would_mean_something_else_is_refused(
    name: str, written: str, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"NPF_{name.upper()}", written)
    with pytest.raises(ValidationError) as refused:
        Settings()
    assert wrong in wrong_settings(refused.value)


@pytest.mark.parametrize(
    ("name", "written", "meant"),
    [
        ("lake", "S3://bucket/Lake/", "s3://bucket/Lake"),
        ("clients", "S3A://bucket/clients", "s3a://bucket/clients"),
        ("logs", "S3://bucket/logs", "s3://bucket/logs"),
        ("lake", "file:///srv/npf/50%25 [x]", "/srv/npf/50%25 [x]"),
        ("data", "file:///srv/npf", "/srv/npf"),
        ("reports", "FILE:///srv/reports", "/srv/reports"),
        ("clients", "/srv/Ann's [old]: 50%", "/srv/Ann's [old]: 50%"),
        ("reports_url", "/reports", "/reports"),
    ],
)
def test_a_plain_meaning_is_taken(name: str, written: str, meant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"NPF_{name.upper()}", written)
    assert str(getattr(Settings(), name)) == meant
    assert isinstance(getattr(Settings(), name), UPath) == (name == "clients" and "://" in meant)


@pytest.mark.parametrize("name", ["lake", "clients", "reports"])
def test_a_missing_package_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setenv(f"NPF_{name.upper()}", "s3://bucket/prefix")
    with pytest.raises(ValidationError, match=r"the package s3fs is missing: install npf_pipelines\[cluster\]"):
        Settings()


def test_the_master_setups_may_be_in_a_bucket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NPF_CLIENTS", "s3://bucket/clients")
    assert isinstance(Settings().clients, UPath)
    assert str(Settings().clients / "acme.yaml") == "s3://bucket/clients/acme.yaml"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NPF_CLIENTS", "clients")
    assert Settings().clients == tmp_path / "clients"


def test_one_place_in_several_spellings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    here = str(tmp_path / "lake")
    for spelled in ("lake", "lake/", "./lake", "x/../lake", "link/lake", f"{here}/", f"file://{here}", Path("lake")):
        assert is_same_place(here, spelled), spelled
    for spelled in ("lake2", "lake/south", f"{here}-south", "s3://bucket/lake", "file:///lake"):
        assert not is_same_place(here, spelled), spelled
    for url in ("s3://bucket/lake/", "s3a://bucket/lake", UPath("s3://bucket/lake")):
        assert is_same_place("s3://bucket/lake", url), url
    for url in ("s3://bucket/lake/south", "s3://bucket2/lake", UPath("memory://bucket/lake"), "bucket/lake"):
        assert not is_same_place("s3://bucket/lake", url), url

"""Tests of npf_pipelines.config.settings."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from npf_pipelines.config.settings import Settings


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment without any setting, in an empty folder."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"NPF_{name.upper()}", raising=False)
    monkeypatch.chdir(tmp_path)


def test_everything_lies_in_one_folder_unless_said_otherwise(tmp_path: Path) -> None:
    settings = Settings()
    assert settings.data == tmp_path / "data"
    assert settings.clients == tmp_path / "data/clients"
    assert settings.lake == str(tmp_path / "data/lake")
    assert settings.reports == tmp_path / "data/reports"
    assert settings.platform_url.get_secret_value() == f"sqlite:///{tmp_path}/data/platform.sqlite"


def test_nothing_runs_by_itself_unless_it_is_said() -> None:
    assert Settings().automation == "stopped"


@pytest.mark.parametrize(
    ("name", "value"),
    [("AUTOMATION", "yes"), ("ORDERS_MINUTES", "4"), ("SENSOR_SECONDS", "0"), ("PERSONAL_DATA_DAYS", "30")],
)
def test_what_makes_no_sense_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"NPF_{name}", value)
    with pytest.raises(ValidationError):
        Settings()


def test_the_rest_follows_the_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NPF_DATA", "/srv/npf")
    settings = Settings()
    assert settings.clients == Path("/srv/npf/clients")
    assert settings.lake == "/srv/npf/lake"
    assert settings.platform_url.get_secret_value() == "sqlite:////srv/npf/platform.sqlite"


def test_each_can_be_set_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NPF_CLIENTS", "setups")
    monkeypatch.setenv("NPF_LAKE", "s3://bucket/lake")
    monkeypatch.setenv("NPF_PLATFORM_URL", "postgresql+psycopg://npf@db/platform")
    settings = Settings()
    assert settings.data == tmp_path / "data"
    assert settings.clients == tmp_path / "setups"
    assert settings.lake == "s3://bucket/lake"
    assert settings.platform_url.get_secret_value() == "postgresql+psycopg://npf@db/platform"


def test_folders_stay_where_they_were_when_the_process_moves_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = Settings()
    monkeypatch.chdir("/")
    assert settings.data == tmp_path / "data"


def test_a_clients_key_in_the_environment_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NPF_ACME_API_KEY", "planted-secret")
    assert "planted-secret" not in str(Settings().model_dump())


def test_the_platforms_password_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NPF_PLATFORM_URL", "postgresql+psycopg://npf:planted-secret@db/platform")
    settings = Settings()
    assert "planted-secret" in settings.platform_url.get_secret_value()
    assert "planted-secret" not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().lake = "elsewhere"  # type: ignore[misc]


@pytest.mark.parametrize(
    "webhook", ["http://hooks.example/planted-secret", "planted-secret", "https://[planted-secret"]
)
def test_a_webhook_without_https_is_refused_and_never_shown(monkeypatch: pytest.MonkeyPatch, webhook: str) -> None:
    monkeypatch.setenv("NPF_ALERTS_WEBHOOK", webhook)
    with pytest.raises(ValidationError, match="with https") as refused:
        Settings()
    assert "planted-secret" not in f"{refused.value!r} {refused.value}"


@pytest.mark.parametrize("webhook", ["https://hooks.example/planted-secret", "http://127.0.0.1:8080/planted-secret"])
def test_the_webhooks_address_is_a_secret(monkeypatch: pytest.MonkeyPatch, webhook: str) -> None:
    monkeypatch.setenv("NPF_ALERTS_WEBHOOK", webhook)
    settings = Settings()
    assert settings.alerts_webhook
    assert settings.alerts_webhook.get_secret_value() == webhook
    assert "planted-secret" not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"

"""`npf client pause` and `resume`, as a person types them."""

import getpass
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from npf_pipelines.cli import app
from npf_pipelines.config.settings import Settings
from npf_pipelines.runs.services import Services
from npf_pipelines.state.pauses import Pauses, read_pauses
from npf_pipelines_tests.loop import write_setup


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the setups of acme and bolt."""
    monkeypatch.setenv("NPF_DATA", str(tmp_path))
    monkeypatch.delenv("NPF_CLIENTS", raising=False)
    monkeypatch.setattr(getpass, "getuser", lambda: "ana")
    for client in ("acme", "bolt"):
        write_setup(tmp_path / "clients", client, "https://shop.example")
    return tmp_path / "clients"


def npf(*words: str) -> Result:
    return CliRunner().invoke(app, ["client", *words], env={"COLUMNS": "300"})


def pauses() -> Pauses:
    return read_pauses(Services(Settings()).state)


def test_a_pause_and_its_end(folder: Path) -> None:
    paused = npf("pause", "acme", "bolt", "--reason", "two\nlines \x1b[31m")
    assert paused.exit_code == 0, paused.output
    assert "acme is paused since" in paused.output
    assert "by ana: two lines [31m. To go on: npf client resume acme" in paused.output
    assert pauses().by_client.keys() == {"acme", "bolt"}
    over = npf("resume", "acme")
    assert (over.exit_code, over.output) == (0, "acme goes on.\n")
    assert pauses().by_client.keys() == {"bolt"}


def test_an_unknown_client_pauses_nobody(folder: Path) -> None:
    for command in ("pause", "resume"):
        result = npf(command, "acme", "acne")
        assert result.exit_code == 1
        assert "no master setup: acne. Nothing was changed" in result.output
        assert npf(command).exit_code == 2
        assert npf(command, "acme", "--all").exit_code == 2
    assert pauses() == Pauses()


def test_a_client_with_a_wrong_setup_can_be_paused(folder: Path) -> None:
    (folder / "acme.yaml").write_text("name: not a setup", encoding="utf-8")
    assert npf("pause", "acme").exit_code == 0


def test_every_client_is_paused_although_no_setup_can_be_read(folder: Path) -> None:
    npf("pause", "bolt")
    moved = folder.rename(folder.with_name("elsewhere"))
    assert "npf client pause --all" in npf("pause", "acme").output
    result = npf("pause", "--all", "--reason", "a bad day")
    assert result.exit_code == 0
    assert "Every client is paused since" in result.output
    moved.rename(folder)

    still = npf("resume", "acme")
    assert still.exit_code == 1
    assert "acme: still paused, as every client is, since" in still.output
    over = npf("resume", "--all")
    assert over.exit_code == 0
    assert "Still paused, each by its own id: bolt." in over.output
    assert pauses().by_client.keys() == {"bolt"}


def test_a_pause_in_the_setup_is_named_when_the_client_is_to_go_on(folder: Path) -> None:
    path = folder / "acme.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "paused: true\n", encoding="utf-8")
    result = npf("resume", "acme")
    assert result.exit_code == 1
    assert "take the line `paused: true` out of it" in result.output

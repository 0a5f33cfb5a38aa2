"""`npf client add`: a new client's setup, from flags or from questions."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from npf_pipelines.cli import app
from npf_pipelines.cli.client.questions import QUESTIONS, content_of
from npf_pipelines.cli.client.rendering import render
from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.config.setup_files import load_master_setups, parse_setup
from npf_pipelines_tests.loop import write_setup

KEY = "gR7h2kLq9ZpX4wTn6bVc3mYs8dFj1aQe"
FLAGS = {
    "--store-url": "https://shop.acme.example/",
    "--api-user": "api@acme.example",
    "--user-id": "7",
    "--time-zone": "Australia/Sydney",
    "--start-date": "2026-11-01",
    "--status": "Processed",
    "--stock": "available",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the setups, in which bolt has one."""
    monkeypatch.setenv("NPF_DATA", str(tmp_path))
    monkeypatch.delenv("NPF_CLIENTS", raising=False)
    write_setup(tmp_path / "clients", "bolt", "https://shop.example")
    return tmp_path / "clients"


def add(*words: str, flags: dict[str, str] | None = None, answers: str = "") -> Result:
    given_flags = [word for flag in (FLAGS if flags is None else flags).items() for word in flag]
    return CliRunner().invoke(app, ["client", "add", *words, *given_flags], input=answers)


def test_flags_that_give_what_is_required_ask_nothing(folder: Path) -> None:
    more = ["--prefix", "CS", "--status", "Open", "--country", "Australia", "--country", "NZ", "--cut-off", "14:00"]
    more += ["--shipped-status", "Complete", "--partially-shipped-status", "Back Ordered", "--negative-as-zero"]
    result = add("acme-toys", *more)
    assert result.exit_code == 0, result.output
    setup = load_master_setups(folder)["acme-toys"]
    assert (setup.name, setup.store.url, setup.mode) == ("Acme Toys", "https://shop.acme.example", "trial")
    assert (setup.store.api_user, setup.store.user_id) == ("api@acme.example", 7)
    assert (setup.orders.statuses, setup.orders.countries) == (("Open", "Processed"), ("AU", "NZ"))
    assert (setup.orders.prefix, f"{setup.orders.cut_off:%H:%M}") == ("CS", "14:00")
    assert (setup.tracking.shipped_status, setup.tracking.partially_shipped_status) == ("Complete", "Back Ordered")
    assert (setup.stock.quantity, setup.stock.negative_as_zero) == ("available", True)
    assert setup.store.api_key_env == "NPF_ACME_TOYS_API_KEY"
    commands = result.output.split("\n\n")[1].splitlines()
    assert commands[1:3] == ["npf client check acme-toys", "npf client certify acme-toys"]
    assert commands[0].startswith("export NPF_ACME_TOYS_API_KEY=")
    assert "npf run orders --client acme-toys --from 2026-11-01" in commands[-1]
    assert "acme-toys.yaml" in result.output
    assert (folder / "acme-toys.yaml").stat().st_mode & 0o077 == 0  # The default umask.


def test_the_examples_in_the_file_are_right_once_they_are_taken(folder: Path) -> None:
    assert add("acme").exit_code == 0
    text = (folder / "acme.yaml").read_text(encoding="utf-8")
    examples = re.findall(r"^  # (([a-z_]+): .*)$", text, re.MULTILINE)
    assert {name for _, name in examples} == {
        *("vendor", "quiet_hours", "every_minutes", "storefronts", "hold_minutes", "hold", "shipping_methods", "skus"),
        *("buffer", "maximum", "same_sku", "store_location"),
    }
    for line, name in examples:
        taken = parse_setup("acme.yaml", text.replace(f"# {line}", line)).model_dump(exclude_defaults=True)
        sections = [section for section in ("store", "orders", "stock") if name in taken[section]]
        assert len(sections) == 1, line


def test_every_wrong_flag_is_named_at_once_and_nothing_is_written(folder: Path) -> None:
    wrong = FLAGS | {"--store-url": "https://SHOP.example/bolt/", "--api-user": KEY, "--user-id": KEY}
    wrong |= {"--time-zone": "Sydney", "--start-date": "soon", "--stock": "all", "--cut-off": "2 pm", "--prefix": "C S"}
    result = add("acme", "--country", "Narnia", flags=wrong)
    assert result.exit_code == 1
    named = [line.partition(": ")[0] for line in result.output.splitlines()]
    assert sorted(named) == sorted({*wrong, "--country"} - {"--status"})
    assert "--store-url: the client bolt has this store" in result.output
    assert KEY not in result.output
    assert [path.name for path in folder.iterdir()] == ["bolt.yaml"]


def test_a_file_that_is_there_is_never_overwritten(folder: Path) -> None:
    wrong = folder / "acme.yml"
    wrong.write_text("name: not a setup", encoding="utf-8")
    for client in ("bolt", "acme"):
        before = {path: path.read_bytes() for path in folder.iterdir()}
        result = add(client)
        assert result.exit_code == 1
        assert "exists already, and is not overwritten" in result.output
        assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_flags_have_the_defaults_of_the_questions(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NPF_ACME_API_KEY", KEY)
    result = add("acme")
    assert result.exit_code == 0, result.output
    assert load_master_setups(folder)["acme"].stock.negative_as_zero is True
    assert "It is set here already." in result.output
    assert "export" not in result.output


def test_input_that_ends_names_the_flags_still_missing(folder: Path) -> None:
    flags = {flag: answer for flag, answer in FLAGS.items() if flag not in {"--user-id", "--stock"}}
    result = add("acme", flags=flags, answers="Acme\n")
    assert result.exit_code == 1
    assert "Still missing: --user-id, --stock\n" in result.output
    assert not (folder / "acme.yaml").exists()


def test_a_demos_folder_takes_no_client(folder: Path) -> None:
    (folder.parent / "sandbox").mkdir()
    (folder.parent / "sandbox" / "stores.sqlite").touch()
    result = add("acme")
    assert result.exit_code == 1
    assert "is the demo's folder: give the client a folder of its own by NPF_DATA" in result.output
    assert not (folder / "acme.yaml").exists()


def test_the_first_client_needs_no_folder(folder: Path) -> None:
    (folder / "bolt.yaml").unlink()
    folder.rmdir()
    result = CliRunner().invoke(app, ["client", "list"])
    assert "npf init creates it" in result.output
    result = add("acme")
    assert result.exit_code == 0, result.output
    assert (folder / "acme.yaml").exists()


def test_the_api_key_is_not_taken(folder: Path) -> None:
    result = add("acme", "--api-key", KEY)
    assert result.exit_code == 2
    assert "the API key is not taken here" in " ".join(result.output.replace("│", " ").split())
    assert KEY not in result.output
    assert not (folder / "acme.yaml").exists()


def test_two_clients_whose_variables_would_be_the_same_have_two(folder: Path) -> None:
    assert add("big-toys").exit_code == 0
    assert add("big_toys", flags=FLAGS | {"--store-url": "https://other.example"}).exit_code == 0
    setups = load_master_setups(folder).clients
    assert [setups[client].store.api_key_env for client in ("big-toys", "big_toys")] == [
        "NPF_BIG_TOYS_API_KEY",
        "NPF_BIG_TOYS_2_API_KEY",
    ]


def test_it_asks_for_the_rest_and_asks_again_with_the_reason(folder: Path) -> None:
    answers = [
        *("Bad Id", "bolt", "acme"),
        "",
        *("http://shop.acme.example", "https://shop.example/bolt", "https://shop.acme.example"),
        *(KEY, "api@acme.example"),
        *("one", "7"),
        *("Sydney", ""),
        *("soon", "2026-11-01"),
        "",
        *("", "Atlantis, NZ", "Australia, NZ"),
        *("25:00", ""),
        "Complete",
        "",
        *("lots", ""),
        *("perhaps", "no"),
    ]
    result = add(flags={}, answers="\n".join(answers) + "\n")
    assert result.exit_code == 0, result.output
    for reason in (
        "write 1 to 40 of a-z, 0-9, - and _",
        "exists already",
        "use https: the API key would travel in the clear",
        "the client bolt has this store",
        "is no e-mail address; the API key doesn't belong here",
        "write the number, like 12",
        "'Sydney' is no time zone",
        "write a day like 2026-11-30",
        "'Atlantis' is no country",
        'write a local time of day like "14:00"',
        "write on_hand, available or off",
        "write yes or no",
    ):
        assert result.output.count(reason) == 1, reason
    for question in QUESTIONS:
        assert question.purpose in result.output
    assert "Time zone [Australia/Sydney]" in result.output
    assert "Countries [all]" in result.output
    setup = load_master_setups(folder)["acme"]
    assert (setup.name, setup.orders.statuses, setup.orders.countries) == ("Acme", ("Processed",), ("AU", "NZ"))
    assert (setup.orders.prefix, setup.orders.cut_off, setup.stock.negative_as_zero) == ("", None, False)
    assert KEY not in (folder / "acme.yaml").read_text(encoding="utf-8")


_NAMES = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), min_size=1, max_size=20).map(str.strip)


@given(name=_NAMES.filter(bool), statuses=st.lists(_NAMES.filter(bool), min_size=1, max_size=3))
def test_the_file_says_what_was_answered(name: str, statuses: list[str]) -> None:
    answers: dict[str, str | list[str]] = {
        "id": "acme",
        "name": name,
        "mode": "trial",
        "store.url": "https://shop.acme.example",
        "store.api_user": "api@acme.example",
        "store.api_key_env": "NPF_ACME_API_KEY",
        "store.user_id": "7",
        "store.time_zone": "UTC",
        "orders.start_date": "2026-11-01",
        "orders.statuses": statuses,
        "tracking.shipped_status": statuses[0],
        "stock.quantity": "off",
    }
    setup = MasterSetup.model_validate(content_of(answers))
    assert parse_setup("acme.yaml", render("setup.yaml", setup=setup, countries=["NO"])) == setup.model_copy(
        update={"orders": setup.orders.model_copy(update={"countries": ("NO",)})}
    )

"""Tests of npf_pipelines.config.master_setup."""

from datetime import date, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from pydantic import ValidationError

from npf_pipelines.config.master_setup import MasterSetup, SetupError
from npf_pipelines.config.setup_files import MasterSetups, load_master_setups

DOCUMENTED = """\
# The format of a client's master setup: one such file for each client in the clients folder.
id: acme                         # partition key: a-z, 0-9, '-' and '_'
name: Acme Toys
paused: false                    # optional: true = left alone until it is taken back
store:
  url: https://shop.acme.example # the store's address, without /api
  api_user: api@acme.example     # API user name: the administrator's e-mail
  api_key_env: NPF_ACME_API_KEY  # the environment variable that holds the API key
  user_id: 1                     # the administrator's user ID
  time_zone: Australia/Sydney
  concurrency: 4                 # optional: requests at a time
orders:
  start_date: 2026-11-01         # from 12 AM of this day in the store's time zone
  prefix: CS                     # optional: 1000012 is imported as CS1000012
  statuses: [Processed, Open]    # names or letters
  countries: [Australia, NZ]     # optional: names or ISO codes; left out = all
  cut_off: "14:00"               # optional: local time; swept every 5 minutes in the 2 hours before it
tracking:
  shipped_status: Complete               # optional: left out = the status is not touched
  partially_shipped_status: Back Ordered # optional, as above
  notify_customer: false
  carriers: {Australia Post: aup}        # optional: NPF's carrier name -> the store's carrier code
stock:
  quantity: available            # on_hand | available | off
  negative_as_zero: true
alerts:
  no_pull_hours: 2               # optional: hours without a pull of orders before an alert is sent
"""

SHORTEST = """\
id: bolt
name: Bolt
store:
  url: https://bolt.example
  api_user: api@bolt.example
  api_key_env: BOLT_KEY
  user_id: 7
  time_zone: UTC
orders:
  start_date: 2026-11-01
  statuses: P
stock:
  quantity: "off"
"""

KEY = "gR7h2kLq9ZpX4wTn6bVc3mYs8dFj1aQe"
"""Such as stores make them."""


def write(folder: Path, text: str, name: str = "acme.yaml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def changed(field: str, value: Any) -> str:
    """The documented example with one field set otherwise, or taken away by None."""
    content = yaml.load(DOCUMENTED, Loader=yaml.BaseLoader)  # noqa: S506
    *sections, name = field.split(".")
    part = content
    for section in sections:
        part = part[section]
    if value is None:
        del part[name]
    else:
        part[name] = value
    return yaml.safe_dump(content, allow_unicode=True)


def one(folder: Path, text: str) -> MasterSetup:
    setups = load_master_setups(write(folder, text))
    assert setups.errors == ()
    (setup,) = setups.clients.values()
    return setup


def trouble(folder: Path, text: str) -> str:
    setups = load_master_setups(write(folder, text))
    assert setups.clients == {}
    (error,) = setups.errors
    return error


# Good ones


def test_a_client_can_be_paused(tmp_path: Path) -> None:
    assert one(tmp_path, changed("paused", "true")).paused is True


@pytest.mark.parametrize("written", ["1400", "14", "24:00", "14:60", "2 pm", "14:00Z", "14:00:00.5", ""])
def test_a_cut_off_is_a_time_of_day(tmp_path: Path, written: str) -> None:
    assert trouble(tmp_path, changed("orders.cut_off", written)) == (
        'acme.yaml: orders.cut_off: write a local time of day like "14:00"'
    )


def test_shipping_methods_are_mapped(tmp_path: Path) -> None:
    codes = {"Express post": "EXP", "7": "007", "*": "STD"}
    assert one(tmp_path, changed("orders.shipping_methods", codes)).orders.shipping_methods == codes
    assert one(tmp_path, SHORTEST).orders.shipping_methods is None


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({}, "orders.shipping_methods: is empty: map at least one shipping method, or leave the line out"),
        ("", "orders.shipping_methods: is empty: map at least one shipping method, or leave the line out"),
        (
            {"Express": "EXP", " EXPRESS ": "STD"},
            "orders.shipping_methods: maps ' EXPRESS ' more than once: letter case and blanks don't count",
        ),
        ({"Express": ""}, "orders.shipping_methods.Express: "),
        ("EXP", "orders.shipping_methods: write codes by shipping method, like {Express: EXP}"),
        (["EXP"], "orders.shipping_methods: write codes by shipping method, like {Express: EXP}"),
    ],
)
def test_a_wrong_map_of_shipping_methods_is_refused(tmp_path: Path, written: Any, said: str) -> None:
    assert trouble(tmp_path, changed("orders.shipping_methods", written)).startswith(f"acme.yaml: {said}")


def test_the_documented_example(tmp_path: Path) -> None:
    setup = one(tmp_path, DOCUMENTED)
    assert (setup.id, setup.name) == ("acme", "Acme Toys")
    assert (setup.store.url, setup.store.user_id, setup.store.concurrency) == ("https://shop.acme.example", 1, 4)
    assert setup.zone == ZoneInfo("Australia/Sydney")
    assert (setup.orders.start_date, setup.orders.prefix) == (date(2026, 11, 1), "CS")
    assert setup.orders.statuses == ("Processed", "Open")
    assert setup.orders.countries == ("AU", "NZ")
    assert (setup.paused, setup.orders.cut_off) == (False, time(14))
    assert setup.alerts.no_pull_hours == 2
    assert (setup.tracking.shipped_status, setup.tracking.partially_shipped_status) == ("Complete", "Back Ordered")
    assert setup.tracking.notify_customer is False
    assert setup.tracking.carriers == {"Australia Post": "aup"}
    assert (setup.stock.quantity, setup.stock.negative_as_zero) == ("available", True)


def test_what_is_optional_has_the_documented_meaning(tmp_path: Path) -> None:
    setup = one(tmp_path, SHORTEST)
    assert setup.store.concurrency == 4
    assert (setup.orders.prefix, setup.orders.countries) == ("", None)
    assert setup.orders.statuses == ("P",)
    assert (setup.tracking.shipped_status, setup.tracking.partially_shipped_status) == (None, None)
    assert (setup.tracking.notify_customer, setup.tracking.carriers) == (False, {})
    assert setup.stock.negative_as_zero is False
    assert setup.orders.lines_without_code == "set_aside"


@pytest.mark.parametrize(
    ("field", "written", "read"),
    [
        ("orders.countries", "[NO, ON]", None),
        ("orders.countries", "[NO, SE]", ("NO", "SE")),
        ("orders.countries", "NO", ("NO",)),
        ("orders.countries", "['Korea, Republic of', UK]", ("KR", "GB")),
        ("orders.prefix", "007", "007"),
        ("orders.prefix", "1e3", "1e3"),
        ("orders.statuses", "[Y, N, Off]", ("Y", "N", "Off")),
        ("orders.start_date", "2026-11-01", date(2026, 11, 1)),
        ("tracking.notify_customer", "yes", True),
        ("tracking.shipped_status", "1", "1"),
        ("store.user_id", "0012", 12),
        ("stock.quantity", "off", "off"),
    ],
)
def test_yaml_makes_nothing_else_of_what_a_person_wrote(tmp_path: Path, field: str, written: str, read: object) -> None:
    section, name = field.split(".")
    lines = [f"  {name}: {written}" if line.startswith(f"  {name}:") else line for line in DOCUMENTED.splitlines()]
    text = "\n".join(lines)
    if read is None:
        assert "orders.countries.1: 'ON' is no country" in trouble(tmp_path, text)
    else:
        assert getattr(getattr(one(tmp_path, text), section), name) == read


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("https://shop.example/", "https://shop.example"),
        ("https://shop.example:8443/store/", "https://shop.example:8443/store"),
        ("http://127.0.0.1:8520/toys", "http://127.0.0.1:8520/toys"),
        ("http://[::1]:8520", "http://[::1]:8520"),
        ("http://localhost:8520", "http://localhost:8520"),
    ],
)
def test_addresses_of_stores(tmp_path: Path, written: str, url: str) -> None:
    assert one(tmp_path, changed("store.url", written)).store.url == url


def test_the_api_key_comes_from_the_environment_and_shows_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup = one(tmp_path, DOCUMENTED)
    monkeypatch.setenv("NPF_ACME_API_KEY", KEY)
    assert setup.api_key().get_secret_value() == KEY
    assert KEY not in f"{setup!r} {setup} {setup.model_dump_json()} {setup.api_key()!r} {setup.api_key()}"


@pytest.mark.parametrize("environ", [{}, {"NPF_ACME_API_KEY": ""}])
def test_a_missing_environment_variable_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]
) -> None:
    monkeypatch.setattr("os.environ", environ)
    with pytest.raises(SetupError, match=r"^acme: .*NPF_ACME_API_KEY .*store\.api_key_env.* is not set"):
        one(tmp_path, DOCUMENTED).api_key()


# Wrong ones


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("id", "Acme", "id: String should match pattern"),
        ("id", "acme|bolt", "id: String should match pattern"),
        ("id", None, "id: is missing"),
        ("store", None, "store: is missing"),
        ("store.url", "shop.acme.example", "store.url: write the store's address like https://shop.example.com"),
        ("store.url", "ftp://shop.example", "store.url: write the store's address like"),
        ("store.url", "https:///api", "store.url: write the store's address like"),
        ("store.url", "https://shop.example/api/", "store.url: write the store's address only, without /api"),
        ("store.url", "https://shop.example/api/2.0", "store.url: write the store's address only, without /api"),
        ("store.url", "https://shop.example/api.php", "store.url: write the store's address only, without /api"),
        ("store.url", "https://shop.example?a=b", "store.url: write the store's address only"),
        ("store.url", "https://shop.example:http", "store.url: "),
        ("store.url", "http://shop.example", "store.url: use https"),
        ("store.url", "http://localhost.example", "store.url: use https"),
        ("store.url", "http://127.0.0.1.example", "store.url: use https"),
        ("store.url", "http://10.0.0.7", "store.url: use https"),
        ("store.user_id", "0", "store.user_id: Input should be greater than or equal to 1 (found '0')"),
        ("store.user_id", "admin", "store.user_id: Input should be a valid integer"),
        ("store.time_zone", "Sydney", "store.time_zone: 'Sydney' is no time zone"),
        ("store.time_zone", "Australia", "store.time_zone: 'Australia' is no time zone"),
        ("store.time_zone", "../Sydney", "store.time_zone: '../Sydney' is no time zone"),
        ("store.time_zone", "", "store.time_zone: '' is no time zone"),
        ("store.concurrency", "17", "store.concurrency: Input should be less than or equal to 16"),
        ("store.pasword", "x", "store.pasword: is not a field of a master setup"),
        ("orders.start_date", "01.11.2026", "orders.start_date: Input should be a valid date"),
        ("orders.start_date", "2026-02-30", "orders.start_date: Input should be a valid date"),
        ("orders.prefix", "CS|", "orders.prefix: String should match pattern"),
        ("orders.prefix", "ABCDEFGHIJK", "orders.prefix: String should match pattern"),
        ("orders.statuses", [], "orders.statuses: is empty"),
        ("orders.statuses", "", "orders.statuses: is empty"),
        ("orders.statuses", ["P", " "], "orders.statuses.1: String should have at least 1 character"),
        ("orders.countries", [], "orders.countries: is empty"),
        ("orders.countries", ["AU", "Atlantis"], "orders.countries.1: 'Atlantis' is no country"),
        ("tracking.shipped_status", "", "tracking.shipped_status: String should have at least 1 character"),
        ("tracking.notify_customer", "maybe", "tracking.notify_customer: Input should be a valid boolean"),
        ("tracking.carriers", {"DHL": ""}, "tracking.carriers.DHL: String should have at least 1 character"),
        ("stock.quantity", "all", "stock.quantity: Input should be 'on_hand', 'available' or 'off' (found 'all')"),
        ("stock", None, "stock: is missing"),
    ],
)
def test_a_wrong_field_is_named_with_its_file(tmp_path: Path, field: str, value: object, said: str) -> None:
    assert f"acme.yaml: {said}" in trouble(tmp_path, changed(field, value))


def test_all_that_is_wrong_is_reported_at_once(tmp_path: Path) -> None:
    content = yaml.safe_load(changed("store.url", "http://shop.example"))
    content["orders"]["countries"] = ["Atlantis"]
    content["stocks"] = content.pop("stock")
    lines = trouble(tmp_path, yaml.safe_dump(content)).splitlines()
    assert [line.split(": ")[:2] for line in lines] == [
        ["acme.yaml", "store.url"],
        ["acme.yaml", "orders.countries.0"],
        ["acme.yaml", "stock"],
        ["acme.yaml", "stocks"],
    ]


@pytest.mark.parametrize(
    ("field", "value", "meant"),
    [
        ("orders.cutoff", "14:00", "cut_off"),
        ("cut_off", "14:00", "orders.cut_off"),
        ("store.timezone", "UTC", "time_zone"),
        ("orders.timezone", "UTC", "store.time_zone"),
        ("stock.change_limit", {"zeroed": "5"}, "zeroed_percent"),
        ("stock.quantity", "onhand", "on_hand"),
        ("mode", "Live", "live"),
    ],
)
def test_the_name_that_was_probably_meant_is_said(tmp_path: Path, field: str, value: object, meant: str) -> None:
    said = trouble(tmp_path, changed(field, value))
    assert said.startswith(f"acme.yaml: {field}")
    assert said.endswith(f": did you mean {meant}?")


def test_of_a_name_that_is_like_no_other_nothing_is_guessed(tmp_path: Path) -> None:
    assert trouble(tmp_path, changed("xyzzy", "1")) == "acme.yaml: xyzzy: is not a field of a master setup"


@pytest.mark.parametrize("mode", ["trial", "live", None])
def test_a_mode_is_optional(tmp_path: Path, mode: str | None) -> None:
    assert one(tmp_path, changed("mode", mode) if mode else DOCUMENTED).mode == mode


@pytest.mark.parametrize("text", ["", "# nothing\n", "just words", "- a\n- list", "id: [acme", "a: b: c", "\tid: x"])
def test_a_file_that_holds_no_setup_is_named(tmp_path: Path, text: str) -> None:
    assert trouble(tmp_path, text).startswith("acme.yaml: ")


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("name: Bücher".encode("latin-1"))
    (tmp_path / "folder.yaml").mkdir()
    folder, latin = load_master_setups(tmp_path).errors
    assert folder.startswith("folder.yaml: ")
    assert latin.startswith("latin.yaml: ")


def test_where_the_yaml_breaks_is_reported(tmp_path: Path) -> None:
    assert "line 4" in trouble(tmp_path, "id: acme\nname: Acme\nstore:\n  url: a: b\n")


@pytest.mark.parametrize(
    "line",
    [
        f"api_key_env: {KEY}",
        f"api_key_env: '{KEY}'",
        f"api_key_env: [{KEY}]",
        f"api_key_env: {{{KEY}: }}",
        f"api_key_env: {KEY}: x",
        f"api_key_env: '{KEY}",
        f"api_key_env: *{KEY}",
        f"api_key_env: !{KEY} x",
        f"api_key_env: !{KEY}! x",
        f"api_key_env: @{KEY}",
        f"api_key_env: %{KEY}",
        f"api_key_env: |{KEY}",
        f'api_key_env: "\\q{KEY}"',
        f"api_key_env: KEY\n  api_key: {KEY}",
        f"api_key_env: KEY\n  url: https://api:{KEY}@shop.example",
        f"api_key_env: KEY\n  url: https://api:{KEY}",
    ],
)
def test_a_key_pasted_into_the_file_is_never_quoted(tmp_path: Path, line: str) -> None:
    error = trouble(tmp_path, DOCUMENTED.replace("api_key_env: NPF_ACME_API_KEY", line))
    assert error.startswith("acme.yaml: ")
    assert KEY not in error
    assert KEY[:8] not in error


@pytest.mark.parametrize("text", [f"store: [{{api_key_env: {KEY}}}]", f"- api_key_env: {KEY}"])
def test_nor_is_one_in_the_wrong_place(tmp_path: Path, text: str) -> None:
    assert KEY[:8] not in trouble(tmp_path, text)


# Folders


def test_the_other_clients_go_on(tmp_path: Path) -> None:
    write(tmp_path, changed("stock.quantity", "lots"))
    write(tmp_path, SHORTEST, "bolt.yml")
    write(tmp_path, "not a setup", "notes.txt")
    setups = load_master_setups(tmp_path)
    assert set(setups.clients) == {"bolt"}
    assert setups["bolt"].name == "Bolt"
    with pytest.raises(SetupError) as refused:
        setups["acme"]
    assert "acme: no valid master setup (valid ones: bolt)" in str(refused.value)
    assert "acme.yaml: stock.quantity:" in str(refused.value)


def test_an_id_is_taken_once(tmp_path: Path) -> None:
    write(tmp_path, DOCUMENTED, "a.yaml")
    write(tmp_path, DOCUMENTED.replace("Acme Toys", "Acme Kites"), "b.yaml")
    setups = load_master_setups(tmp_path)
    assert setups["acme"].name == "Acme Toys"
    assert setups.errors == ("b.yaml: id: another file has the client 'acme' already",)


def test_a_folder_that_cannot_be_read_is_never_no_clients(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="NPF_CLIENTS"):
        load_master_setups(tmp_path / "missing")
    with pytest.raises(SetupError, match="NPF_CLIENTS"):
        load_master_setups(write(tmp_path, DOCUMENTED) / "acme.yaml")


def test_an_empty_folder_holds_no_clients(tmp_path: Path) -> None:
    assert load_master_setups(tmp_path) == MasterSetups()
    with pytest.raises(SetupError, match=r"valid ones: none"):
        MasterSetups()["acme"]


def test_a_setup_does_not_change(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        one(tmp_path, DOCUMENTED).orders.prefix = "XX"  # type: ignore[misc]


def test_the_change_limit_is_accepted_under_its_earlier_name(tmp_path: Path) -> None:
    text = SHORTEST.replace('quantity: "off"', "quantity: available\n  change_limit: {changed_percent: 7}")
    text = text.replace("change_limit", "brake")
    assert one(tmp_path, text).stock.change_limit.changed_percent == 7


@pytest.mark.parametrize("written", ["22:00", "22-6", "22:00-22:00", "24:00-06:00", "", ["22:00", "06:00"]])
def test_quiet_hours_are_two_times_of_day(tmp_path: Path, written: object) -> None:
    assert trouble(tmp_path, changed("store.quiet_hours", written)) == (
        'acme.yaml: store.quiet_hours: write when they begin and end in local time, like "22:00-06:00"'
    )
    quiet = one(tmp_path, changed("store.quiet_hours", "22:00 - 06:30")).store.quiet_hours
    assert quiet == (time(22), time(6, 30))


def test_an_interval_of_orders_longer_than_the_alert_allows_is_refused(tmp_path: Path) -> None:
    assert "longer than the 2 hours of alerts.no_pull_hours" in trouble(
        tmp_path, changed("orders.every_minutes", "121")
    )

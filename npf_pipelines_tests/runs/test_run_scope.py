"""Tests of npf_pipelines.runs.run_scope."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from npf_pipelines.runs.run_scope import RunScope, client_tag, clients_of, scope_config, scope_tags

DAYS = (date(2026, 11, 23), date(2026, 11, 25))


def config_of(config: Mapping[str, Any]) -> RunScope:
    """As Dagster would give it to the op."""
    (op,) = config["ops"].values()
    return RunScope(**op["config"])


def test_a_run_takes_the_named_clients_on_all_days_from_first_to_last() -> None:
    config = config_of(scope_config("orders", ["bolt", "acme"], DAYS))
    days = [date(2026, 11, day) for day in (23, 24, 25)]
    assert config.days_by_client([]) == {"acme": days, "bolt": days}


def test_where_there_are_no_days_a_run_takes_clients() -> None:
    assert config_of(scope_config("stock", ["acme"], None)).days_by_client([]) == {"acme": []}


def test_a_run_that_names_no_clients_takes_its_partitions() -> None:
    assert RunScope().days_by_client(["acme|2026-11-24", "acme|2026-11-23"]) == {
        "acme": [date(2026, 11, 23), date(2026, 11, 24)]
    }
    assert RunScope().days_by_client(["bolt"]) == {"bolt": []}


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"first_day": "2026-11-25", "last_day": "2026-11-20"}, "2026-11-25, is after the last day, 2026-11-20"),
        ({"first_day": "2026-11-25"}, "the run config has no last_day"),
        ({"last_day": "2026-11-25"}, "the run config has no first_day"),
        ({"first_day": "25.11.2026", "last_day": "2026-11-25"}, "first_day of the run config, '25.11.2026', is no day"),
        ({"first_day": "2026-11-25", "last_day": "2026-11-31"}, "last_day of the run config, '2026-11-31', is no day"),
        ({}, "names clients without days"),
    ],
)
def test_days_that_are_no_range_are_refused_in_one_sentence(config: dict[str, str], said: str) -> None:
    wrong = RunScope.model_validate({"clients": ["acme"]} | config).why_wrong(has_days=True)
    assert said in wrong
    assert "\n" not in wrong


def test_days_are_refused_where_nothing_takes_them() -> None:
    named = RunScope(clients=["acme"], first_day="2026-11-24", last_day="2026-11-25")
    unnamed = RunScope(first_day="2026-11-24", last_day="2026-11-25")
    assert "without clients" in unnamed.why_wrong(has_days=True)
    assert "these assets have none" in named.why_wrong(has_days=False)
    assert named.why_wrong(has_days=True) == ""
    assert RunScope().why_wrong(has_days=True) == ""
    assert RunScope(clients=["acme"]).why_wrong(has_days=False) == ""


def test_options_go_with_it() -> None:
    assert scope_config("stock", ["acme"], None, override_change_limit=True) == {
        "ops": {"stock": {"config": {"clients": ["acme"], "override_change_limit": True}}}
    }


@pytest.mark.parametrize(
    ("tags", "taken"),
    [
        ({"dagster/partition": "bolt|2026-11-24"}, ["bolt"]),
        ({"dagster/partition": "bolt"}, ["bolt"]),
        (
            {
                "dagster/asset_partition_range_start": "bolt|2026-11-23",
                "dagster/asset_partition_range_end": "cord|2026-11-24",
            },
            ["bolt", "cord"],
        ),
        ({"dagster/partition": "gone"}, []),
        ({}, []),
    ],
)
def test_a_run_from_the_ui_names_its_clients_by_its_partitions(tags: dict[str, str], taken: list[str]) -> None:
    assert list(clients_of({}, tags, ["acme", "bolt", "cord", "dove"])) == taken


def test_a_run_that_names_its_clients_takes_just_those() -> None:
    config = scope_config("orders", ["dove", "acme"], DAYS)
    assert clients_of(config, {}, ["acme", "bolt", "dove"]) == ["acme", "dove"]


def test_the_list_of_runs_shows_a_few_clients_and_the_days() -> None:
    assert scope_tags("orders", ["bolt", "acme"], None)["npf/clients"] == "acme, bolt"
    many = scope_tags("orders", [f"client{number}" for number in range(9)], DAYS)
    assert many["npf/clients"] == "client0, client1, client2 and 6 more"
    assert many["npf/days"] == "2026-11-23 to 2026-11-25"
    assert scope_tags("orders", ["acme"], (DAYS[0], DAYS[0]))["npf/days"] == "2026-11-23"


def test_a_run_of_few_clients_has_a_tag_for_each_and_one_of_many_is_found_by_its_days() -> None:
    few = [f"client-{number}" for number in range(50)]
    tags = scope_tags("orders", few, DAYS)
    assert all(tags[client_tag(client)] == "yes" for client in few)
    many = scope_tags("orders", [*few, "one-more"], DAYS)
    assert not any(key.startswith(client_tag("")) for key in many)
    assert many["npf/days"] == "2026-11-23 to 2026-11-25"

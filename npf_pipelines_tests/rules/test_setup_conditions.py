"""Tests of npf_pipelines.rules.setup_conditions."""

from datetime import UTC, datetime, timedelta

from npf_pipelines.domain.alert import AlertKind
from npf_pipelines.rules.setup_conditions import (
    clock_conditions,
    missing_setup_conditions,
    pause_condition,
    setup_conditions,
    start_conditions,
)


def test_a_registered_client_needs_a_file_or_a_wrong_one_of_its_name() -> None:
    errors = ["bolt.yaml: is not YAML"]
    (reported,) = missing_setup_conditions(["acme", "bolt", "cord"], {"cord": 1}, errors)
    assert (reported.client, reported.kind) == ("acme", AlertKind.SETUP)


def test_clocks_that_are_ahead_are_one_condition() -> None:
    assert list(clock_conditions([])) == []
    (reported,) = clock_conditions([f"orders of c{number}" for number in range(5)])
    assert "orders of c0, orders of c1, orders of c2 and 2 more" in reported.text


def test_a_wrong_setup_is_one_condition_however_many_errors_it_has() -> None:
    (reported,) = setup_conditions(["acme.yaml: store.url: use https\nacme.yaml: name: is missing"])
    assert reported.thing == "acme.yaml"
    assert "store.url: use https" in reported.text


def test_a_pause_of_every_client_says_who_why_and_how_it_ends() -> None:
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    condition = pause_condition("since 2026-11-20 12:00 UTC by ana: a bad day", noon, "npf client resume --all")
    assert (condition.kind, condition.since, condition.patience) == (AlertKind.PAUSED, noon, timedelta())
    assert condition.text.startswith("every client is paused since 2026-11-20 12:00 UTC by ana: a bad day;")
    assert "npf client resume --all" in condition.what_to_do


def test_runs_that_fail_before_they_begin_are_one_condition_from_the_third_on() -> None:
    assert list(start_conditions(["5a96f1c2-run", "older"])) == []
    (reported,) = start_conditions(["5a96f1c2-run", "older", "oldest"])
    assert reported.text == "3 runs of the last 15 minutes failed before they began, last 5a96f1c2"

"""Tests of npf_pipelines.rules.alert_words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from npf_pipelines.domain.alert import Alert
from npf_pipelines.rules.alert_words import MOST_TOLD, message

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ONE = Alert("failing|acme|stock", "acme", "failing", "runs of stock fail: 401", "Change the key.", NOON, NOON)


def link(client: str) -> str:
    return f"https://reports.example/{client or 'index'}.html"


def test_a_begin_says_who_what_since_when_what_to_do_and_where() -> None:
    assert message([ONE], [], link) == (
        "acme: runs of stock fail: 401 (since 2026-11-20 12:00 UTC). Change the key. https://reports.example/acme.html"
    )


def test_an_end_says_that_it_is_over() -> None:
    over = replace(ONE, over_at=NOON + timedelta(hours=1))
    assert message([], [over], link) == (
        "Over: acme: runs of stock fail: 401 (since 2026-11-20 12:00 until 2026-11-20 13:00 UTC)"
    )


def test_two_hundred_at_once_are_counted_and_every_client_is_named() -> None:
    many = [replace(ONE, key=str(number), client=f"c{number % 7}") for number in range(200)]
    said = message(many, many[:5], link)
    assert len(said.splitlines()) == MOST_TOLD + 1
    assert said.splitlines()[-1].startswith(f"And {205 - MOST_TOLD} more: ")
    assert all(f"c{number} " in said.splitlines()[-1] for number in range(7))
    assert len(said) < 4000


def test_a_reason_of_many_lines_is_one_short_line() -> None:
    said = message([replace(ONE, text="first\nsecond " + "x" * 10_000)], [], link)
    assert "first second" in said
    assert len(said) < 500

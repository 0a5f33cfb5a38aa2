"""Tests of npf_pipelines.runs.partitions."""

import zoneinfo
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import dagster as dg
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.config.setup_files import MasterSetups
from npf_pipelines.runs.cell import Cell
from npf_pipelines.runs.partitions import client_days, consecutive, day_key, days_by_client

ZONES = sorted(zone for zone in zoneinfo.available_timezones() if "/" in zone)

MINUTE = timedelta(minutes=1)

names = st.text("abz09_-", min_size=1, max_size=4)
days = st.dates(date(2020, 1, 1), date(2030, 12, 31))


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as running:
        yield running


def setups(*zones: str, start: date = date(2026, 1, 1)) -> MasterSetups:
    """A client in each zone, the first one's orders from `start` on, each next one's a day later."""
    clients = {}
    for number, zone in enumerate(zones):
        clients[f"client{number}"] = MasterSetup.model_validate(
            {
                "id": f"client{number}",
                "name": zone,
                "store": {
                    "url": "https://shop.example",
                    "api_user": "api@shop.example",
                    "api_key_env": "KEY",
                    "user_id": 1,
                    "time_zone": zone,
                },
                "orders": {"start_date": start + timedelta(days=number), "statuses": ["P"]},
                "stock": {"quantity": "off"},
            }
        )
    return MasterSetups(clients)


def days_at(moment: datetime, of: MasterSetups) -> list[str]:
    """The days that there are at a moment."""
    day = next(one for one in client_days(of).partitions_defs if one.name == "day")
    with dg.partition_loading_context(moment):
        return list(day.partitions_def.get_partition_keys())


# Days


@given(
    zones=st.lists(st.sampled_from(ZONES), min_size=1, max_size=4),
    moment=st.integers(0, 700 * 24 * 60).map(lambda minutes: datetime(2026, 2, 1, tzinfo=UTC) + minutes * MINUTE),
)
@example(zones=["Australia/Adelaide", "Australia/Brisbane"], moment=datetime(2026, 7, 1, 14, 15, tzinfo=UTC))
@example(zones=["Australia/Sydney", "Pacific/Noumea"], moment=datetime(2026, 7, 1, 13, 30, tzinfo=UTC))
@example(zones=["Pacific/Auckland", "Australia/Perth"], moment=datetime(2026, 12, 1, 11, 0, tzinfo=UTC))
def test_today_exists_for_every_client_at_every_moment(zones: list[str], moment: datetime) -> None:
    there = days_at(moment, setups(*zones))
    todays = {moment.astimezone(zoneinfo.ZoneInfo(zone)).date() for zone in zones}
    assert {today.isoformat() for today in todays} <= set(there)
    # And no day that is still more than two hours away for all of them.
    soon = {(moment + timedelta(hours=2)).astimezone(zoneinfo.ZoneInfo(zone)).date() for zone in zones}
    assert date.fromisoformat(there[-1]) <= max(soon)


def test_days_begin_with_the_earliest_order_start_date() -> None:
    there = days_at(datetime(2026, 3, 1, tzinfo=UTC), setups("UTC", "UTC", start=date(2026, 2, 10)))
    assert there[0] == "2026-02-10"
    assert len(there) == len(set(there)) == 20


def test_without_clients_there_are_days_all_the_same() -> None:
    assert days_at(datetime(2026, 3, 1, tzinfo=UTC), MasterSetups())[-1] == "2026-03-01"


def test_a_partition_key_holds_client_and_day() -> None:
    key = day_key("acme", date(2026, 11, 20))
    assert key == "acme|2026-11-20"
    assert days_by_client([key]) == {"acme": [date(2026, 11, 20)]}


@given(st.sets(st.tuples(names, days)))
def test_a_runs_keys_fall_into_the_days_of_each_client(wanted: set[tuple[str, date]]) -> None:
    by_client = days_by_client(day_key(client, day) for client, day in wanted)
    assert {(client, day) for client, its_days in by_client.items() for day in its_days} == wanted
    assert sum(map(len, by_client.values())) == len(wanted)
    assert list(by_client) == sorted(by_client)
    assert all(its_days == sorted(its_days) for its_days in by_client.values())


@given(st.lists(st.integers(0, 40), unique=True).map(sorted))
def test_stretches_lose_no_day_and_add_none(numbers: list[int]) -> None:
    wanted = [date(2026, 2, 20) + timedelta(days=number) for number in numbers]
    stretches = consecutive(wanted)
    covered = [first + timedelta(days=number) for first, last in stretches for number in range((last - first).days + 1)]
    assert covered == wanted
    # As few as can be: between two stretches at least one day is missing.
    assert all(start - last > timedelta(days=1) for (_, last), (start, _) in pairwise(stretches))


# Clients


def test_new_clients_are_registered_once(instance: dg.DagsterInstance) -> None:
    assert Cell().register(instance, ["bolt", "acme", "bolt"]) == ["acme", "bolt"]
    assert Cell().register(instance, ["acme", "cord"]) == ["cord"]
    assert Cell().register(instance, ["acme", "bolt", "cord"]) == []
    assert instance.get_dynamic_partitions("clients") == ["acme", "bolt", "cord"]


def test_a_client_whose_setup_is_gone_stays_registered(instance: dg.DagsterInstance) -> None:
    Cell().register(instance, ["acme", "bolt"])
    assert Cell().register(instance, ["bolt"]) == []
    assert Cell().register(instance, []) == []
    assert instance.get_dynamic_partitions("clients") == ["acme", "bolt"]

"""A few hours of a few clients; `make day` is the long form."""

from datetime import timedelta
from pathlib import Path

import pytest

from npf_pipelines_tests.day.day import live_day
from npf_pipelines_tests.day.plan import PLAN


@pytest.mark.long
def test_after_some_hours_of_events_troubles_and_kills_every_store_is_what_it_should_be(tmp_path: Path) -> None:
    day = live_day(tmp_path, clients=3, length=timedelta(hours=2), seed=1)
    assert day.wrongs == []
    assert day.orders
    assert day.parcels
    assert day.kills
    assert day.troubles
    assert day.split_ticks
    assert sorted(day.events) == sorted(happen.__name__ for _, _, happen in PLAN)

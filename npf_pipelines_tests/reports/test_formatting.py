"""Tests of the wording of figures."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from npf_pipelines.reports.formatting import as_of, duration, moment


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, "none"), (0, "0 s"), (0.9, "0.9 s"), (59, "59 s"), (60, "1 min"), (750, "12 min"), (12600, "3.5 h")],
)
def test_a_duration_has_the_greatest_unit_that_fits(seconds: float | None, said: str) -> None:
    assert duration(seconds) == said


def test_a_moment_is_shown_in_the_clients_zone() -> None:
    assert moment(datetime(2026, 11, 3, 15, 10, tzinfo=UTC), ZoneInfo("Australia/Sydney")) == "4 Nov 02:10 AEDT"
    assert as_of(datetime(2026, 11, 3, 15, 10, tzinfo=UTC), ZoneInfo("Australia/Sydney")) == "4 Nov 2026 02:10 AEDT"
    assert moment(None, ZoneInfo("UTC")) == "never"

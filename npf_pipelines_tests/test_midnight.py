"""The wait before midnight: in UTC and in Sydney, and at no other time."""

from datetime import UTC, datetime, timedelta

import pytest

from npf_pipelines_tests.midnight import seconds_to_wait


@pytest.mark.parametrize(
    "midnight",
    [
        datetime(2026, 7, 1, tzinfo=UTC),
        datetime(2026, 7, 1, 14, tzinfo=UTC),  # Sydney's in winter.
        datetime(2027, 1, 1, 13, tzinfo=UTC),  # Sydney's in summer.
    ],
)
def test_a_test_waits_until_a_midnight_is_over(midnight: datetime) -> None:
    assert seconds_to_wait(midnight - timedelta(minutes=3)) == 0
    assert seconds_to_wait(midnight - timedelta(seconds=90)) == 210
    assert seconds_to_wait(midnight) == 120
    assert seconds_to_wait(midnight + timedelta(minutes=2)) == 0

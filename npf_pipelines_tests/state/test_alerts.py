"""Tests of npf_pipelines.state.alerts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from npf_pipelines.domain.alert import Alert
from npf_pipelines.state.alerts import forget_alerts, keep_alerts, read_alerts

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ONE = Alert("failing|acme|stock", "acme", "failing", "it fails", "Look.", NOON, NOON)


def test_they_are_kept_and_read_as_they_were(engine: sa.Engine) -> None:
    keep_alerts(engine, [ONE])
    keep_alerts(engine, [])
    assert read_alerts(engine) == {ONE.key: ONE}
    reported = replace(ONE, told_at=NOON, over_at=NOON, over_told_at=NOON)
    keep_alerts(engine, [reported, replace(ONE, key="another")])
    assert read_alerts(engine)[ONE.key] == reported
    keep_alerts(engine, [], ["another"])
    assert list(read_alerts(engine)) == [ONE.key]


def test_only_those_whose_end_was_reported_long_ago_are_forgotten(engine: sa.Engine) -> None:
    keep_alerts(
        engine, [ONE, replace(ONE, key="new", over_told_at=NOON), replace(ONE, key="old", over_told_at=NOON - DAY)]
    )
    assert forget_alerts(engine, NOON) == 1
    assert set(read_alerts(engine)) == {ONE.key, "new"}


DAY = timedelta(days=1)

"""The nightly compaction over a world whose clients also have days of months ago."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from npf_pipelines.automation import retention
from npf_pipelines.automation.compaction import READERS_DONE
from npf_pipelines.lake.months import month_of
from npf_pipelines.lake.tables import RAW_ORDERS, TABLES
from npf_pipelines.state.lease import held_lease
from npf_pipelines_tests.automation.test_retention import Later
from npf_pipelines_tests.automation.test_retention import night as retention_night
from npf_pipelines_tests.leases import no_patience
from npf_pipelines_tests.loop import Loop

OLD = month_of(datetime.now(UTC).date() - timedelta(days=75))
DAYS = (OLD, OLD + timedelta(days=1))
BY_DAY = [table for table in TABLES.values() if table.by_day]


@pytest.fixture
def old(fresh: Loop) -> Loop:
    """The world; each client also has the rows of its last whole day on two days of months ago."""
    lake = fresh.services.lake
    for client in ("acme", "bolt"):
        for table in BY_DAY:
            rows = lake.read(table, client=client, day=lake.days(table, client=client)[-2])
            for day in DAYS:
                lake.write(table, rows, client=client, day=day)
    return fresh


def night(loop: Loop, *, succeeds: bool = True) -> tuple[Any, ...]:
    """A night; the days that it moved, and the files that it deleted."""
    result = loop.defs.resolve_job_def("compaction_job").execute_in_process(
        instance=loop.instance, raise_on_error=False
    )
    assert result.success == succeeds
    if not succeeds:
        (failure,) = [event for event in result.all_events if event.is_step_failure]
        return (str(failure.step_failure_data.error),)
    (output,) = [event for event in result.all_events if event.is_successful_output]
    metadata = output.step_output_data.metadata
    return metadata["days_moved"].value, metadata["files_deleted"].value


def tables(loop: Loop) -> dict[str, list[Any]]:
    return {table.name: loop.rows(f"FROM {table.name} ORDER BY ALL") for table in BY_DAY}


def months(loop: Loop, client: str = "*", table: str = "*") -> list[Path]:
    return sorted(Path(loop.settings.lake).glob(f"{table}/client={client}/month={OLD:%Y-%m}/*"))


def age(loop: Loop) -> None:
    """Let the months' files be as old as they are the next night."""
    then = (datetime.now(UTC) - READERS_DONE - timedelta(hours=12)).timestamp()
    for path in months(loop):
        os.utime(path, (then, then))


def test_settled_days_are_moved_in_one_night_and_their_files_deleted_in_the_next(old: Loop) -> None:
    before = tables(old)
    files = 2 * 2 * len(BY_DAY)
    assert night(old) == (files, 0)
    assert night(old) == (0, 0)
    age(old)
    assert night(old) == (0, files)
    assert night(old) == (0, 0)
    assert len(months(old)) == 2 * len(BY_DAY)
    assert tables(old) == before


def test_a_client_at_work_and_a_month_that_cannot_be_read_cost_themselves(old: Loop) -> None:
    night(old)
    (broken,) = months(old, "bolt", "tracking_push")
    broken.write_bytes(b"PAR1")
    age(old)

    async def beside() -> None:
        async with held_lease(old.services.state, "acme", "orders"):
            (reason,) = await asyncio.to_thread(night, old, succeeds=False)
            assert f"tracking_push of bolt for {OLD:%Y-%m}: the file {broken} is broken" in reason

    with no_patience():
        asyncio.run(beside())
    left = {path.parts[-4:-2] for path in Path(old.settings.lake).glob(f"*/*/day={OLD:%Y-%m}-*/part.parquet")}
    of_acme = {(name, "client=acme") for name in ("raw_orders", "filtered_orders", "platform_orders")}
    assert left == of_acme | {("tracking_push", "client=bolt")}


def test_no_replaced_file_keeps_personal_data_that_is_due(old: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    night(old)
    age(old)
    night(old)
    monkeypatch.setattr(retention, "datetime", Later)
    retention_night(old)
    (path,) = months(old, "acme", RAW_ORDERS.name)
    content = parquet.read_table(path, columns=["email"], partitioning=None)
    assert content["email"].null_count == len(content) > 0
    assert not list(Path(old.settings.lake).glob(f"raw_orders/*/day={OLD:%Y-%m}-*"))

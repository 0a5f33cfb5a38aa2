"""Runs leave unchanged partitions alone: no write, no event. Failed partitions and manual runs do get an event."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from npf_pipelines.lake.tables import FILTERED_ORDERS, PLATFORM_ORDERS, RAW_ORDERS, STORE_FACTS, TABLES
from npf_pipelines.runs.partitions import LOOK_BACK
from npf_pipelines_tests.loop import Loop, copied_loop
from npf_pipelines_tests.shared_worlds import SharedWorlds, run_through

ORDERS = {RAW_ORDERS.name, FILTERED_ORDERS.name, PLATFORM_ORDERS.name}
FAMILIES = ("orders", "shipments", "stock")


@pytest.fixture
def settled(worlds: SharedWorlds, tmp_path: Path) -> Iterator[Loop]:
    """A world that has been through the loop until nothing changed any more."""
    with copied_loop(worlds.of(_settle), tmp_path) as world:
        yield world


def _settle(loop: Loop) -> None:
    run_through(loop)
    for _ in range(2):
        for family in FAMILIES:
            assert [one.failure for one in loop.run(family)] == [""]


def files(loop: Loop) -> dict[str, tuple[int, int]]:
    """All files of the lake, but for the facts about the stores, which have the time of the last pull."""
    root = Path(loop.settings.lake)
    return {
        str(path.relative_to(root)): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in root.rglob("part.parquet")
        if STORE_FACTS.name not in path.parts
    }


def made(loop: Loop) -> Counter[tuple[str, str]]:
    """How many materializations each partition has."""
    events: Counter[tuple[str, str]] = Counter()
    for name in TABLES:
        for record in loop.instance.fetch_materializations(dg.AssetKey(name), limit=10_000).records:
            assert record.asset_materialization
            events[name, str(record.asset_materialization.partition)] += 1
    return events


@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_new_is_neither_written_nor_reported(settled: Loop, family: str) -> None:
    written, reported = files(settled), made(settled)
    assert [one.failure for one in settled.run(family)] == [""]
    assert files(settled).items() ^ written.items() == set()
    assert made(settled) - reported == Counter()
    assert settled.disagreements() == []


def test_a_changed_day_is_reported_in_all_of_its_tables_and_no_other_day(settled: Loop) -> None:
    before = made(settled)
    ((order_id, day), *_) = settled.rows("SELECT order_id, day FROM raw_orders WHERE client = 'acme' AND status = 'F'")
    settled.stores["acme"].orders[int(order_id)].notes = "Leave it at the back door"
    settled.run("orders")
    assert made(settled) - before == Counter({(name, f"acme|{day}"): 1 for name in ORDERS})


def test_the_day_that_a_night_goes_back_to_last_is_reported_once_more(settled: Loop) -> None:
    _, last = settled.days
    span = (last - LOOK_BACK, last)
    settled.run("orders", "acme", days=span)
    before = made(settled)
    written = files(settled)
    settled.run("orders", "acme", days=span)
    assert made(settled) - before == Counter({(name, f"acme|{span[0]}"): 1 for name in ORDERS})
    assert files(settled) == written


def test_what_is_red_turns_green_though_its_rows_are_as_they_were(settled: Loop) -> None:
    before = made(settled)
    day = settled.days[0]
    settled.stores["acme"].switched_off = True
    assert settled.run("orders", "acme", days=(day, day))[0].failure
    settled.stores["acme"].switched_off = False
    assert made(settled) == before
    settled.run("orders")
    assert made(settled) - before == Counter({(name, f"acme|{day}"): 1 for name in ORDERS})


def test_what_was_wiped_is_reported_again(settled: Loop) -> None:
    settled.instance.wipe_assets([dg.AssetKey(PLATFORM_ORDERS.name)])
    before = made(settled)
    settled.run("orders")
    first, last = settled.days
    assert sum((made(settled) - before).values()) == len(settled.stores) * ((last - first).days + 1)


def test_a_run_launched_over_partitions_reports_them_all(settled: Loop) -> None:
    before = made(settled)
    key = f"acme|{settled.days[0]}"
    job = settled.defs.resolve_job_def("orders_job")
    assert job.execute_in_process(instance=settled.instance, partition_key=key).success
    assert made(settled) - before == Counter({(name, key): 1 for name in ORDERS})

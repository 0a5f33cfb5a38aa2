"""Tests of npf_pipelines.state.unknown_ends."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from npf_pipelines.platform.tables import leases
from npf_pipelines.state import unknown_ends as module
from npf_pipelines.state.lease import Lease, LeaseLost
from npf_pipelines.state.unknown_ends import AFTER_UNKNOWN_END, NotedWrites, read_unknown_ends
from npf_pipelines_tests.leases import expire_leases


@pytest.fixture
def lease(engine: sa.Engine) -> Lease:
    """The client's, held."""
    held = Lease(engine, "acme", "shipments")
    held.take()
    return held


async def test_a_write_is_noted_before_it_is_sent_until_its_end_is_known(engine: sa.Engine, lease: Lease) -> None:
    writes = NotedWrites(lease)
    before = datetime.now(UTC)
    await writes.begin("CS1", "create S1")
    await writes.begin("CS2", "create S2")
    # Here a killed run ends.
    left = read_unknown_ends(engine, "acme")
    assert {number: end.write for number, end in left.items()} == {"CS1": "create S1", "CS2": "create S2"}
    assert before + AFTER_UNKNOWN_END <= left["CS1"].until <= datetime.now(UTC) + AFTER_UNKNOWN_END
    assert f"create S1), whose end is not known: the order is left alone until {left['CS1'].until:%H:%M:%S} UTC" in (
        left["CS1"].reason
    )
    assert read_unknown_ends(engine, "bolt") == {}
    writes.end("CS1")
    await writes.finish()
    assert read_unknown_ends(engine, "acme").keys() == {"CS2"}


async def test_a_write_without_a_known_end_has_its_time_from_its_last_sign(
    engine: sa.Engine, lease: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = NotedWrites(lease)
    monkeypatch.setattr(module, "AFTER_UNKNOWN_END", timedelta(seconds=30))
    await writes.begin("CS1", "create S1")
    monkeypatch.undo()
    await writes.leave("CS1", "create S1")
    await writes.finish()
    assert read_unknown_ends(engine, "acme")["CS1"].until > datetime.now(UTC) + timedelta(minutes=4)


async def test_what_is_over_is_neither_read_nor_kept(engine: sa.Engine, lease: Lease) -> None:
    writes = NotedWrites(lease)
    await writes.begin("CS1", "create S1")
    expire_leases(engine)
    assert read_unknown_ends(engine, "acme") == {}
    await writes.begin("CS2", "create S2")
    assert rows(engine) == ["CS2"]


@pytest.mark.parametrize("minutes", [-10, 10])
async def test_a_clock_that_is_wrong_changes_nothing(engine: sa.Engine, lease: Lease, minutes: int) -> None:
    await NotedWrites(lease).begin("CS1", "create S1")
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=minutes)):
        assert read_unknown_ends(engine, "acme").keys() == {"CS1"}
        await NotedWrites(lease).begin("CS2", "create S2")
    assert read_unknown_ends(engine, "acme").keys() == {"CS1", "CS2"}


@pytest.mark.parametrize("change", [sa.delete(leases), sa.update(leases).values(holder="another")])
async def test_no_write_begins_under_a_lease_that_is_gone(
    engine: sa.Engine, lease: Lease, change: sa.Executable
) -> None:
    with engine.begin() as connection:
        connection.execute(change)
    lease.check()  # The cheap check can't know it yet.
    with pytest.raises(LeaseLost, match="taken over"):
        await NotedWrites(lease).begin("CS1", "create S1")
    assert rows(engine) == []
    with pytest.raises(LeaseLost):
        lease.check()


async def test_each_of_several_at_once_is_refused_under_a_lease_that_is_gone(engine: sa.Engine, lease: Lease) -> None:
    lease.give_back()
    writes = NotedWrites(lease)
    ends = await asyncio.gather(*(writes.begin(f"CS{n}", f"create S{n}") for n in range(5)), return_exceptions=True)
    assert [type(end) for end in ends] == [LeaseLost] * 5
    assert rows(engine) == []


async def test_what_begins_at_once_is_noted_at_once(engine: sa.Engine, lease: Lease) -> None:
    commits = 0

    def count(_: object) -> None:
        nonlocal commits
        commits += 1

    writes = NotedWrites(lease)
    await writes.begin("CS0", "create S0")
    writes.end("CS0")
    sa.event.listen(engine, "commit", count)
    numbers = [f"CS{number}" for number in range(1, 51)]
    await asyncio.gather(*(writes.begin(number, "create") for number in numbers))
    assert rows(engine) == sorted(numbers)
    # The first goes by itself; the others have come meanwhile.
    assert commits <= 2
    for number in numbers:
        writes.end(number)
    await writes.finish()
    await writes.finish()
    assert rows(engine) == []
    assert commits <= 3


def rows(engine: sa.Engine) -> list[str]:
    """The order numbers of all rows."""
    with engine.connect() as connection:
        return list(connection.exec_driver_sql("SELECT order_number FROM unknown_ends ORDER BY order_number").scalars())

"""Tests of npf_pipelines.state.lease."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Event

import anyio
import anyio.lowlevel
import pytest
import sqlalchemy as sa
import time_machine

from npf_pipelines.platform.database import open_platform
from npf_pipelines.state import database_clock as clock
from npf_pipelines.state import lease as module
from npf_pipelines.state.database import open_state
from npf_pipelines.state.lease import (
    Lease,
    LeaseLost,
    LeaseTaken,
    held_lease,
    held_leases,
    held_now,
    holder_of,
    leased,
)
from npf_pipelines.state.tables import leases
from npf_pipelines_tests.leases import expire_leases


def expiry(engine: sa.Engine, client: str = "acme") -> datetime | None:
    """Until when the client's lease for stock holds; None if nobody has one."""
    with engine.connect() as connection:
        return connection.scalar(
            sa.select(leases.c.expires_at).where(leases.c.client == client, leases.c.flow == "stock")
        )


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(10):
        while not condition():  # noqa: ASYNC110 - the condition is in a database
            await anyio.sleep(0.001)


def test_a_lease_that_is_taken_holds(engine: sa.Engine) -> None:
    before = datetime.now(UTC)
    lease = Lease(engine, "acme", "stock")
    lease.take()
    lease.check()
    expires = expiry(engine)
    assert expires is not None
    assert before + module.LIFETIME <= expires <= datetime.now(UTC) + module.LIFETIME


def test_nothing_is_held_before_it_is_taken(engine: sa.Engine) -> None:
    with pytest.raises(LeaseLost):
        Lease(engine, "acme", "stock").check()


def test_a_second_holder_is_refused(engine: sa.Engine) -> None:
    Lease(engine, "acme", "stock").take()
    second = Lease(engine, "acme", "stock")
    with pytest.raises(LeaseTaken, match=r"^acme: another run .*stock"):
        second.take()
    with pytest.raises(LeaseLost):
        second.check()


def test_other_clients_and_flows_are_free(engine: sa.Engine) -> None:
    held = [Lease(engine, *of) for of in (("acme", "stock"), ("bolt", "stock"), ("acme", "shipments"))]
    for lease in held:
        lease.take()
    for lease in held:
        lease.check()


def test_who_holds_a_lease_just_now_is_known(engine: sa.Engine) -> None:
    Lease(engine, "acme", "orders").take()
    assert held_now(engine, "orders") == {"acme"}
    assert held_now(engine, "stock") == set()
    expire_leases(engine)
    assert held_now(engine, "orders") == set()


def test_a_lease_given_back_is_free(engine: sa.Engine) -> None:
    first, second = Lease(engine, "acme", "stock"), Lease(engine, "acme", "stock")
    first.take()
    first.give_back()
    second.take()
    second.check()


def test_an_expired_lease_is_taken_over(engine: sa.Engine) -> None:
    dead, living = Lease(engine, "acme", "stock"), Lease(engine, "acme", "stock")
    dead.take()
    expire_leases(engine)
    before = expiry(engine)
    living.take()
    living.check()
    assert expiry(engine) not in {None, before}


def test_who_was_taken_over_can_neither_renew_nor_give_back(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIFETIME", timedelta(seconds=-1))
    sleeper = Lease(engine, "acme", "stock")
    sleeper.take()
    monkeypatch.undo()
    Lease(engine, "acme", "stock").take()
    until_when = expiry(engine)
    with pytest.raises(LeaseLost, match=r"^acme: the lease for stock was taken over"):
        sleeper.renew()
    with pytest.raises(LeaseLost):
        sleeper.check()
    sleeper.give_back()
    assert expiry(engine) == until_when


def test_a_lease_past_its_lifetime_is_lost_until_it_is_renewed(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LIFETIME", timedelta(seconds=-1))
    lease = Lease(engine, "acme", "stock")
    lease.take()
    with pytest.raises(LeaseLost):
        lease.check()
    monkeypatch.undo()
    lease.renew()
    lease.check()


@pytest.mark.parametrize("expired", [False, True])
def test_of_several_that_take_at_once_one_gets_it(url: str, expired: bool) -> None:
    engine = open_state(url)
    if expired:
        Lease(engine, "acme", "stock").take()
        expire_leases(engine)
    at_once = Barrier(4, timeout=10)

    def take() -> bool:
        own = sa.create_engine(url)
        at_once.wait()
        try:
            Lease(own, "acme", "stock").take()
        except LeaseTaken:
            return False
        finally:
            own.dispose()
        return True

    with ThreadPoolExecutor(4) as threads:
        assert sum(thread.result() for thread in [threads.submit(take) for _ in range(4)]) == 1
    engine.dispose()


async def test_a_lease_is_held_for_the_length_of_a_block(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", timedelta())
    async with held_lease(engine, "acme", "stock") as lease:
        lease.check()
        with pytest.raises(LeaseTaken):
            async with held_lease(engine, "acme", "stock"):
                pytest.fail("two runs write to one store")
        assert expiry(engine) is not None
    assert expiry(engine) is None


async def test_a_lease_that_is_soon_given_back_is_waited_for(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Lease(engine, "acme", "stock")
    other.take()
    held_by_other = holder_of(engine, "acme", "stock")
    free = asyncio.get_running_loop().call_later(0.1, other.give_back)
    async with held_lease(engine, "acme", "stock") as lease:
        lease.check()
        assert holder_of(engine, "acme", "stock") not in {None, held_by_other}
        monkeypatch.setattr(module, "PATIENCE", timedelta(milliseconds=1))
        with pytest.raises(LeaseTaken):
            async with held_lease(engine, "acme", "stock"):
                pytest.fail("two runs write to one store")
    assert free.when() <= asyncio.get_running_loop().time()
    assert holder_of(engine, "acme", "stock") is None


async def test_it_is_given_back_when_the_block_raises(engine: sa.Engine) -> None:
    with pytest.raises(ZeroDivisionError):
        async with held_lease(engine, "acme", "stock"):
            raise ZeroDivisionError
    assert expiry(engine) is None


async def test_it_is_given_back_when_the_block_is_cancelled(engine: sa.Engine) -> None:
    inside = asyncio.Event()

    async def hold() -> None:
        async with held_lease(engine, "acme", "stock"):
            inside.set()
            await asyncio.Event().wait()

    holder = asyncio.create_task(hold())
    await inside.wait()
    holder.cancel()
    with pytest.raises(asyncio.CancelledError):
        await holder
    assert expiry(engine) is None


async def test_it_is_renewed_while_the_block_lasts(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIFETIME", timedelta(milliseconds=30))
    async with held_lease(engine, "acme", "stock") as lease:
        first = expiry(engine)
        assert first is not None
        await anyio.lowlevel.checkpoint()  # the renewal begins to wait
        monkeypatch.undo()
        await until(lambda: (expiry(engine) or first) > first + timedelta(seconds=1))
        lease.check()


async def test_several_are_held_and_renewed_together_or_none(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LIFETIME", timedelta(milliseconds=30))
    with held_leases(engine, "acme", ["orders", "stock"]):
        monkeypatch.undo()
        await until(lambda: all(held_now(engine, flow) == {"acme"} for flow in ("orders", "stock")))
        with pytest.raises(LeaseTaken), held_leases(engine, "acme", ["shipments", "stock"]):
            pytest.fail("one of them is held")
        assert held_now(engine, "shipments") == set()
    assert [leased(engine, flow) for flow in ("orders", "stock")] == [(set(), set())] * 2


async def test_a_database_that_stays_away_for_a_while_costs_nothing(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = Event()
    sa.event.listen(engine, "handle_error", lambda _: failed.set())
    monkeypatch.setattr(module, "LIFETIME", timedelta(milliseconds=30))
    async with held_lease(engine, "acme", "stock"):
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE leases RENAME TO away")
        await until(failed.is_set)
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE away RENAME TO leases")
        before = expiry(engine)
        await until(lambda: expiry(engine) != before)


@pytest.mark.parametrize("minutes", [-10, 10])
def test_two_machines_whose_clocks_differ_never_both_hold_it(engine: sa.Engine, minutes: int) -> None:
    """In SQLite: one machine whose clock is set while a lease is held."""
    first, second = Lease(engine, "acme", "stock"), Lease(engine, "acme", "stock")
    first.take()
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=minutes)):
        assert held_now(engine, "stock") == {"acme"}
        with pytest.raises(LeaseTaken):
            second.take()
        first.renew()
    assert held_now(engine, "stock") == {"acme"}
    with pytest.raises(LeaseTaken):
        second.take()
    first.check()


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_lease_from_a_machine_whose_clock_is_wrong_ends_when_it_should(engine: sa.Engine, minutes: int) -> None:
    dead, living = Lease(engine, "acme", "stock"), Lease(engine, "acme", "stock")
    with pytest.MonkeyPatch.context() as short, time_machine.travel(datetime.now(UTC) + timedelta(minutes=minutes)):
        short.setattr(module, "LIFETIME", timedelta(milliseconds=1))
        dead.take()
    time.sleep(0.01)
    assert held_now(engine, "stock") == set()
    living.take()
    with pytest.raises(LeaseLost):
        dead.check()
    with pytest.raises(LeaseLost):
        dead.renew()


@pytest.mark.parametrize("is_over", [False, True])
def test_after_a_restart_of_the_machine_the_wall_clock_decides(tmp_path: Path, is_over: bool) -> None:
    engine = open_state(f"sqlite:///{tmp_path / 'state.sqlite'}")
    Lease(engine, "acme", "stock").take()
    with engine.begin() as connection:
        values = {"boot": "an earlier one", "boot_until": 0.0 if not is_over else 1e9}
        if is_over:
            values["expires_at"] = datetime.now(UTC) - timedelta(seconds=1)
        connection.execute(sa.update(leases).values(values))
    assert held_now(engine, "stock") == (set() if is_over else {"acme"})
    engine.dispose()


def test_a_lease_of_the_release_before_holds_as_long_as_it_says(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'state.sqlite'}"
    with sqlite3.connect(tmp_path / "platform.sqlite") as old:
        old.execute(
            "CREATE TABLE leases (client TEXT NOT NULL, flow TEXT NOT NULL, holder TEXT NOT NULL,"
            " expires_at DATETIME NOT NULL, PRIMARY KEY (client, flow))"
        )
        for client, seconds in (("acme", 60), ("bolt", -1)):
            until = datetime.now(UTC).replace(tzinfo=None) + timedelta(seconds=seconds)
            old.execute("INSERT INTO leases VALUES (?, 'stock', 'other', ?)", (client, until.isoformat(" ")))
    engine = open_state(url, lambda: open_platform(f"sqlite:///{tmp_path / 'platform.sqlite'}"))
    assert held_now(engine, "stock") == {"acme"}
    Lease(engine, "bolt", "stock").take()
    engine.dispose()


async def test_a_failed_renewal_is_tried_again_soon(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float | None] = []

    class Hasty(Event):
        def wait(self, timeout: float | None = None) -> bool:
            waits.append(timeout)
            return super().wait(0.01)

    monkeypatch.setattr(module, "Event", Hasty)
    async with held_lease(engine, "acme", "stock"):
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE leases RENAME TO away")
        await until(lambda: waits[-1] == 5)
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE away RENAME TO leases")
        await until(lambda: waits[-1] == module.LIFETIME.total_seconds() / 3)


@pytest.mark.parametrize("robbed", [False, True])
async def test_a_renewal_that_finds_no_row_ends_the_lease_at_once(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, robbed: bool
) -> None:
    lost = Event()
    plain = Lease.renew

    def renew(self: Lease) -> None:
        try:
            plain(self)
        except LeaseLost:
            lost.set()
            raise

    monkeypatch.setattr(Lease, "renew", renew)
    monkeypatch.setattr(module, "LIFETIME", timedelta(milliseconds=300))
    async with held_lease(engine, "acme", "stock") as lease:
        monkeypatch.setattr(module, "LIFETIME", timedelta(seconds=120))
        lease.renew()
        lease.check()
        with engine.begin() as connection:
            other = sa.update(leases).values(holder="another") if robbed else sa.delete(leases)
            connection.execute(other)
        await until(lost.is_set)
        with pytest.raises(LeaseLost, match="taken over"):
            lease.check()
        with pytest.raises(LeaseLost):
            await lease.check_store_write()
    assert (expiry(engine) is not None) is robbed


async def test_an_event_loop_that_is_held_up_costs_no_lease(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIFETIME", timedelta(seconds=1))
    async with held_lease(engine, "acme", "stock") as lease:
        time.sleep(2.5)  # noqa: ASYNC251 - that is the point
        lease.check()
        with pytest.raises(LeaseTaken):
            Lease(engine, "acme", "stock").take()


def test_a_machine_that_was_suspended_has_no_lease_until_it_is_renewed(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = Lease(engine, "acme", "stock")
    lease.take()
    now = clock.since_boot()
    # The clock that goes on during a suspend; time.monotonic() wouldn't show it.
    monkeypatch.setattr(module, "since_boot", lambda: now + 121)
    with pytest.raises(LeaseLost, match="ran out"):
        lease.check()
    lease.renew()
    lease.check()


def test_the_clock_that_judges_goes_on_during_a_suspend() -> None:
    if hasattr(time, "CLOCK_BOOTTIME"):
        assert clock.since_boot() == pytest.approx(time.clock_gettime(time.CLOCK_BOOTTIME), abs=1)


@pytest.mark.parametrize("minutes", [-10, 10])
def test_differences_between_shared_seconds_ignore_the_clock_of_the_machine(engine: sa.Engine, minutes: int) -> None:
    before = clock.shared_seconds(engine)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=minutes)):
        assert 0 <= clock.shared_seconds(engine) - before < 5


def test_a_lease_that_ran_out_is_kept_apart_from_one_that_is_held(engine: sa.Engine) -> None:
    Lease(engine, "dead", "run").take()
    expire_leases(engine)
    Lease(engine, "alive", "run").take()
    Lease(engine, "other", "stock").take()
    assert leased(engine, "run") == ({"alive"}, {"dead"})

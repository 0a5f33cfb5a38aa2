"""Tests of npf_pipelines.platform.lease."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier, Event

import anyio
import anyio.lowlevel
import pytest
import sqlalchemy as sa

from npf_pipelines.platform import lease as module
from npf_pipelines.platform.lease import Lease, LeaseLost, LeaseTaken, held_lease, held_now
from npf_pipelines.platform.tables import leases, open_platform
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
    sleeper.renew()
    with pytest.raises(LeaseLost, match=r"^acme: the lease for stock ran out"):
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
    engine = open_platform(url)
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


async def test_a_lease_is_held_for_the_length_of_a_block(engine: sa.Engine) -> None:
    async with held_lease(engine, "acme", "stock") as lease:
        lease.check()
        with pytest.raises(LeaseTaken):
            async with held_lease(engine, "acme", "stock"):
                pytest.fail("two runs write to one store")
        assert expiry(engine) is not None
    assert expiry(engine) is None


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


async def test_it_outlives_a_write_whose_end_is_not_known(engine: sa.Engine) -> None:
    async with held_lease(engine, "acme", "stock") as lease:
        lease.begin_write("S1")
        lease.begin_write("S2")
        lease.end_write("S2")
        before = datetime.now(UTC)
    expires = expiry(engine)
    assert expires is not None
    assert before + module.AFTER_UNKNOWN_END <= expires <= datetime.now(UTC) + module.AFTER_UNKNOWN_END
    with pytest.raises(LeaseTaken, match=rf"may still carry out.* until {expires:%H:%M:%S} UTC"):
        Lease(engine, "acme", "stock").take()
    expire_leases(engine)
    Lease(engine, "acme", "stock").take()


async def test_it_is_given_back_when_every_end_became_known(engine: sa.Engine) -> None:
    async with held_lease(engine, "acme", "stock") as lease:
        lease.begin_write("S1")
        lease.end_write("S1")
    assert expiry(engine) is None


def test_a_holder_that_dies_after_an_unknown_end_leaves_it_as_long(engine: sa.Engine) -> None:
    lease = Lease(engine, "acme", "stock")
    lease.take()
    lease.begin_write("S1")
    before = datetime.now(UTC)
    lease.renew()
    expires = expiry(engine)
    assert expires is not None
    assert expires >= before + module.AFTER_UNKNOWN_END


def test_no_write_begins_under_a_lease_that_ran_out(engine: sa.Engine) -> None:
    with pytest.raises(LeaseLost):
        Lease(engine, "acme", "stock").begin_write("S1")


async def test_it_is_renewed_while_the_block_lasts(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIFETIME", timedelta(milliseconds=30))
    async with held_lease(engine, "acme", "stock") as lease:
        first = expiry(engine)
        assert first is not None
        await anyio.lowlevel.checkpoint()  # the renewal begins to wait
        monkeypatch.undo()
        await until(lambda: (expiry(engine) or first) > first + timedelta(seconds=1))
        lease.check()


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

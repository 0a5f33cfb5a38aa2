"""Tests of npf_pipelines.state.pauses, and of the checks before a write that ask for them."""

import pytest
import sqlalchemy as sa

from npf_pipelines.state.lease import Lease
from npf_pipelines.state.pauses import (
    EVERY_CLIENT,
    Paused,
    check_not_paused,
    pause_clients,
    read_pauses,
    resume_clients,
)
from npf_pipelines.state.rename import rename_state
from npf_pipelines.state.tables import pauses
from npf_pipelines.state.unknown_ends import NotedWrites, read_unknown_ends


@pytest.fixture
def lease(engine: sa.Engine) -> Lease:
    """Acme's, held."""
    held = Lease(engine, "acme", "shipments")
    held.take()
    return held


def test_a_pause_says_since_when_by_whom_and_why(engine: sa.Engine) -> None:
    pause_clients(engine, ["acme"], "ana", "doubled shipments")
    check_not_paused(engine, "bolt")
    held = read_pauses(engine).of("acme")
    assert held is not None
    with pytest.raises(Paused) as paused:
        check_not_paused(engine, "acme")
    assert str(paused.value) == (
        f"acme: paused since {held.paused_at:%Y-%m-%d %H:%M} UTC by ana: doubled shipments; nothing more was written. "
        "To go on: npf client resume acme"
    )
    assert read_pauses(engine).of("bolt") is None


def test_a_second_pause_changes_nothing_of_the_first(engine: sa.Engine) -> None:
    pause_clients(engine, ["acme"], "ana", "first")
    before = read_pauses(engine)
    pause_clients(engine, ["acme", "bolt"], "ben", "second")
    assert read_pauses(engine).of("acme") == before.of("acme")
    bolt = read_pauses(engine).of("bolt")
    assert bolt is not None
    assert bolt.reason == "second"


def test_the_pause_of_every_client_holds_for_any_and_ends_alone(engine: sa.Engine) -> None:
    pause_clients(engine, ["acme"], "ana", "")
    pause_clients(engine, [EVERY_CLIENT], "ben", "a bad day")
    for client in ("acme", "added-later"):
        with pytest.raises(Paused, match=r"as every client is.*a bad day.*npf client resume --all"):
            check_not_paused(engine, client)
    resume_clients(engine, [EVERY_CLIENT])
    check_not_paused(engine, "added-later")
    with pytest.raises(Paused, match="npf client resume acme"):
        check_not_paused(engine, "acme")


async def test_no_write_begins_once_the_client_is_paused(engine: sa.Engine, lease: Lease) -> None:
    writes = NotedWrites(lease)
    lease.check_write()
    await writes.begin("CS1", "create S1")
    pause_clients(engine, ["acme"], "ana", "")
    lease.check()  # It goes on holding: calls in flight still need it.
    with pytest.raises(Paused):
        await lease.check_store_write()
    with pytest.raises(Paused):
        await writes.begin("CS2", "create S2")
    await writes.finish()
    assert read_unknown_ends(engine, "acme").keys() == {"CS1"}


async def test_a_write_of_unknown_end_is_recorded_although_the_client_is_paused(
    engine: sa.Engine, lease: Lease
) -> None:
    writes = NotedWrites(lease)
    await writes.begin("CS1", "create S1")
    writes.end("CS1")
    pause_clients(engine, ["acme"], "ana", "")
    await writes.leave("CS1", "create S1")
    await writes.finish()
    assert read_unknown_ends(engine, "acme").keys() == {"CS1"}


def test_nothing_is_written_where_nobody_knows_of_pauses(engine: sa.Engine, lease: Lease) -> None:
    pauses.drop(engine)
    lease.check()
    with pytest.raises(sa.exc.SQLAlchemyError):
        lease.check_write()


def test_a_renamed_client_stays_paused(engine: sa.Engine) -> None:
    pause_clients(engine, ["acme"], "ana", "")
    rename_state(engine, "acme", "acorn")
    assert read_pauses(engine).by_client.keys() == {"acorn"}

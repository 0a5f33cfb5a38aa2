"""The audit of orders among many clients: each reads its own files, few stores at once, and in slices."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from npf_pipelines.automation import gap_audit
from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines_tests.loop import Loop, opened_loop, write_setup

NAMES = [f"c{number:02}" for number in range(12)]


@pytest.fixture
def many(tmp_path: Path) -> Iterator[Loop]:
    """Clients without a store."""
    with opened_loop(tmp_path, {}) as loop:
        for name in NAMES:
            write_setup(loop.settings.clients, name, loop.url)
        yield loop


def audited(loop: Loop, monkeypatch: pytest.MonkeyPatch, *, hanging: tuple[str, ...] = ()) -> tuple[list[str], int]:
    """The clients whose stores an audit asks, and how many it asks at the same time."""
    asked: list[str] = []
    at_work, most = 0, 0

    async def listed(_: object, setup: MasterSetup, *__: object) -> list[object]:
        nonlocal at_work, most
        asked.append(setup.id)
        at_work += 1
        most = max(most, at_work)
        await asyncio.sleep(1.3 if setup.id in hanging else 0.01)
        at_work -= 1
        return []

    monkeypatch.setattr(gap_audit, "_listed", listed)
    asyncio.run(gap_audit.find_gaps(loop.services))
    return asked, most


def test_no_more_stores_than_the_limit_are_asked_though_some_hang(many: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gap_audit, "_STORES_AT_ONCE", 3)
    asked, most = audited(many, monkeypatch, hanging=("c00", "c01"))
    assert sorted(asked) == NAMES
    assert most == 3


def test_clients_that_an_audit_does_not_reach_are_the_first_of_the_next(
    many: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gap_audit, "_STORES_AT_ONCE", 1)
    reached: list[str] = []
    with monkeypatch.context() as clock:
        for _ in range(3):
            seconds = iter(range(1000))
            clock.setattr(gap_audit, "monotonic", lambda seconds=seconds: next(seconds) * 60.0)
            clock.setattr(gap_audit, "_TIME", timedelta(minutes=4))
            asked, _ = audited(many, clock)
            assert len(asked) == 4
            reached += asked
    assert reached == NAMES


def test_a_client_reads_its_own_files_alone(fresh: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    folders: list[str] = []
    system = fresh.services.lake.files.system
    for name in ("glob", "ls"):
        listing = getattr(system, name)

        def noting(path: str, listing: Callable[..., list[str]] = listing, **more: Any) -> list[str]:
            folders.append(path)
            return listing(path, **more)

        monkeypatch.setattr(system, name, noting)
    found, unread = asyncio.run(gap_audit.find_gaps(fresh.services))
    assert (found, unread) == ([], {})
    assert folders
    assert not [path for path in folders if "client=acme" not in path and "client=bolt" not in path]

"""Lives: a push run again and again through a faulty proxy, by processes that are killed, until nothing waits.

Not here: the faults (injector.py, proxy.py), what is pushed, who pushes and what must come of it (tracking_*.py,
stock_*.py).
"""

import asyncio
import multiprocessing
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Protocol, TypeVar

from npf_pipelines.sandbox.server import SandboxServer
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines.state.database import open_state
from npf_pipelines_tests.faults.injector import Fault, fault_sequence
from npf_pipelines_tests.faults.proxy import FaultyProxy, Moment
from npf_pipelines_tests.leases import expire_leases

WAITS = 3
"""The exit code of a life after which something waits for the next."""

Pusher = Callable[[str, str, str, str], None]
"""One life, ended by an exit code: the addresses of store and platform, its own folder, the time-out in seconds."""

_RATE = 0.2
_IMPATIENT, _PATIENT = 0.3, 30.0
"""The client's time-out in seconds, with faults and without."""
_MOST_LIVES = 12
"""After the last kill, until nothing waits any more: a naive pusher never gets there."""
T = TypeVar("T")

OnProgress = Callable[[int, int], None]
"""Called with the progress: kills so far, and writes that the store has seen."""


class World(Protocol):
    """The world that is pushed.

    Attributes:
        store: the store, by whose id it is served.
        platform_url: the platform's database.
        changes: what the warehouse does meanwhile, one after the other between two lives.
        moments: about how many requests and answers of writes a push of everything takes.
        last_lives: how many lives without faults may pass until nothing waits.
    """

    @property
    def store(self) -> SandboxStore: ...
    @property
    def platform_url(self) -> str: ...
    @property
    def changes(self) -> Sequence[Callable[[], None]]: ...
    @property
    def moments(self) -> int: ...
    @property
    def last_lives(self) -> int: ...
    def pass_time(self, moment: Moment) -> bool:
        """Act at one moment of a disturbed life; whether a kill strikes worst now. Called from one thread."""


@dataclass(frozen=True)
class Lives:
    """The disturbances of a world.

    Attributes:
        waiting: whether a push without faults still found something that waits.
        crashes: lives that ended by an error.
        kills: lives that were ended by SIGKILL.
        lives: all lives.
        requests: what the proxy saw.
        faults: how often each kind was injected.
    """

    waiting: bool
    crashes: int
    kills: int
    lives: int
    requests: int
    faults: Mapping[Fault, int]


def live_disturbed(
    world: World, folder: Path, pusher: Pusher, *, seed: int, kills: int, on_progress: OnProgress | None = None
) -> Lives:
    """Push a world under faults and kills, while it changes, then without them until nothing waits.

    Args:
        world: what is pushed.
        folder: the pusher's own, from life to life.
        pusher: who pushes.
        seed: of the faults, of the moments of the kills and of the changes. Concurrent calls in a pusher still
            differ from run to run.
        kills: how many lives end by SIGKILL.
        on_progress: called after each life.
    """
    course = _Course(world, folder, pusher, seed=seed, kills=kills, on_progress=on_progress)
    with SandboxServer({world.store.store_id: world.store}) as server:
        return asyncio.run(course.run(server.url))


def live_undisturbed(world: World, folder: Path, pusher: Pusher) -> None:
    """Push a world without faults, once before all changes and once after.

    Raises:
        RuntimeError: it failed. Something may wait all the same: the naive pusher overlooks the merchant's shipments.
    """
    with SandboxServer({world.store.store_id: world.store}) as server:
        for changes in (world.changes, ()):
            life = _process(pusher, server.store_url(world.store.store_id), world, folder, _PATIENT)
            life.start()
            life.join()
            if life.exitcode not in {0, WAITS}:
                raise RuntimeError(f"undisturbed, the push ended with {life.exitcode}")
            for change in changes:
                change()


async def live_once(
    pusher: Pusher, proxy: FaultyProxy, world: World, folder: Path, *, kill_at_write: int | None = None
) -> int:
    """One life with all its patience, killed when so many of its writes have arrived; its exit code."""
    process = _process(pusher, f"{proxy.url}/{world.store.store_id}", world, folder, _PATIENT)
    writes = 0

    def watch(moment: Moment) -> None:
        nonlocal writes
        writes += moment.is_write and not moment.is_answer
        if kill_at_write is not None and writes >= kill_at_write:
            process.kill()

    proxy.watcher = watch
    process.start()
    await _end_of(process)
    proxy.watcher = None
    await proxy.quiet()
    return process.exitcode or 0


def surplus(expected: Counter[T], found: Counter[T]) -> int:
    """How many were found too often."""
    return (found - expected).total()


class _Course:
    """One world on its way through the faults and kills."""

    def __init__(
        self, world: World, folder: Path, pusher: Pusher, *, seed: int, kills: int, on_progress: OnProgress | None
    ) -> None:
        self._world, self._folder, self._pusher, self._on_progress = world, folder, pusher, on_progress
        self._kills_wanted = kills
        self._dice = random.Random(seed)
        self._faults = fault_sequence(seed, _RATE)
        self._codes: list[int] = []
        self._kills = 0

    async def run(self, server_url: str) -> Lives:
        """Lives with kills and changes, lives without, and the last ones without faults."""
        async with FaultyProxy(server_url, self._faults) as proxy:
            self._proxy = proxy
            # This way the kills come before the end.
            apart = max(1, 3 * self._world.moments // (4 * self._kills_wanted))
            for changes in self._in_portions():
                # A life that ended by itself may have little left to do.
                ended_by_itself = bool(self._codes) and self._codes[-1] >= 0
                at_once = ended_by_itself and self._dice.random() < 0.5
                await self._live(kill_at=1 if at_once else self._dice.randint(1, apart))
                for change in changes:
                    change()
            while await self._live() != 0 and len(self._codes) < self._kills + _MOST_LIVES:
                pass
            proxy.is_on = False
            last = [await self._live() for _ in range(self._world.last_lives)]
            return Lives(
                waiting=last[-1] != 0,
                crashes=sum(code > 0 and code != WAITS for code in self._codes),
                kills=self._kills,
                lives=len(self._codes),
                requests=proxy.requests,
                faults=proxy.injected,
            )

    def _in_portions(self) -> Iterator[Sequence[Callable[[], None]]]:
        """Until all kills are done; with each, its share of the changes, the last ones with the last."""
        changes, done = self._world.changes, 0
        while self._kills < self._kills_wanted:
            due = len(changes) * (self._kills + 1) // self._kills_wanted
            yield changes[done:due]
            done = due

    async def _live(self, kill_at: int | None = None) -> int:
        """One life, killed at the moment with this number if it comes to that; its exit code, negative if killed.

        Mostly only the moments of writes count; in every other life the kill then waits for one that strikes worst.
        """
        counts_reads = self._dice.random() < 0.25
        is_aimed = self._dice.random() < 0.5
        patience = _IMPATIENT if self._proxy.is_on else _PATIENT
        store_url = f"{self._proxy.url}/{self._world.store.store_id}"
        process = _process(self._pusher, store_url, self._world, self._folder, patience)
        moments = 0

        def watch(moment: Moment) -> None:
            nonlocal moments
            moments += moment.is_write or counts_reads
            strikes = self._proxy.is_on and self._world.pass_time(moment)
            if kill_at is not None and moments >= kill_at and (strikes or not is_aimed):
                process.kill()

        self._proxy.watcher = watch
        process.start()
        await _end_of(process)
        self._proxy.watcher = None
        # Requests of a killed process may still reach the store, and do so long before its lease runs out.
        await self._proxy.quiet()
        engine = open_state(f"sqlite:///{self._folder / 'state.sqlite'}")
        expire_leases(engine)
        engine.dispose()
        code = process.exitcode or 0
        self._codes.append(code)
        self._kills += code < 0
        if self._on_progress:
            self._on_progress(self._kills, self._world.store.writes)
        return code


# Each life is a process of its own, but what it imports is imported once.
_PROCESSES = multiprocessing.get_context("forkserver")
_IMPORTED: list[str] = []


def import_once(*modules: str) -> None:
    """Name what a campaign's lives import, before the first life of all."""
    _IMPORTED.extend(modules)
    _PROCESSES.set_forkserver_preload(_IMPORTED)


def _process(pusher: Pusher, store_url: str, world: World, folder: Path, patience: float) -> BaseProcess:
    arguments = (store_url, world.platform_url, str(folder), str(patience))
    return _PROCESSES.Process(target=pusher, args=arguments)


async def _end_of(process: BaseProcess) -> None:
    """Wait without holding up the proxy."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(process.sentinel, ended.set)
    await ended.wait()
    loop.remove_reader(process.sentinel)
    process.join()

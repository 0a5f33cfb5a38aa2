"""The campaign: one world pushed undisturbed, the same world under faults and kills, and what differs in the end.

Not here: the faults (injector.py, proxy.py), what is pushed (world.py), who pushes (pusher.py, naive.py).
"""

import asyncio
import multiprocessing
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

import sqlalchemy as sa

from npf_pipelines.platform.tables import leases, open_platform
from npf_pipelines.sandbox.server import SandboxServer
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.faults import naive, pusher
from npf_pipelines_tests.faults.injector import Fault, fault_sequence
from npf_pipelines_tests.faults.plan import CLIENT, WAITS
from npf_pipelines_tests.faults.proxy import FaultyProxy
from npf_pipelines_tests.faults.world import World, build_world

Pusher = Callable[[str, str, str, str], None]
"""One life, ended by an exit code: the addresses of store and platform, the ledger's file, the time-out."""

TRACKING_PUSH: Pusher = pusher.live
NAIVE: Pusher = naive.live

_RATE = 0.2
_IMPATIENT, _PATIENT = 0.3, 30.0
"""The client's time-out in seconds, with faults and without."""
_MOST_LIVES = 10
"""After the last kill, until nothing waits any more: a naive pusher never gets there."""

# Each life is a process of its own, but what it imports is imported once.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([pusher.__name__, naive.__name__])

Tell = Callable[[int, int], None]
"""Told of progress: kills so far, and shipments in the store."""


@dataclass(frozen=True)
class Result:
    """What the faults and kills have done to the store, by comparison with the undisturbed one.

    Attributes:
        duplicates: shipments that the store has too often.
        lost: shipments that it lacks.
        wrong_lines: shipments that it has, with other quantities on the lines.
        wrong_statuses: orders that ended in another status.
        surplus_mails: mails that should not have gone out.
        missing_mails: mails that did not.
        waiting: whether a push without faults still found something that waits.
        crashes: lives that ended by an error.
        shipments: how many were lodged.
        kills: lives that were ended by SIGKILL.
        lives: all lives.
        requests: what the proxy saw.
        faults: how often each kind was injected.
    """

    duplicates: int
    lost: int
    wrong_lines: int
    wrong_statuses: int
    surplus_mails: int
    missing_mails: int
    waiting: bool
    crashes: int
    shipments: int
    kills: int
    lives: int
    requests: int
    faults: Mapping[Fault, int]

    @property
    def wrongs(self) -> dict[str, int]:
        """Everything that has to be 0."""
        return {
            "duplicates": self.duplicates,
            "lost": self.lost,
            "wrong lines": self.wrong_lines,
            "wrong statuses": self.wrong_statuses,
            "surplus mails": self.surplus_mails,
            "missing mails": self.missing_mails,
            "still waiting": int(self.waiting),
            "crashes": self.crashes,
        }


def run_campaign(seed: int, shipments: int, kills: int, pusher: Pusher, tell: Tell | None = None) -> Result:
    """Push a world under faults and kills, then once without, and compare it with an undisturbed one.

    Args:
        seed: of the world, of the faults and of the moments of the kills. What runs side by side in a pusher still
            differs from run to run.
        shipments: how many are lodged at least.
        kills: how many lives end by SIGKILL.
        pusher: who pushes: TRACKING_PUSH or NAIVE.
        tell: told of progress.
    """
    with tempfile.TemporaryDirectory() as folder:
        undisturbed = undisturbed_world(Path(folder) / "undisturbed", seed, shipments, pusher)
        disturbed = build_world(Path(folder) / "disturbed", seed, shipments)
        campaign = _Campaign(disturbed, Path(folder) / "disturbed", pusher, seed=seed, kills=kills, tell=tell)
        with SandboxServer({CLIENT: disturbed.store}) as server:
            asyncio.run(campaign.run(server.url))
        return campaign.result(undisturbed.store)


def undisturbed_world(folder: Path, seed: int, shipments: int, pusher: Pusher) -> World:
    """A world that was pushed by one life, to which nothing happened.

    Raises:
        RuntimeError: it failed. Something may wait all the same: the naive pusher overlooks the merchant's shipments.
    """
    world = build_world(folder, seed, shipments)
    with SandboxServer({CLIENT: world.store}) as server:
        life = _process(pusher, server.store_url(CLIENT), world, folder, _PATIENT)
        life.start()
        life.join()
    if life.exitcode not in {0, WAITS}:
        raise RuntimeError(f"undisturbed, the push ended with {life.exitcode}")
    return world


class _Campaign:
    """One world under faults and kills."""

    def __init__(self, world: World, folder: Path, pusher: Pusher, *, seed: int, kills: int, tell: Tell | None) -> None:
        self._world, self._folder, self._pusher, self._tell = world, folder, pusher, tell
        self._kills_wanted = kills
        self._dice = random.Random(seed)
        self._faults = fault_sequence(seed, _RATE)
        self._codes: list[int] = []
        self._kills = 0
        self._waiting = True

    async def run(self, store_url: str) -> None:
        """Lives with kills, lives without, and a last one without faults."""
        async with FaultyProxy(store_url, self._faults) as proxy:
            self._proxy = proxy
            # About four moments for each shipment, its status included: this way the kills come before the end.
            apart = max(1, 3 * len(self._world.parcels) // self._kills_wanted)
            while self._kills < self._kills_wanted:
                ended_by_itself = bool(self._codes) and self._codes[-1] >= 0
                await self._live(kill_at=1 if ended_by_itself else self._dice.randint(1, apart))
            while await self._live() != 0 and len(self._codes) < self._kills_wanted + _MOST_LIVES:
                pass
            proxy.is_on = False
            self._waiting = await self._live() != 0

    async def _live(self, kill_at: int | None = None) -> int:
        """One life, killed at the moment with this number if it comes to that; its exit code, negative if killed.

        A moment is the arrival of a request or the departure of its answer; mostly only those of writes count.
        """
        counts_reads = self._dice.random() < 0.25
        patience = _IMPATIENT if self._proxy.is_on else _PATIENT
        process = _process(self._pusher, f"{self._proxy.url}/{CLIENT}", self._world, self._folder, patience)
        moments = 0

        def watch(is_write: bool) -> None:
            nonlocal moments
            moments += is_write or counts_reads
            if moments == kill_at:
                process.kill()

        self._proxy.watcher = watch
        process.start()
        await _end_of(process)
        self._proxy.watcher = None
        # What a killed process has sent may still reach the store, and does so long before its lease runs out.
        await self._proxy.quiet()
        _expire_leases(self._world)
        code = process.exitcode or 0
        self._codes.append(code)
        self._kills += code < 0
        if self._tell:
            self._tell(self._kills, len(self._world.store.shipments))
        return code

    def result(self, undisturbed: SandboxStore) -> Result:
        """What became of the world."""
        store = self._world.store
        expected, found = _contents(undisturbed), _contents(store)
        many, too_many = _difference(Counter(head for head, _ in expected), Counter(head for head, _ in found))
        statuses = {order_id: order.status for order_id, order in undisturbed.orders.items()}
        mails, surplus = _difference(Counter(undisturbed.mails), Counter(store.mails))
        return Result(
            duplicates=too_many,
            lost=many,
            wrong_lines=(Counter(expected) - Counter(found)).total() - many,
            wrong_statuses=sum(order.status != statuses[order_id] for order_id, order in store.orders.items()),
            surplus_mails=surplus,
            missing_mails=mails,
            waiting=self._waiting,
            crashes=sum(code > 0 and code != WAITS for code in self._codes),
            shipments=len(self._world.parcels),
            kills=self._kills,
            lives=len(self._codes),
            requests=self._proxy.requests,
            faults=self._proxy.injected,
        )


_Head = tuple[int, str, str, str]
_Content = tuple[_Head, tuple[tuple[str, int], ...]]


def _contents(store: SandboxStore) -> list[_Content]:
    """The store's shipments: order, tracking number, carrier and comments, and the quantities by item."""
    return [
        ((one.order_id, one.tracking_number, one.carrier, one.comments), tuple(sorted(one.products.items())))
        for one in store.shipments.values()
    ]


def _difference(expected: "Counter[object]", found: "Counter[object]") -> tuple[int, int]:
    """How many are missing, how many too many."""
    return (expected - found).total(), (found - expected).total()


def _process(pusher: Pusher, store_url: str, world: World, folder: Path, patience: float) -> BaseProcess:
    arguments = (store_url, world.platform_url, str(folder / "ledger"), str(patience))
    return _PROCESSES.Process(target=pusher, args=arguments)


async def _end_of(process: BaseProcess) -> None:
    """Wait without holding up the proxy."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(process.sentinel, ended.set)
    await ended.wait()
    loop.remove_reader(process.sentinel)
    process.join()


def _expire_leases(world: World) -> None:
    """What time does by itself: a process that died gives its lease up."""
    engine = open_platform(world.platform_url)
    with engine.begin() as connection:
        connection.execute(sa.update(leases).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    engine.dispose()

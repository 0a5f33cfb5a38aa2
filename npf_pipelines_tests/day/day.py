"""A day in minutes: the automation's own schedules and sensors, asked every five simulated minutes, and their runs.

Simulated is every clock that says what time it is: the pipeline's, Dagster's, the stores' and the floor's. Real is what
measures how long something takes: time-outs, when leases are renewed. There is no daemon: what its loop would ask is
asked here, in the same order each time, and a run is over, or killed, before the next is asked for.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import time_machine

from npf_pipelines.sandbox.world import cancel_something, order_something
from npf_pipelines_tests.automation.ticks import execute, look, register, tick
from npf_pipelines_tests.day.lives import run_and_kill
from npf_pipelines_tests.day.troubles import Troubles, key_variable
from npf_pipelines_tests.leases import leases_by_wall_clock
from npf_pipelines_tests.loop import Loop, small_loop, write_setup

START = datetime(2026, 11, 24, 12, tzinfo=UTC)
"""An hour before it is midnight in Sydney."""
STEP = timedelta(minutes=5)
CALM = timedelta(hours=2)
"""After the last order: longer than the longest pause after failures, and than the interval of any sweep."""
_SENSORS = ("new_orders", "new_lodgements", "stock_movements")
_SCHEDULES = (
    ("orders_sweep", "shipments_sweep", "stock_sweep"),
    ("nightly_look_back", "nightly_shipments", "nightly_stock"),
)
_BUSY = 0.15
"""The share of steps in which shoppers order and the floor works."""
_KILLED = 0.15
"""The share of runs, among those with troubles about, that are killed."""
_MOST_REQUESTS = 2
"""For each client, before a run is killed."""

Tell = Callable[[datetime, "Day"], None]


@dataclass
class Day:
    """What came of it.

    Attributes:
        orders: placed by shoppers.
        parcels: lodged by the floor.
        runs: asked for by schedules and sensors.
        kills: of them.
        troubles: of the stores, by kind.
        wrongs: what the stores, the platform and the tables don't agree on in the end.
    """

    orders: int = 0
    parcels: int = 0
    runs: int = 0
    kills: int = 0
    troubles: dict[str, int] = field(default_factory=dict)
    wrongs: list[str] = field(default_factory=list)


def live_day(folder: Path, clients: int, length: timedelta, seed: int, tell: Tell | None = None) -> Day:
    """Let so many clients live so long, and the calm after it, by these dice."""
    names = tuple(f"client{number:02}" for number in range(clients))
    with (
        time_machine.travel(START, tick=True) as clock,
        leases_by_wall_clock(),
        small_loop(folder, names) as loop,
    ):
        return _Course(loop, clock, random.Random(seed)).run(length, tell)


class _Course:
    """One day on its way."""

    def __init__(self, loop: Loop, clock: time_machine.Traveller, dice: random.Random) -> None:
        self._loop, self._clock, self._dice = loop, clock, dice
        self._troubles = Troubles(loop.stores, dice)
        self._cursors: dict[str, str] = {}
        self._day = Day()
        for client in loop.stores:
            write_setup(loop.settings.clients, client, loop.url, store={"api_key_env": key_variable(client)})
        register(loop)

    def run(self, length: timedelta, tell: Tell | None) -> Day:
        if failures := self._loop.run_all():
            raise RuntimeError("\n".join(failures))
        moment = max(START + STEP, datetime.now(UTC))
        moment -= timedelta(minutes=moment.minute % 5, seconds=moment.second, microseconds=moment.microsecond) - STEP
        end = moment + length
        while moment < end + CALM:
            # A step that took longer than its five minutes must not take the clock back.
            self._clock.move_to(max(moment, datetime.now(UTC)))
            if moment < end:
                self._troubles.step(moment)
                if self._dice.random() < _BUSY:
                    self._be_busy(moment)
            else:
                self._troubles.end()
            self._look_and_sweep(moment, is_calm=moment >= end)
            if tell:
                tell(moment, self._day)
            moment += STEP
        self._day.troubles = dict(self._troubles.had)
        self._day.wrongs = self._wrongs()
        return self._day

    def _be_busy(self, moment: datetime) -> None:
        for client, store in self._loop.stores.items():
            for _ in range(self._dice.randint(0, 2)):
                self._day.orders += order_something(store, self._dice)
            if self._dice.random() < 0.2:
                cancel_something(store, self._dice)
            if self._dice.random() < 0.5:
                self._day.parcels += self._loop.floor.work(client, moment)

    def _look_and_sweep(self, moment: datetime, *, is_calm: bool) -> None:
        """What the daemon would ask in these five minutes."""
        loop = self._loop
        _, self._cursors["lost_runs"], _ = look(loop, "lost_runs", self._cursors.get("lost_runs"))
        for sensor in _SENSORS:
            asked, self._cursors[sensor], _ = look(loop, sensor, self._cursors.get(sensor))
            self._execute(_job(loop.defs.resolve_sensor_def(sensor)), asked, is_calm=is_calm)
        sweeps, nights = _SCHEDULES
        for schedule in (*sweeps, *nights):
            definition = loop.defs.resolve_schedule_def(schedule)
            minute, hour = str(definition.cron_schedule).split()[:2]
            if schedule in nights and not _strikes(int(hour), int(minute), moment):
                continue
            told = tick(loop, schedule, moment)
            self._execute(_job(definition), told if isinstance(told, list) else [], is_calm=is_calm)

    def _execute(self, job: str, asked: list[dg.RunRequest], *, is_calm: bool) -> None:
        loop = self._loop
        for request in asked:
            self._day.runs += 1
            if not is_calm and self._dice.random() < _KILLED:
                after = self._dice.randint(1, _MOST_REQUESTS * len(loop.stores))
                self._day.kills += run_and_kill(
                    loop.settings, request, job, datetime.now(UTC), seen=self._requests, after=after
                )
            else:
                execute(loop, job, [request])

    def _requests(self) -> int:
        return sum(store.requests for store in self._loop.stores.values())

    def _wrongs(self) -> list[str]:
        """The disagreements, less those that the tables tell of: an order cancelled when the floor had it already."""
        told = {
            f"{client}: the order {number} has the status"
            for client, number in self._loop.rows("SELECT client, order_number FROM order_exceptions")
        }
        return [one for one in self._loop.disagreements() if not any(one.startswith(known) for known in told)]


def _job(definition: dg.ScheduleDefinition | dg.SensorDefinition) -> str:
    return str(definition.job_name)


def _strikes(hour: int, minute: int, moment: datetime) -> bool:
    """Whether the time of the day lies in the step that ends at the moment."""
    at = moment.replace(hour=hour, minute=minute)
    return moment - STEP < at <= moment

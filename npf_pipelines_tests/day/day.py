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
from npf_pipelines_tests.day.alerts import Silence, wrong_alerts
from npf_pipelines_tests.day.clients import more_fields
from npf_pipelines_tests.day.followed import imported_early, not_followed
from npf_pipelines_tests.day.lives import run_and_kill, run_elsewhere
from npf_pipelines_tests.day.plan import AWAY, BEFORE_THE_DAY, CLOCK_AHEAD, Events
from npf_pipelines_tests.day.troubles import Troubles, key_variable
from npf_pipelines_tests.day.world import GRACE, World
from npf_pipelines_tests.leases import leases_by_wall_clock
from npf_pipelines_tests.loop import Loop, small_loop, write_setup

START = datetime(2026, 11, 24, 12, tzinfo=UTC)
"""An hour before it is midnight in Sydney."""
STEP = timedelta(minutes=5)
CALM = timedelta(hours=2)
"""After the last order: longer than the longest pause after failures, and than the interval of any sweep."""
_LONGEST_WAIT = timedelta(hours=6)
"""How long an event may be waited for after the last order."""
_SENSORS = ("new_orders", "platform_changes")
_SCHEDULES = (
    ("orders_sweep", "shipments_sweep", "stock_sweep"),
    ("nightly_look_back", "nightly_shipments", "nightly_stock"),
)
_BUSY = 0.15
"""The share of steps in which shoppers order and the floor works."""
_KILLED = 0.15
"""The share of runs that are killed, before the calm hours."""
_MOST_REQUESTS = 2
"""For each client, before a run is killed."""

OnProgress = Callable[[datetime, "Day"], None]


@dataclass
class Day:
    """The result of a simulated day.

    Attributes:
        orders: placed by shoppers.
        parcels: lodged by the floor.
        runs: asked for by schedules and sensors.
        kills: of them.
        split_ticks: of schedules, which asked for several runs at once: for a client that is late, and for the others.
        troubles: of the stores, by kind.
        events: that happened, in their order.
        wrongs: what the stores, the platform and the tables don't agree on in the end, and which alerts are missing.
    """

    orders: int = 0
    parcels: int = 0
    runs: int = 0
    kills: int = 0
    split_ticks: int = 0
    troubles: dict[str, int] = field(default_factory=dict)
    events: list[str] = field(default_factory=list)
    wrongs: list[str] = field(default_factory=list)


def live_day(folder: Path, clients: int, length: timedelta, seed: int, on_progress: OnProgress | None = None) -> Day:
    """Let so many clients live so long, and the calm after it, by these dice."""
    names = tuple(f"client{number:02}" for number in range(clients))
    with (
        time_machine.travel(START - AWAY, tick=True) as clock,
        leases_by_wall_clock(),
        small_loop(folder, names) as loop,
    ):
        return _Course(loop, clock, random.Random(seed)).run(length, on_progress)


class _Course:
    """One day on its way."""

    def __init__(self, loop: Loop, clock: time_machine.Traveller, dice: random.Random) -> None:
        self._loop, self._clock, self._dice = loop, clock, dice
        # Dice of their own: how often the others are thrown depends on how many runs there are.
        self._troubles = Troubles(loop.stores, random.Random(dice.random()))
        self._cursors: dict[str, str] = {}
        self._day = Day()
        for number, client in enumerate(loop.stores):
            key = {"api_key_env": key_variable(client)}
            write_setup(
                loop.settings.clients, client, loop.url, mode="live", store=key, **more_fields(loop, number, client)
            )
        register(loop)
        self._world = World(loop, random.Random(dice.random()), list(loop.stores))
        self._silence = Silence()
        # Loaded once, as by a code server that runs all day.
        self._defs = loop.defs

    def run(self, length: timedelta, on_progress: OnProgress | None) -> Day:
        if failures := self._loop.run_all():
            raise RuntimeError("\n".join(failures))
        for number, happen in BEFORE_THE_DAY:
            happen(self._world, number, datetime.now(UTC))
        # The machine is off until the day begins; shops and warehouse are not.
        self._clock.move_to(START - AWAY / 2)
        for client, store in self._loop.stores.items():
            self._day.orders += order_something(store, self._dice)
            self._day.parcels += self._loop.floor.work(client, datetime.now(UTC))
        self._clock.move_to(START)
        moment = max(START + STEP, datetime.now(UTC))
        moment -= timedelta(minutes=moment.minute % 5, seconds=moment.second, microseconds=moment.microsecond) - STEP
        events = Events(self._world, moment)
        last_order = moment + length
        end = last_order + CALM
        while moment < end:
            # A step that took longer than its five minutes must not take the clock back.
            self._clock.move_to(max(moment, datetime.now(UTC)))
            is_calm = moment >= last_order
            if is_calm:
                self._troubles.end()
            else:
                self._troubles.step(moment)
                if self._dice.random() < _BUSY:
                    self._be_busy(moment)
            self._day.events += events.step(moment)
            if is_calm and events.pending and moment < last_order + _LONGEST_WAIT:
                end = moment + CALM
            self._sweep_and_look(moment, is_calm=is_calm)
            if on_progress:
                on_progress(moment, self._day)
            moment += STEP
        self._day.troubles = dict(self._troubles.had)
        never = [f"{self._world.clients[number]}: {happen.__name__} never came" for _, number, happen in events.pending]
        self._day.wrongs = [*dict.fromkeys(self._world.wrongs), *never, *self._wrongs()]
        return self._day

    def _be_busy(self, moment: datetime) -> None:
        for client, store in self._loop.stores.items():
            for _ in range(self._dice.randint(0, 2)):
                self._day.orders += order_something(store, self._dice)
            if self._dice.random() < 0.2:
                cancel_something(store, self._dice)
            if self._dice.random() < 0.5:
                self._day.parcels += self._loop.floor.work(client, moment)

    def _sweep_and_look(self, moment: datetime, *, is_calm: bool) -> None:
        """Run the sensors and schedules that the daemon would evaluate in five minutes."""
        loop = self._loop
        for sensor in ("lost_runs", "clients_sensor"):
            self._look(sensor)
        sweeps, nights = _SCHEDULES
        for schedule in (*sweeps, *nights):
            definition = self._defs.resolve_schedule_def(schedule)
            if schedule in nights and not _strikes(*_first_strike(definition), moment):
                continue
            said = tick(loop, schedule, moment, defs=self._defs)
            asked = said if isinstance(said, list) else []
            self._day.split_ticks += len(asked) > 1
            self._execute(_job(definition), asked, is_calm=is_calm)
        for sensor in _SENSORS:
            for request in self._look(sensor):
                self._execute(
                    request.job_name or _job(self._defs.resolve_sensor_def(sensor)), [request], is_calm=is_calm
                )
        self._look("alerts")
        self._world.wrongs += self._silence.step(loop.services.state, loop.stores, self._world.paused, moment)

    def _look(self, sensor: str) -> list[dg.RunRequest]:
        """A sensor's run requests."""
        asked, self._cursors[sensor], _ = look(self._loop, sensor, self._cursors.get(sensor), defs=self._defs)
        return asked

    def _execute(self, job: str, asked: list[dg.RunRequest], *, is_calm: bool) -> None:
        loop = self._loop
        for request in asked:
            self._day.runs += 1
            if job in self._world.ahead:
                self._world.ahead.remove(job)
                run_elsewhere(loop.settings, request, job, datetime.now(UTC) + CLOCK_AHEAD)
                self._look("alerts")
            elif not is_calm and self._dice.random() < _KILLED:
                after = self._dice.randint(1, _MOST_REQUESTS * len(loop.stores))
                self._day.kills += run_and_kill(
                    loop.settings, request, job, datetime.now(UTC), seen=self._requests, after=after
                )
            else:
                execute(loop, job, [request], defs=self._defs)

    def _requests(self) -> int:
        return sum(store.requests for store in self._loop.stores.values())

    def _wrongs(self) -> list[str]:
        """The errors found, without the tables' reported exceptions: orders cancelled after picking had begun."""
        reported = {
            f"{client}: the order {number} has the status"
            for client, number in self._loop.rows("SELECT client, order_number FROM order_exceptions")
        }
        found = [one for one in self._loop.disagreements() if not any(one.startswith(known) for known in reported)]
        world = self._world
        early = imported_early(
            self._loop, {world.clients[number]: since for number, since in world.held_from.items()}, GRACE
        )
        return [*found, *early, *not_followed(self._loop), *wrong_alerts(self._loop.services.state, world.expected)]


def _job(definition: dg.ScheduleDefinition | dg.SensorDefinition) -> str:
    return str(definition.job_name)


def _first_strike(definition: dg.ScheduleDefinition) -> tuple[int, int]:
    """Hour and minute of a night's first tick: the few clients of the day all have their turn at it."""
    crons = definition.cron_schedule
    minute, hour = (crons if isinstance(crons, str) else crons[0]).split()[:2]
    return int(hour.partition(",")[0]), int(minute.partition("-")[0])


def _strikes(hour: int, minute: int, moment: datetime) -> bool:
    """Whether the step that ends at the moment contains the time of day."""
    at = moment.replace(hour=hour, minute=minute)
    return moment - STEP < at <= moment

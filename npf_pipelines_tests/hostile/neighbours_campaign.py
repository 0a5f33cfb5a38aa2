"""Sweeps of the real daemon with bad stores in them and without, in turn: what the good ones have to wait for.

A sweep without them begins when no run of one with them is left. Two with them follow each other, so that the second
finds runs of the first which still wait for a store that hangs. Not here: the stores (neighbours_town.py).
"""

import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
from dagster import RunsFilter

from npf_pipelines.automation.flows import FLOWS, Flow
from npf_pipelines.runs.cell import Cell
from npf_pipelines.state.health import read_health
from npf_pipelines_tests.daemon import Automation
from npf_pipelines_tests.hostile.neighbours import KINDS, SELF_SIGNED
from npf_pipelines_tests.hostile.neighbours_town import Town, opened_town

GOOD = 10
LARGEST_SHARE, LARGEST_SECONDS = 0.10, 2.0
"""How much longer bad stores may make the good stores wait: a share or seconds, whichever is more."""
_MINUTES = 5
"""Between two sweeps: the interval of the schedules."""
_BEFORE = 3.0
"""Seconds before a sweep at which there is new work for it."""
_PATIENCE = 240.0
"""Seconds that a good client gets to be served."""
_LOOK = 3.0

OnProgress = Callable[[str], None]


@dataclass(frozen=True)
class Served:
    """A good client was served once.

    Attributes:
        from_run: seconds from the start of its run.
        from_work: seconds from when there was work.
    """

    from_run: float
    from_work: float


@dataclass
class Waits:
    """How long the good clients waited, by flow, in sweeps of one sort."""

    served: dict[str, list[Served]] = field(default_factory=lambda: defaultdict(list))
    sweeps: int = 0


@dataclass
class Outcome:
    """The result of the campaign.

    Attributes:
        alone: the waits in sweeps without bad stores.
        beside: the waits in sweeps with bad stores.
        reasons: by bad client, why it fails in the flow that says so first.
        wrongs: what must not be.
    """

    alone: Waits = field(default_factory=Waits)
    beside: Waits = field(default_factory=Waits)
    reasons: dict[str, str] = field(default_factory=dict)
    wrongs: list[str] = field(default_factory=list)


def at_share(seconds: Iterable[float], share: float) -> float:
    """The time within which this share was served; not a number where nobody was."""
    ordered = sorted(seconds)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


def is_too_much(alone: float, beside: float) -> bool:
    """Whether a wait beside bad ones is longer than they may make it."""
    return not beside - alone < max(LARGEST_SHARE * alone, LARGEST_SECONDS)


def compare(alone: Mapping[str, list[Served]], beside: Mapping[str, list[Served]]) -> list[str]:
    """The flows that the bad ones slow down too much, in sentences."""
    found = []
    for flow in alone.keys() | beside.keys():
        for name, share in (("median", 0.5), ("p95", 0.95)):
            usual, now = (at_share([one.from_run for one in waits.get(flow, [])], share) for waits in (alone, beside))
            if is_too_much(usual, now):
                found.append(f"{flow}: the {name} is {now:.1f} s beside bad stores, {usual:.1f} s without")
    return sorted(found)


def run_campaign(folder: Path, rounds: int, on_progress: OnProgress) -> Outcome:
    """Let so many rounds pass, each of one sweep without bad stores and two with them.

    Args:
        folder: an empty one.
        rounds: how many.
        on_progress: called with the name of each step.
    """
    with opened_town(folder, GOOD, (*KINDS, SELF_SIGNED)) as town:
        on_progress("preparing the stores")
        town.prepare()
        minutes = {f"NPF_{flow.name.upper()}_MINUTES": str(_MINUTES) for flow in FLOWS}
        automation = Automation(folder, **minutes)
        try:
            outcome = _Course(town, on_progress).run(rounds)
        finally:
            automation.end()
        on_progress("mending the bad stores")
        outcome.wrongs += _mend(town)
    return outcome


class _Course:
    """A campaign on its way."""

    def __init__(self, town: Town, on_progress: OnProgress) -> None:
        self._town, self._on_progress = town, on_progress
        self._outcome = Outcome()
        self._instance = town.loop.instance

    def run(self, rounds: int) -> Outcome:
        """All of it."""
        self._on_progress("waiting for the daemon's first sweep")
        self._next_sweep()
        outcome, town = self._outcome, self._town
        for number in range(1, rounds + 1):
            self._on_progress(f"round {number}: waiting for the end of earlier runs")
            self._wait_until_idle()
            self._sweep(outcome.alone, f"round {number}, without bad stores")
            town.let_in()
            for again in ("", " again"):
                self._sweep(outcome.beside, f"round {number}, with bad stores{again}")
            self._wait_until_idle()
            self._note_reasons()
            town.keep_out()
        outcome.wrongs += compare(outcome.alone.served, outcome.beside.served)
        return outcome

    def _next_sweep(self) -> None:
        """Wait until shortly before the next sweep."""
        period = _MINUTES * 60
        moment = (time.time() + 2 * _BEFORE) // period * period + period
        time.sleep(max(0.0, moment - _BEFORE - time.time()))

    def _wait_until_idle(self) -> None:
        while any(flow.unfinished(self._instance, Cell()) for flow in FLOWS):
            time.sleep(_LOOK)

    def _sweep(self, waits: Waits, name: str) -> None:
        self._on_progress(f"{name}: waiting for the sweep")
        self._next_sweep()
        since = time.time()
        self._town.make_work()
        self._on_progress(name)
        until = since + _PATIENCE
        while (late := self._late(since)) and time.time() < until:
            time.sleep(_LOOK)
        self._outcome.wrongs += [f"{name}: {client} was not served: {flow.name}" for flow, client in late]
        waits.sweeps += 1
        for flow in FLOWS:
            waits.served[flow.name] += self._served(flow, since).values()

    def _late(self, since: float) -> list[tuple[Flow, str]]:
        return [
            (flow, client) for flow in FLOWS for client in sorted({*self._town.good} - self._served(flow, since).keys())
        ]

    def _served(self, flow: Flow, since: float) -> dict[str, Served]:
        """The good clients whose last table of the flow was made after a moment, each by the first run that did."""
        last_table = dg.AssetKey(flow.tables[-1].name)
        created = RunsFilter(job_name=flow.job, created_after=datetime.fromtimestamp(since - 1, UTC))
        served: dict[str, Served] = {}
        for record in sorted(self._instance.get_run_records(created), key=lambda one: one.create_timestamp):
            made: dict[str, float] = {}
            kind = dg.DagsterEventType.ASSET_MATERIALIZATION
            for event in self._instance.get_records_for_run(record.dagster_run.run_id, of_type=kind).records:
                if event.asset_key == last_table and event.partition_key:
                    made[event.partition_key.partition("|")[0]] = event.timestamp
            for client in made.keys() & {*self._town.good} - served.keys():
                served[client] = Served(made[client] - (record.start_time or since), made[client] - since)
        return served

    def _note_reasons(self) -> None:
        for client in self._town.bad_without_reason():
            self._outcome.wrongs.append(f"{client}: nothing says what is wrong with it")
        for (client, _), health in read_health(self._town.loop.services.state).items():
            if client in self._town.bad and health.reason:
                self._outcome.reasons.setdefault(client, health.reason)


def _mend(town: Town) -> list[str]:
    """Once the bad stores are mended, the next runs bring everything to where it belongs; what isn't there then.

    A store may put an order that ships on back order where its goods have run out (documented): the push says so.
    """
    town.keep_good()
    mended = [client for client in town.loop.stores if client in town.bad]
    for _ in range(2):
        launched = [one for flow in FLOWS for one in town.loop.run(flow.name, *mended)]
        failures = [one.failure for one in launched if one.failure]
        if not failures:
            break
    refused = town.loop.rows("SELECT client, order_number FROM tracking_push WHERE status_outcome = 'refused'")
    reported = tuple(f"{client}: the order {number} has the status" for client, number in refused)
    return [*failures, *(one for one in town.loop.disagreements() if not one.startswith(reported))]

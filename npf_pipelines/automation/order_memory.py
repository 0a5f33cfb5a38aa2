"""The memory of the sensor of new orders: what its cursor keeps of each store between two ticks, in few characters.

Dagster keeps every tick's cursor: that of a cell's 250 clients stays below 20 kB.
Not here: asking the stores (new_orders.py), which of them first (rules/turns.py).
"""

import math
import textwrap
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, NamedTuple

from pydantic import Field, TypeAdapter

from npf_pipelines.automation.cursors import remembered
from npf_pipelines.automation.run_requests import Eligibility
from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.config.setup_fingerprint import SHORT, fingerprint, matches
from npf_pipelines.domain.clock import is_future
from npf_pipelines.rules.change_detection import OrderListState
from npf_pipelines.rules.retries import pause
from npf_pipelines.rules.turns import may_wait

_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(minutes=15)
_LONGEST_REASON = 80
"""Characters of a reason that are kept."""
_LONG_AGO = datetime.fromtimestamp(0, UTC)


@dataclass
class StoreMemory:
    """The state of a client's store.

    Attributes:
        listed: the state of the store's list at the last tick that led to a run, or that needed none.
        asked_at: when a run was last requested that has not reached the client yet.
        failures: how often in a row the store gave no answer.
        next_try_at: not asked again before.
        why: why it could not be asked; empty if it answered.
        setup_print: the fingerprint of the master setup under which it could not be asked, API key included.
        left: how many ticks in a row did not ask the store: they ended before its turn came, or the store was quiet.
        changed_at: the minute in which a change was last noticed.
    """

    listed: OrderListState | None = None
    asked_at: datetime | None = None
    failures: int = 0
    next_try_at: datetime = field(default=_LONG_AGO)
    why: str = ""
    setup_print: str = field(default="", repr=False)
    left: int = 0
    changed_at: datetime = field(default=_LONG_AGO)

    def is_paused(self, setup: MasterSetup, now: datetime) -> bool:
        """Whether the store is not asked now. Another setup or key ends the pause."""
        if now >= self.next_try_at or is_future(self.next_try_at, now + _LONGEST_PAUSE):
            return False
        return matches(setup, self.setup_print)

    def may_wait(self, now: datetime) -> bool:
        """Whether the store is quiet, and was asked at one of the last ticks."""
        is_known = self.listed is not None and not self.failures
        return is_known and may_wait(self.changed_at, now, self.left)

    def failed(self, setup: MasterSetup, now: datetime, why: str) -> None:
        """Keep that the store could not be asked, and pause."""
        self.failures = self.failures + 1 if matches(setup, self.setup_print) else 1
        self.why = textwrap.shorten(why, _LONGEST_REASON, placeholder=" …")
        self.setup_print = fingerprint(setup)[:SHORT]
        self.next_try_at = now + pause(self.failures, first=_FIRST_PAUSE, longest=_LONGEST_PAUSE)

    def answered(self) -> None:
        """Keep that the store answered."""
        self.failures, self.why, self.setup_print, self.next_try_at = 0, "", "", _LONG_AGO


_LATEST = 2**32
"""Seconds since 1970 until the year 2106: a later time in a cursor is damage."""
_Milliseconds = Annotated[int, Field(ge=0, le=_LATEST * 1000)]
_Minutes = Annotated[int, Field(ge=0, le=_LATEST // 60)]


class _Fields(NamedTuple):
    """A store's memory in the cursor: a list, times since 1970, the last fields left out while they are empty."""

    since: int | None
    total: int | None
    newest: int | None
    asked_at: _Milliseconds = 0
    changed_at: _Minutes = 0
    failures: int = 0
    next_try_at: _Milliseconds = 0
    why: str = ""
    setup_print: str = ""
    left: int = 0


_CURSOR = TypeAdapter(dict[str, _Fields])
_WRITTEN = TypeAdapter(dict[str, list[int | str | None]])


def read_memory(cursor: str | None) -> dict[str, StoreMemory]:
    """The memory by client; empty for a cursor that is damaged or of an earlier release."""
    return {client: _read(fields) for client, fields in remembered(_CURSOR, cursor, {}).items()}


def write_memory(memory: Mapping[str, StoreMemory], eligibility: Eligibility) -> str:
    """The cursor with the memory of the registered clients, without requests that a run has taken up."""
    kept = {client: memory[client] for client in eligibility.registered if client in memory}
    for client, store in kept.items():
        if store.asked_at and eligibility.is_taken_up(client, store.asked_at):
            store.asked_at = None
    return _WRITTEN.dump_json({client: _written(store) for client, store in kept.items()}).decode()


def _written(store: StoreMemory) -> list[int | str | None]:
    """The fields in their order, times in milliseconds, without what is empty at the end."""
    listed = store.listed
    state = [listed.since, listed.total, listed.newest] if listed else [None, None, None]
    rest: list[int | str] = [
        _milliseconds(store.asked_at) if store.asked_at else 0,
        int(store.changed_at.timestamp()) // 60,
        store.failures,
        _milliseconds(store.next_try_at),
        store.why,
        store.setup_print,
        store.left,
    ]
    while rest and not rest[-1]:
        rest.pop()
    return [*state, *rest]


def _read(fields: _Fields) -> StoreMemory:
    total, newest = fields.total, fields.newest
    return StoreMemory(
        None if total is None or newest is None else OrderListState(fields.since, total, newest),
        _moment(fields.asked_at) if fields.asked_at else None,
        fields.failures,
        _moment(fields.next_try_at),
        fields.why,
        fields.setup_print,
        fields.left,
        datetime.fromtimestamp(fields.changed_at * 60, UTC),
    )


def _milliseconds(moment: datetime) -> int:
    """Rounded up: a run that began before was not requested then."""
    return math.ceil(moment.timestamp() * 1000)


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def keep_states(
    memory: dict[str, StoreMemory],
    states: Mapping[str, OrderListState],
    changed: Collection[str],
    requested: Collection[str],
    now: datetime,
) -> None:
    """Keep requests and states, but no state of a client that has changed and got no run: it is noticed again."""
    for client in requested:
        memory[client].asked_at = now
    for client, state in states.items():
        store = memory[client]
        if client in changed:
            store.changed_at = now.replace(second=0, microsecond=0)
        if client in requested or client not in changed:
            store.listed = state

"""The sensor that notices new and changed orders in the stores: one cheap request to each, all at once.

A store that doesn't answer is given up after five seconds and then asked with growing pauses; none waits for another.
What was noticed while a client's run isn't over yet is noticed again at the next look. Not here: what counts as news
(rules/change_detection.py), whom runs are asked for (asking.py).
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
from pydantic import TypeAdapter

from npf_pipelines.automation.cursors import remembered
from npf_pipelines.automation.default_status import sensor_status
from npf_pipelines.automation.flows import ORDERS
from npf_pipelines.automation.run_requests import Eligibility, clients_in, eligibility_of, requests
from npf_pipelines.config.master_setup import MasterSetup, SetupError
from npf_pipelines.config.settings import Settings
from npf_pipelines.cscart.errors import StoreError
from npf_pipelines.domain.clock import is_future, unless_future
from npf_pipelines.domain.order_statuses import Status, UnknownStatus
from npf_pipelines.lake.lake import NotWritten
from npf_pipelines.lake.tables import STORE_FACTS
from npf_pipelines.rules.change_detection import OrderListState, has_changes
from npf_pipelines.rules.retries import pause
from npf_pipelines.rules.status_meaning import StatusMeanings, status_meanings
from npf_pipelines.runs.services import Services

_FOR_ONE = 5.0
"""Seconds that one store gets."""
_FOR_ALL = 25.0
"""Seconds after which those that couldn't be asked yet are left for the next look."""
_AT_ONCE = 100
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(minutes=15)
_OVERLAP = timedelta(seconds=5)
"""How far a store's clock may be behind ours without a change being noticed late, by a sweep."""


_Question = tuple[datetime | None, set[str]]
"""Since when changed orders are looked for, None for all; and in which statuses, all if none."""


@dataclass
class _ClientMemory:
    """What the sensor remembers of a client: the last look that led to a run or to nothing, and how looking went."""

    look: OrderListState | None = None
    asked_at: datetime | None = None
    failures: int = 0
    next_look_at: datetime = field(default=datetime.min.replace(tzinfo=UTC))


_CURSOR = TypeAdapter(dict[str, _ClientMemory])


class _Facts:
    """What the runs have found out about the stores, read again only where a run has been since."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._known: dict[str, tuple[datetime, dict[str, Any]]] = {}

    def of(self, client: str, walked_at: datetime | None) -> dict[str, Any]:
        """The client's facts; none for a store that no run has been to."""
        if walked_at is None:
            return {}
        at, facts = self._known.get(client, (None, {}))
        if at != walked_at:
            try:
                (facts,) = self._services.lake.read(STORE_FACTS, client=client)
            except NotWritten:
                facts = {}
            self._known[client] = (walked_at, facts)
        return facts


def new_orders(services: Services, settings: Settings) -> dg.SensorDefinition:
    """Asks for the orders of the clients in whose stores something is new."""
    facts = _Facts(services)

    @dg.sensor(
        name="new_orders",
        job_name=ORDERS.job,
        minimum_interval_seconds=settings.sensor_seconds,
        default_status=sensor_status(settings),
        description="Notices new and changed orders in the stores, and asks for runs over their clients only.",
    )
    def notice(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        now = datetime.now(UTC)
        try:
            eligibility = eligibility_of(context.instance, services, ORDERS, now)
        except SetupError as error:
            return dg.SkipReason(str(error))
        seen = remembered(_CURSOR, context.cursor)
        looks = asyncio.run(_look_at_all(context, services, eligibility, facts, seen))
        news = {
            client
            for client, look in looks.items()
            if has_changes(look, (memory := seen[client]).look)
            or (memory.asked_at and eligibility.is_lost(client, memory.asked_at))
        }
        asked: list[dg.RunRequest] = []
        if news:
            days = eligibility.todays()
            asked = requests(eligibility, news, (days[0], days[-1]))
        served = clients_in(asked)
        for client, look in looks.items():
            if client in served:
                seen[client].asked_at = now
            if client in served or client not in news:
                seen[client].look = look
        cursor = _CURSOR.dump_json(
            {client: seen[client] for client in eligibility.registered if client in seen}
        ).decode()
        if asked:
            return dg.SensorResult(run_requests=asked, cursor=cursor)
        return dg.SensorResult(
            skip_reason=eligibility.skip_reason(f"{len(looks)} stores asked, no news"), cursor=cursor
        )

    return notice


async def _look_at_all(
    context: dg.SensorEvaluationContext,
    services: Services,
    eligibility: Eligibility,
    facts: _Facts,
    seen: dict[str, _ClientMemory],
) -> dict[str, OrderListState]:
    """The looks that came about; how each went is noted in `seen`."""
    places = asyncio.Semaphore(_AT_ONCE)
    looks: dict[str, OrderListState] = {}

    async def look_at(setup: MasterSetup) -> None:
        memory = seen.setdefault(setup.id, _ClientMemory())
        if eligibility.now < memory.next_look_at and not is_future(
            memory.next_look_at, eligibility.now + _LONGEST_PAUSE
        ):
            return
        async with places:
            try:
                question = _what_to_ask(
                    setup, facts.of(setup.id, eligibility.health(setup.id).tried_at), eligibility.now
                )
                async with asyncio.timeout(_FOR_ONE):
                    looks[setup.id] = await _look(services, setup, question)
            except (StoreError, SetupError, TimeoutError) as error:
                context.log.info("%s: %s", setup.id, str(error) or "no answer in time")
                memory.failures += 1
            except Exception:  # A fault of ours at one client costs no other.
                context.log.exception("%s: the look broke", setup.id)
                memory.failures += 1
            else:
                memory.failures = 0
        if memory.failures:
            memory.next_look_at = eligibility.now + pause(memory.failures, first=_FIRST_PAUSE, longest=_LONGEST_PAUSE)

    tasks = [asyncio.create_task(look_at(setup)) for setup in eligibility.free.values()]
    if tasks:
        _, pending = await asyncio.wait(tasks, timeout=_FOR_ALL)
        for task in pending:
            task.cancel()
    return looks


async def _look(services: Services, setup: MasterSetup, question: _Question) -> OrderListState:
    since, letters = question
    async with services.store_for_a_look(setup) as store:
        total, order = await store.newest(statuses=letters, changed_since=since)
    return OrderListState(int(since.timestamp()) if since else None, total, int(order.order_id) if order else 0)


def _what_to_ask(setup: MasterSetup, facts: Mapping[str, Any], now: datetime) -> _Question:
    """What a store is asked, by what the runs have found out about it."""
    try:
        meanings = _meanings(setup, facts)
    except UnknownStatus:
        wanted, noticed = set[str](), set[str]()
    else:
        wanted = set(meanings.wanted)
        # Cancellations are to be noticed, too; what we push on ourselves is not.
        noticed = wanted | {one.letter for one in meanings.statuses} - meanings.final
    read_until = unless_future(facts.get("changes_read_until"), now)
    if not facts.get("updated_at_filter") or not read_until:
        return None, wanted
    return read_until - _OVERLAP, noticed


def _meanings(setup: MasterSetup, facts: Mapping[str, Any]) -> StatusMeanings:
    """What the statuses mean that a run has read.

    Raises:
        UnknownStatus: one that the setup names isn't known, so that all statuses are asked for.
        SetupError: the setup contradicts itself in this store.
    """
    statuses = [Status.model_validate(status) for status in facts.get("statuses") or []]
    return status_meanings(setup, statuses, were_read=not facts.get("statuses_unreadable"))

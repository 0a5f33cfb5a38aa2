"""The sensor of orders: it notices new and changed ones in the stores, and requests runs at known times, too.

It sends one cheap request to each store, all at the same time.

A store has five seconds to answer; after a failure it is asked again with growing pauses, and no store waits for
another. Stores whose turn has not come when a tick ends are the first of the next one. Quiet stores are asked more
rarely. A change that is noticed while a client's run isn't over yet is noticed again at the next tick.
Not here: the question to a store (order_questions.py), which answers count as a change (rules/change_detection.py), the
known times (due_orders.py), what is kept between two ticks (order_memory.py), the clients for which a run may be
requested (run_requests.py).
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

import dagster as dg

from npf_pipelines.automation.default_status import sensor_status
from npf_pipelines.automation.due_orders import due_clients
from npf_pipelines.automation.flows import ORDERS
from npf_pipelines.automation.heard import Heard
from npf_pipelines.automation.known_facts import KnownFacts
from npf_pipelines.automation.order_memory import StoreMemory, keep_states, read_memory, write_memory
from npf_pipelines.automation.order_questions import OrderQuestion, OrderQuestions
from npf_pipelines.automation.run_requests import Eligibility, clients_in, eligibility_of, in_few, usual_requests
from npf_pipelines.config.master_setup import MasterSetup, SetupError
from npf_pipelines.cscart.errors import StoreError
from npf_pipelines.domain.tracebacks import log_fault
from npf_pipelines.rules.change_detection import OrderListState, has_changes
from npf_pipelines.rules.turns import in_turn
from npf_pipelines.runs.dagster_internals import instance_of_tick
from npf_pipelines.runs.failures import failure_reason
from npf_pipelines.runs.services import Services

_SECONDS_PER_STORE = 5.0
_SECONDS_PER_TICK = 25.0
"""Stores that could not be asked by then are left for the next tick."""
_STORES_AT_ONCE = 100


def new_orders(services: Services, heard: Heard) -> dg.SensorDefinition:
    """Requests a run of orders for clients in whose stores something has changed, and for clients that are due.

    Args:
        services: of platform, setups and health.
        heard: gets the clients whose stores list their changes, and have answered.
    """
    questions = OrderQuestions(KnownFacts(services))

    @dg.sensor(
        name="new_orders",
        job_name=ORDERS.job,
        minimum_interval_seconds=services.settings.sensor_seconds,
        default_status=sensor_status(services.settings),
        description="Notices new and changed orders in the stores, and requests a run for their clients only. Requests "
        "one also when a held order is released, and at a client's cut-off.",
    )
    def notice(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        now = datetime.now(UTC)
        try:
            eligibility = eligibility_of(instance_of_tick(context), services, ORDERS, now)
            seen = read_memory(context.cursor)
            due = due_clients(services, eligibility, {client: memory.asked_at for client, memory in seen.items()})
            turns, quiet = _turns(eligibility, seen)
            states = asyncio.run(_ask_all(context, services, eligibility, questions, seen, turns=turns))
            heard.note(ORDERS, [client for client, state in states.items() if state.since is not None])
            changed = {
                client
                for client, state in states.items()
                if has_changes(state, (memory := seen[client]).listed)
                or (memory.asked_at and eligibility.is_lost(client, memory.asked_at))
            }
            if changed or due:  # A sweep may have requested a run while the stores were asked.
                eligibility = eligibility_of(instance_of_tick(context), services, ORDERS, now)
        except SetupError as error:
            return dg.SkipReason(str(error))
        requested = usual_requests(eligibility, (changed | due) & eligibility.free.keys())
        keep_states(seen, states, changed, clients_in(requested), now)
        cursor = write_memory(seen, eligibility)
        silent = _silent(seen, eligibility.free, {*states, *quiet})
        if requested:  # Dagster shows no text of such a tick, but its log.
            for sentence in silent:
                context.log.info(sentence)
            return dg.SensorResult(run_requests=requested, cursor=cursor)
        waiting = [f"{len(quiet)} quiet stores wait for their turn"] if quiet else []
        asked = [f"{len(states)} stores asked, no changes", *waiting]
        reason = eligibility.skip_reason("; ".join([*asked, *in_few(silent)]))
        return dg.SensorResult(skip_reason=reason, cursor=cursor)

    return notice


def _turns(eligibility: Eligibility, seen: dict[str, StoreMemory]) -> tuple[list[str], Collection[str]]:
    """The clients whose stores are asked now, in the order of their turns; and the clients with a quiet store."""
    setups, now = eligibility.free, eligibility.now
    turns = [client for client in setups if not seen.setdefault(client, StoreMemory()).is_paused(setups[client], now)]
    quiet = {client for client in turns if seen[client].may_wait(now)}
    in_order = in_turn(turns, lambda client: seen[client].left > 0, lambda client: seen[client].failures > 0)
    for client in turns:
        seen[client].left += 1  # Until it was asked.
    return [client for client in in_order if client not in quiet], quiet


def _silent(seen: Mapping[str, StoreMemory], free: Collection[str], heeded: Collection[str]) -> list[str]:
    """The stores that could not be asked, each with the reason and the time of the next try."""
    return [
        f"{client} could not be asked, next try after {seen[client].next_try_at:%H:%M} UTC: {seen[client].why}"
        if client in seen and seen[client].why
        else f"{client} was left for the next tick"
        for client in free
        if client not in heeded
    ]


async def _ask_all(
    context: dg.SensorEvaluationContext,
    services: Services,
    eligibility: Eligibility,
    questions: OrderQuestions,
    seen: Mapping[str, StoreMemory],
    *,
    turns: Sequence[str],
) -> dict[str, OrderListState]:
    """The states of the lists of the stores that answered; failures are kept in `seen`."""
    places = asyncio.Semaphore(_STORES_AT_ONCE)
    states: dict[str, OrderListState] = {}
    now = eligibility.now

    async def ask(setup: MasterSetup) -> None:
        memory = seen[setup.id]
        async with places:
            try:
                tried_at = eligibility.health(setup.id).tried_at
                if questions.needs_file(setup.id, tried_at):
                    question = await asyncio.to_thread(questions.of, setup, tried_at, now)
                else:
                    question = questions.of(setup, tried_at, now)
                async with asyncio.timeout(_SECONDS_PER_STORE):
                    states[setup.id] = await _list_state(services, setup, question)
            except TimeoutError:
                memory.failed(setup, now, f"no answer in {_SECONDS_PER_STORE:.0f} s")
            except (StoreError, SetupError) as error:
                memory.failed(setup, now, str(error).removeprefix(f"{setup.id}: "))
            except Exception as error:  # noqa: BLE001 - a fault of the program at one client affects no other client
                log_fault(context.log, error, f"{setup.id}: its store could not be asked")
                memory.failed(setup, now, failure_reason(error))
            else:
                memory.answered()
            memory.left = 0

    tasks = [asyncio.create_task(ask(eligibility.free[client])) for client in turns]
    if tasks:
        _, pending = await asyncio.wait(tasks, timeout=_SECONDS_PER_TICK)
        for task in pending:
            task.cancel()
    return states


async def _list_state(services: Services, setup: MasterSetup, question: OrderQuestion) -> OrderListState:
    since = question.changed_since
    async with services.store(setup, attempts=1, timeout=_SECONDS_PER_STORE) as store:
        total, order = await store.newest(statuses=question.statuses, changed_since=since)
    return OrderListState(int(since.timestamp()) if since else None, total, int(order.order_id) if order else 0)

"""Every tick over any mix of clients: Dagster accepts it, and it asks for exactly the due clients, each once."""

import enum
import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from npf_pipelines.automation.flows import FLOWS, Flow
from npf_pipelines.automation.run_requests import clients_in
from npf_pipelines.config.setup_fingerprint import fingerprint
from npf_pipelines.domain.failure_kind import FailureKind
from npf_pipelines.domain.health import Health
from npf_pipelines.rules.flow_health import failed
from npf_pipelines.runs.run_scope import scope_config, scope_tags
from npf_pipelines.state.health import keep_health
from npf_pipelines.state.tables import health
from npf_pipelines_tests.automation.ticks import look, register, tick
from npf_pipelines_tests.loop import Loop, small_loop, write_setup

CLIENTS = ("c0", "c1", "c2", "c3", "c4")
NOW = datetime.now(UTC).replace(minute=40, second=0, microsecond=0) + timedelta(hours=2)
"""The ticks' moment: well into every interval, so that a client that just ran isn't due."""


class State(enum.Enum):
    """The condition of one client before the tick."""

    NEW = "never ran"
    JUST_RAN = "ran a minute ago"
    REGULAR = "ran an hour ago"
    LATE = "last went well three days ago"
    BACK = "last went well 45 days ago"
    RESTING = "failed a minute ago"
    RETRY = "failed an hour ago"
    WRONG_KEY = "fails until something is changed"
    PAUSED = "paused"
    BUSY = "has a run in the queue"
    NO_FILE = "its file is gone"
    WRONG_FILE = "its file is wrong"
    CLOCK_AHEAD = "noted 20 hours ahead"


DUE = {State.NEW, State.REGULAR, State.LATE, State.BACK, State.RETRY, State.CLOCK_AHEAD}
BY_NIGHT = set(State) - {State.PAUSED, State.NO_FILE, State.WRONG_FILE}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    with small_loop(tmp_path_factory.mktemp("mix"), ("acme",)) as loop:
        (loop.settings.clients / "acme.yaml").unlink()
        register(loop, *CLIENTS)
        yield loop


def stand(loop: Loop, flow: str, client: str, state: State) -> None:
    """Bring the client into the state."""
    path = loop.settings.clients / f"{client}.yaml"
    write_setup(loop.settings.clients, client, loop.url)
    if state is State.PAUSED:
        path.write_text(path.read_text(encoding="utf-8") + "paused: true\n", encoding="utf-8")
    setup = loop.services.setups()[client]
    ago = {
        State.JUST_RAN: timedelta(minutes=1),
        State.LATE: timedelta(days=3),
        State.BACK: timedelta(days=45),
        State.CLOCK_AHEAD: -timedelta(hours=20),
    }.get(state, timedelta(hours=1))
    before = Health(client, flow, NOW - ago, NOW - ago)
    match state:
        case State.RESTING | State.RETRY:
            at = NOW - timedelta(minutes=1 if state is State.RESTING else 60)
            before = failed(
                before, FailureKind.TRANSIENT, "it is down", setup_print="", began=at, now=at, reached_today=True
            )
        case State.WRONG_KEY:
            key = fingerprint(setup)
            before = failed(
                before, FailureKind.PERMANENT, "401", setup_print=key, began=NOW, now=NOW, reached_today=True
            )
        case State.CLOCK_AHEAD:
            before = replace(before, failing_since=before.tried_at, next_try_at=before.tried_at, failures=2)
        case State.NO_FILE:
            path.unlink()
        case State.WRONG_FILE:
            path.write_text("id: [", encoding="utf-8")
    if state is not State.NEW:
        keep_health(loop.services.state, before)


def busy(loop: Loop, flow: str, clients: list[str]) -> dg.DagsterRun | None:
    """A run in the queue over the clients."""
    if not clients:
        return None
    job = loop.defs.resolve_job_def(f"{flow}_job")
    day = NOW.date()
    days = None if flow == "stock" else (day, day)
    return loop.instance.create_run_for_job(
        job, run_config=dict(scope_config(flow, clients, days)), tags=dict(scope_tags(flow, clients, days))
    )


def asked_for(requests: list[dg.RunRequest] | str) -> list[str]:
    if isinstance(requests, str):
        return []
    keys = [one.run_key for one in requests]
    assert all(keys)
    assert len(set(keys)) == len(keys)
    return sorted(itertools.chain.from_iterable(sorted(clients_in([one])) for one in requests))


@given(states=st.lists(st.sampled_from(State), min_size=5, max_size=5), flow=st.sampled_from(FLOWS))
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
def test_every_tick_asks_for_exactly_the_clients_that_are_due_each_once(
    world: Loop, states: list[State], flow: Flow
) -> None:
    name = flow.name
    with world.services.state.begin() as connection:
        connection.execute(health.delete())
    mix = dict(zip(CLIENTS, states, strict=True))
    for client, state in mix.items():
        stand(world, name, client, state)
    run = busy(world, name, [client for client, state in mix.items() if state is State.BUSY])
    try:
        due = sorted(client for client, state in mix.items() if state in DUE)
        assert asked_for(tick(world, f"{name}_sweep", NOW)) == due
        night = {"orders": "nightly_look_back", "shipments": "nightly_shipments", "stock": "nightly_stock"}[name]
        assert asked_for(tick(world, night, NOW)) == sorted(one for one, state in mix.items() if state in BY_NIGHT)
    finally:
        if run:
            world.instance.report_run_failed(run)


@pytest.mark.parametrize("sensor", ["clients_sensor", "lost_runs", "alerts", "new_orders", "platform_changes"])
def test_every_sensor_evaluates_with_one_client_in_each_state(loop: Loop, sensor: str) -> None:
    for state, flow in itertools.product(State, FLOWS):
        name = state.name.lower()
        register(loop, name)
        stand(loop, flow.name, name, state)
    asked, cursor, _ = look(loop, sensor)
    look(loop, sensor, cursor)
    assert len(clients_in(asked)) == len([client for one in asked for client in clients_in([one])])

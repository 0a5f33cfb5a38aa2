"""The runs that are requested at known times: at a held order's release, and at a client's cut-off."""

from datetime import UTC, datetime, timedelta

import time_machine

from npf_pipelines.cli.order_hold import FoundOrder, note_due_now
from npf_pipelines.domain.days import day_of
from npf_pipelines.domain.health import Health
from npf_pipelines.rules.flow_health import succeeded
from npf_pipelines.state.due_decisions import note_due
from npf_pipelines.state.health import keep_health
from npf_pipelines.state.pauses import pause_clients, resume_clients
from npf_pipelines_tests.automation.ticks import clients, days, look, register, tick
from npf_pipelines_tests.loop import Loop, write_setup

MINUTE = timedelta(minutes=1)


def tried(loop: Loop, at: datetime) -> None:
    for client in loop.stores:
        keep_health(loop.services.state, succeeded(Health(client, "orders"), at, reached_today=True))


def released(loop: Loop, at: datetime) -> None:
    day = day_of(at, loop.services.setups()["acme"].zone)
    note_due(loop.services.state, "acme", day - timedelta(days=2), [at])


def pulled(loop: Loop, at: datetime) -> str:
    """The sensor's cursor after a run of all clients that began at a moment: no store has changed since."""
    register(loop)
    with time_machine.travel(at - timedelta(seconds=1), tick=False):
        _, cursor, _ = look(loop, "new_orders")
    tried(loop, at)
    return cursor


def test_a_release_by_a_machine_whose_clock_is_behind_is_asked_for(loop: Loop) -> None:
    now = datetime.now(UTC)
    cursor = pulled(loop, now - 10 * MINUTE)
    with time_machine.travel(now - 20 * MINUTE, tick=False):
        note_due_now(loop.services, "acme", FoundOrder("1", days={now.date()}))
    assert clients(look(loop, "new_orders", cursor)[0]) == [["acme"]]


def test_a_release_is_asked_for_once_and_only_of_its_client(loop: Loop) -> None:
    now = datetime.now(UTC)
    cursor = pulled(loop, now - 10 * MINUTE)
    released(loop, now + MINUTE)
    assert look(loop, "new_orders", cursor)[0] == []
    with time_machine.travel(now + 3 * MINUTE, tick=False):
        asked, later, _ = look(loop, "new_orders", cursor)
        assert clients(asked) == [["acme"]]
        today = day_of(datetime.now(UTC), loop.services.setups()["acme"].zone)
        assert days(asked) == [(f"{today}", f"{today}")]
        assert look(loop, "new_orders", later)[0] == []
        tried(loop, now + MINUTE + timedelta(seconds=1))
        assert look(loop, "new_orders", cursor)[0] == [], "a run that began after the release has dealt with it"


def test_a_release_needs_no_answer_of_the_store(loop: Loop) -> None:
    now = datetime.now(UTC)
    cursor = pulled(loop, now - 10 * MINUTE)
    released(loop, now - MINUTE)
    loop.stores["acme"].switched_off = True
    asked, cursor, _ = look(loop, "new_orders", cursor)
    assert clients(asked) == [["acme"]]
    assert look(loop, "new_orders", cursor)[0] == []


def test_releases_of_many_orders_share_a_run_a_minute(loop: Loop) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    cursor = pulled(loop, now - 10 * MINUTE)
    for number in range(30):
        released(loop, now + number * timedelta(seconds=6))
    runs: list[timedelta] = []
    for number in range(16):  # A tick every 15 s, and each run begins at once.
        passed = number * timedelta(seconds=15)
        with time_machine.travel(now + passed, tick=False):
            asked, cursor, _ = look(loop, "new_orders", cursor)
            if asked:
                runs.append(passed)
                tried(loop, now + passed)
    assert runs == [timedelta(), MINUTE, 2 * MINUTE, 3 * MINUTE]


def test_a_run_that_is_lost_is_asked_for_again(loop: Loop) -> None:
    now = datetime.now(UTC)
    cursor = pulled(loop, now - 10 * MINUTE)
    released(loop, now - MINUTE)
    loop.stores["acme"].switched_off = True  # The change of a store that answers is asked for again in any case.
    _, cursor, _ = look(loop, "new_orders", cursor)
    with time_machine.travel(now + MINUTE, tick=False):
        assert look(loop, "new_orders", cursor)[0] == [], "runs that can't start are not requested at each tick"
    with time_machine.travel(now + 3 * MINUTE, tick=False):
        assert clients(look(loop, "new_orders", cursor)[0]) == [["acme"]]


def test_a_paused_client_is_asked_for_when_it_goes_on(loop: Loop) -> None:
    now = datetime.now(UTC)
    cursor = pulled(loop, now - 10 * MINUTE)
    released(loop, now - MINUTE)
    pause_clients(loop.services.state, ["acme"], "ana", "")
    assert look(loop, "new_orders", cursor)[0] == []
    resume_clients(loop.services.state, ["acme"])
    assert clients(look(loop, "new_orders", cursor)[0]) == [["acme"]]


def test_at_its_cut_off_a_client_is_pulled_once_more_by_the_sensor_or_else_by_the_sweep(loop: Loop) -> None:
    at = datetime.now(UTC).replace(second=0, microsecond=0) + 60 * MINUTE
    cursor = pulled(loop, at - timedelta(seconds=2))
    zone = loop.services.setups()["acme"].zone
    write_setup(loop.settings.clients, "acme", loop.url, orders={"cut_off": f"{at.astimezone(zone):%H:%M}"})
    with time_machine.travel(at - timedelta(seconds=1), tick=False):
        assert look(loop, "new_orders", cursor)[0] == []
    with time_machine.travel(at + timedelta(seconds=20), tick=False):
        asked, later, _ = look(loop, "new_orders", cursor)
        assert clients(asked) == [["acme"]]
        assert look(loop, "new_orders", later)[0] == []
        said = tick(loop, "orders_sweep", at + timedelta(seconds=20))
        assert isinstance(said, list)
        assert "acme" in clients(said)[0]
        tried(loop, at + timedelta(seconds=10))
        assert look(loop, "new_orders", cursor)[0] == []

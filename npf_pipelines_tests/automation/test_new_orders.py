"""The sensor of new orders: one request to each store, runs only for changes, and no store that slows the others."""

import asyncio
import itertools
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.automation import new_orders, order_questions
from npf_pipelines.automation import run_requests as asking
from npf_pipelines.automation.order_memory import StoreMemory, read_memory, write_memory
from npf_pipelines.automation.run_requests import Eligibility
from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.health import Health
from npf_pipelines.rules import turns
from npf_pipelines.rules.change_detection import OrderListState
from npf_pipelines.runs.run_scope import scope_config
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines.state.health import read_one
from npf_pipelines_tests.automation.ticks import clients, execute, look, register
from npf_pipelines_tests.loop import Loop, generated_store, opened_loop, write_setup
from npf_pipelines_tests.store_versions import BOTH


def place(store: SandboxStore, status: str = "P") -> int:
    product = next(one for one in store.products.values() if one.amount > 5 and one.tracked)
    return store.place_order([(product.product_id, 1)], status=status)


def settled(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> str:
    """The cursor of a sensor that has seen all that is there, and for whose stores all is known that can be."""
    monkeypatch.setattr(order_questions, "_OVERLAP", timedelta(0))
    loop.run("orders")
    asked, cursor, _ = look(loop, "new_orders")
    assert clients(asked) == [["acme", "bolt"]]
    while asked:
        assert all(run.success for run in execute(loop, "orders_job", asked))
        asked, cursor, _ = look(loop, "new_orders", cursor)
    lists_changes = {store.updated_at_filter for store in loop.stores.values()}
    assert {one.listed.since is not None for one in read_memory(cursor).values() if one.listed} == lists_changes
    return cursor


@pytest.fixture(**BOTH)
def versioned(request: pytest.FixtureRequest, loop: Loop) -> Loop:
    """A world whose stores can, or can't, list orders by their last change."""
    for store in loop.stores.values():
        store.version = request.param
    return loop


def test_a_new_order_asks_for_its_client_only_and_once(versioned: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = versioned
    cursor = settled(loop, monkeypatch)
    number = place(loop.stores["bolt"])
    asked, cursor, _ = look(loop, "new_orders", cursor)
    assert clients(asked) == [["bolt"]]
    assert look(loop, "new_orders", cursor)[0] == []
    execute(loop, "orders_job", asked)
    (decision,) = loop.rows(f"SELECT decision FROM filtered_orders WHERE client = 'bolt' AND order_id = '{number}'")  # noqa: S608
    assert decision == ("accepted",)


def test_a_look_is_one_request(versioned: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    cursor = settled(versioned, monkeypatch)
    before = {client: store.requests for client, store in versioned.stores.items()}
    look(versioned, "new_orders", cursor)
    assert {client: store.requests - before[client] for client, store in versioned.stores.items()} == {
        "acme": 1,
        "bolt": 1,
    }


@pytest.mark.parametrize(("left", "times"), [(1, [0, 1, 1, 2]), (3, [0, 0, 0, 1])])
def test_a_quiet_store_is_asked_at_every_second_tick_or_fourth(
    versioned: Loop, monkeypatch: pytest.MonkeyPatch, left: int, times: list[int]
) -> None:
    cursor = settled(versioned, monkeypatch)
    # As if the last change were long ago.
    monkeypatch.setattr(turns, "_LEFT_AFTER", ((timedelta(days=-1), left),))
    before = versioned.stores["acme"].requests
    said, asked = list[str](), list[int]()
    for _ in range(4):
        _, cursor, words = look(versioned, "new_orders", cursor)
        said.append(words)
        asked.append(versioned.stores["acme"].requests - before)
    assert asked == times
    waiting, now_asked = "0 stores asked, no changes; 2 quiet stores wait for their turn", "2 stores asked, no changes"
    assert said == [now_asked if after > before else waiting for before, after in itertools.pairwise([0, *times])]
    place(versioned.stores["bolt"])
    for _ in range(times.index(1)):
        noticed, cursor, _ = look(versioned, "new_orders", cursor)
        assert noticed == []
    assert clients(look(versioned, "new_orders", cursor)[0]) == [["bolt"]]


def test_a_cancellation_is_news_where_changes_are_listed(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    cursor = settled(loop, monkeypatch)
    store = loop.stores["acme"]
    paid = next(number for number, order in store.orders.items() if order.status == "P")
    store.change_status(paid, "I", user=False)
    assert clients(look(loop, "new_orders", cursor)[0]) == [["acme"]]


@pytest.mark.parametrize("seconds", [-200, 200])
def test_where_changes_are_listed_the_stores_clock_may_be_wrong(
    loop: Loop, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    """One that is ahead makes no order a change for minutes, and one that is behind lets none go by unnoticed."""
    passed = 0

    def clock() -> float:
        return time.time() + seconds + passed

    for store in loop.stores.values():
        store.clock = clock
        for order in store.orders.values():  # None in the store's own future.
            order.updated_at = min(order.updated_at, int(clock()) - 60)
    cursor = settled(loop, monkeypatch)
    passed += 3  # A store's times are whole seconds.
    place(loop.stores["bolt"])
    asked, cursor, _ = look(loop, "new_orders", cursor)
    assert clients(asked) == [["bolt"]]
    passed += 3
    time.sleep(1.1)  # The times of a question are whole seconds, too.
    assert all(run.success for run in execute(loop, "orders_job", asked))
    assert look(loop, "new_orders", cursor)[0] == []


def test_what_we_push_on_ourselves_is_no_news(versioned: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    cursor = settled(versioned, monkeypatch)
    store = versioned.stores["acme"]
    paid = next(number for number, order in store.orders.items() if order.status == "P")
    store.change_status(paid, "C", user=False)
    assert look(versioned, "new_orders", cursor)[0] == []


def test_what_was_noticed_while_a_run_is_not_over_is_noticed_again(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    cursor = settled(loop, monkeypatch)
    place(loop.stores["bolt"])
    asked, _, _ = look(loop, "new_orders", cursor)
    run = loop.instance.create_run_for_job(
        loop.defs.resolve_job_def("orders_job"), run_config=dict(asked[0].run_config)
    )
    asked, cursor, said = look(loop, "new_orders", cursor)
    assert (asked, "1 have a run that isn't over" in said) == ([], True)
    loop.instance.report_run_failed(run)
    assert clients(look(loop, "new_orders", cursor)[0]) == [["bolt"]]


def test_a_run_that_was_requested_while_the_stores_were_asked_is_enough(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(loop)
    ask_all, runs = new_orders._ask_all, list[dg.DagsterRun]()

    async def ask_and_request(*arguments: Any, **named: Any) -> dict[str, OrderListState]:
        states = await ask_all(*arguments, **named)
        config = scope_config("orders", ["bolt"], loop.days)
        runs.append(loop.instance.create_run_for_job(loop.defs.resolve_job_def("orders_job"), run_config=config))
        return states

    with monkeypatch.context() as patched:
        patched.setattr(new_orders, "_ask_all", ask_and_request)
        asked, cursor, _ = look(loop, "new_orders")
    assert clients(asked) == [["acme"]]
    loop.instance.report_run_failed(runs[0])
    assert clients(look(loop, "new_orders", cursor)[0]) == [["bolt"]]


def test_a_store_that_is_off_costs_the_others_nothing_and_is_asked_with_growing_pauses(loop: Loop) -> None:
    register(loop)
    loop.stores["acme"].switched_off = True
    asked, cursor, _ = look(loop, "new_orders")
    assert clients(asked) == [["bolt"]]
    assert loop.stores["acme"].requests == 1
    execute(loop, "orders_job", asked)
    _, cursor, _ = look(loop, "new_orders", cursor)  # The first question after a run may be another one.
    _, cursor, said = look(loop, "new_orders", cursor)
    assert "no changes; acme could not be asked, next try after " in said
    assert "503, too many calls or maintenance" in said
    assert loop.stores["acme"].requests == 1
    memory = read_memory(cursor)["acme"]
    assert memory.failures == 1
    assert memory.next_try_at > datetime.now(UTC)
    over = json.loads(cursor)["acme"]
    over[6] = int(datetime.now(UTC).timestamp() * 1000)
    loop.stores["acme"].switched_off = False
    asked, cursor, _ = look(loop, "new_orders", json.dumps({"acme": over}))
    assert ["acme", "bolt"] in clients(asked)
    assert read_memory(cursor)["acme"].failures == 0


def test_a_mended_setup_ends_the_pause_at_once(loop: Loop) -> None:
    register(loop)
    write_setup(loop.settings.clients, "acme", "http://127.0.0.1:9")
    _, cursor, _ = look(loop, "new_orders")
    assert read_memory(cursor)["acme"].failures == 1
    write_setup(loop.settings.clients, "acme", loop.url)
    asked, cursor, _ = look(loop, "new_orders", cursor)
    assert "acme" in clients(asked)[0]
    assert read_memory(cursor)["acme"].failures == 0


def test_a_store_that_hangs_is_given_up(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(new_orders, "_SECONDS_PER_STORE", 0.5)
    register(loop)
    loop.stores["acme"].hangs = True
    try:
        asked, cursor, _ = look(loop, "new_orders")
    finally:
        loop.stores["acme"].hangs = False
    assert clients(asked) == [["bolt"]]
    assert read_memory(cursor)["acme"].failures == 1


def test_one_with_a_wrong_key_is_not_asked_at_all(loop: Loop) -> None:
    register(loop)
    loop.stores["acme"].api_key = "another"
    loop.run("orders")
    assert read_one(loop.services.state, "acme", "orders").is_permanent
    before = loop.stores["acme"].requests
    _, cursor, _ = look(loop, "new_orders")
    _, _, said = look(loop, "new_orders", cursor)
    assert loop.stores["acme"].requests == before
    assert "acme: failing, left alone until something is changed: " in said
    assert "401" in said


def test_a_paused_client_is_not_asked(loop: Loop) -> None:
    path = loop.settings.clients / "acme.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "paused: true\n", encoding="utf-8")
    register(loop)
    asked, _, _ = look(loop, "new_orders")
    assert clients(asked) == [["bolt"]]
    assert loop.stores["acme"].requests == 0


def test_a_cursor_that_makes_no_sense_is_replaced(loop: Loop) -> None:
    register(loop)
    assert clients(look(loop, "new_orders", "{what?")[0]) == [["acme", "bolt"]]


def test_news_whose_run_died_before_its_walk_are_asked_for_again(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    cursor = settled(loop, monkeypatch)
    place(loop.stores["bolt"])
    asked, cursor, _ = look(loop, "new_orders", cursor)
    assert clients(asked) == [["bolt"]]
    # Not at once: where runs can't begin at all, each tick would request a run.
    assert look(loop, "new_orders", cursor)[0] == []
    monkeypatch.setattr(asking, "_LONGEST_START", timedelta())
    asked, cursor, _ = look(loop, "new_orders", cursor)
    assert clients(asked) == [["bolt"]]
    monkeypatch.undo()
    execute(loop, "orders_job", asked)
    _, cursor, _ = look(loop, "new_orders", cursor)
    assert look(loop, "new_orders", cursor)[0] == []


def test_the_cursor_of_a_full_cell_is_small(loop: Loop) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    hour = now.replace(minute=0, second=0)
    setup = loop.services.setups()["acme"]
    memory = {
        f"a-client-{number:04}": StoreMemory(OrderListState(1_795_817_288, 12_345, 123_456), now, changed_at=hour)
        for number in range(250)
    }
    for store in list(memory.values())[:50]:
        store.failed(setup, now, "no answer in 5 s")
    eligibility = Eligibility(now, list(memory), {}, (), {}, None, "orders", {})
    cursor = write_memory(memory, eligibility)
    assert len(cursor) < 20_000
    assert read_memory(cursor) == memory
    assert not memory["a-client-0000"].is_paused(loop.services.setups()["bolt"], now)
    assert memory["a-client-0000"].is_paused(setup, now)
    # A request that a run has taken up is not kept.
    health = {("a-client-0001", "orders"): Health("a-client-0001", "orders", tried_at=now)}
    kept = read_memory(write_memory(memory, replace(eligibility, _health=health)))
    assert [kept[f"a-client-000{number}"].asked_at for number in (1, 2)] == [None, now]
    earlier = {"look": {"since": None, "total": 3, "newest": 4}, "asked_at": now.isoformat(), "failures": 2}
    assert read_memory(json.dumps({"acme": earlier})) == {}, "begun anew"


@pytest.mark.parametrize(
    "fields", ["[1]", "[1,2,[]]", "[1,2,3,0,0,0,0,1]", f"[1,2,3,{10**40}]", f"[1,2,3,0,{10**18}]", "[1,2,3,-1]"]
)
def test_a_damaged_cursor_is_begun_again(fields: str) -> None:
    assert read_memory(f'{{"acme":{fields}}}') == {}


@given(
    st.builds(
        StoreMemory,
        st.none() | st.builds(OrderListState, st.none() | st.integers(0, 2**31), st.integers(0), st.integers(0)),
        st.none() | st.integers(1, 2**31).map(lambda second: datetime.fromtimestamp(second, UTC)),
        st.integers(0, 99),
        st.integers(0, 2**31).map(lambda second: datetime.fromtimestamp(second, UTC)),
        st.text(max_size=80),
        st.text("0f:", max_size=33),
        st.integers(0, 9),
        st.integers(0, 2**25).map(lambda minute: datetime.fromtimestamp(60 * minute, UTC)),
    )
)
def test_a_cursor_keeps_all_of_a_store(store: StoreMemory) -> None:
    eligibility = Eligibility(datetime.now(UTC), ["acme"], {}, (), {}, None, "orders", {})
    assert read_memory(write_memory({"acme": store}, eligibility)) == {"acme": store}


def test_stores_whose_turn_did_not_come_are_the_first_of_the_next_tick(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 16 stores six hang, and a tick has time for half of the others: two ticks ask all ten."""
    names = tuple(f"c{number:02}" for number in range(16))
    hanging = set(names[:6])
    asked: list[str] = []

    async def list_state(_: object, setup: MasterSetup, __: object) -> OrderListState:
        asked.append(setup.id)
        await asyncio.sleep(60 if setup.id in hanging else 0.2)
        return OrderListState(None, 0, 0)

    monkeypatch.setattr(new_orders, "_list_state", list_state)
    monkeypatch.setattr(new_orders, "_STORES_AT_ONCE", 8)
    monkeypatch.setattr(new_orders, "_SECONDS_PER_STORE", 0.5)
    monkeypatch.setattr(new_orders, "_SECONDS_PER_TICK", 0.55)
    with opened_loop(tmp_path, {}) as loop:
        for name in names:
            write_setup(loop.settings.clients, name, loop.url)
        register(loop, *names)
        cursor: str | None = None
        for _ in range(2):
            _, cursor, _ = look(loop, "new_orders", cursor)
    memory = read_memory(cursor)
    assert {name for name in names if memory[name].listed} == set(names) - hanging
    assert {name: asked.count(name) for name in hanging} == dict.fromkeys(hanging, 1)


@pytest.mark.long
def test_250_stores_are_asked_within_two_ticks_though_50_more_hang(tmp_path: Path) -> None:
    names = [f"client{number:03}" for number in range(300)]
    hanging = set(names[::6])
    stores = {name: generated_store(name, number, orders=2, products=3, days=2) for number, name in enumerate(names)}
    with opened_loop(tmp_path, stores) as loop:
        register(loop, *names)
        for name in hanging:
            stores[name].hangs = True
        try:
            cursor: str | None = None
            for _ in range(2):
                _, cursor, _ = look(loop, "new_orders", cursor)
        finally:
            for name in hanging:
                stores[name].hangs = False
    memory = read_memory(cursor)
    assert [name for name in names if name not in hanging and not memory[name].listed] == []
    assert len(cursor or "") < 20_000

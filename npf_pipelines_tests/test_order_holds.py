"""Orders that are held before their import: by a grace period, a rule or a person; on stores old and new."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from typer.testing import CliRunner

from npf_pipelines.cli import app, hold
from npf_pipelines.domain.days import day_of
from npf_pipelines.domain.outcomes import Decision, Rule
from npf_pipelines.domain.platform_orders import OrderStatus
from npf_pipelines.lake.order_history import read_history
from npf_pipelines.platform.gateway import Platform
from npf_pipelines.platform.tables import order_lines, orders
from npf_pipelines.rules.mass_changes import MOST_OLD_IMPORTS
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines.state.due_decisions import latest_due, read_due
from npf_pipelines.state.hold_actions import held_orders, read_hold_actions
from npf_pipelines.state.lease import Lease, held_now
from npf_pipelines_tests.automation.ticks import clients, execute, look, register
from npf_pipelines_tests.loop import Loop, copied_loop
from npf_pipelines_tests.order_steps import (
    automated,
    change_setup,
    decision,
    on_platform,
    outcomes,
    place,
    platform_row,
    stage,
    tables_agree,
    today,
)
from npf_pipelines_tests.shared_worlds import SharedWorlds, pull
from npf_pipelines_tests.store_versions import BOTH

MINUTES_PER_DAY = 1 / 1440


@pytest.fixture(**BOTH)
def loop(worlds: SharedWorlds, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Loop]:
    """A world with a store of an older or a newer version, all of whose orders have been pulled."""
    with copied_loop(worlds.of(pull, "acme", request.param), tmp_path) as world:
        yield world


@pytest.fixture
def store(loop: Loop) -> SandboxStore:
    """That store."""
    return loop.stores["acme"]


def placed(store: SandboxStore, minutes: float, **more: Any) -> int:
    """An order that was placed so many minutes ago, and not changed since."""
    order_id = place(store, days=minutes * MINUTES_PER_DAY, **more)
    store.orders[order_id].updated_at = store.orders[order_id].timestamp
    return order_id


def npf(loop: Loop, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str]:
    """The exit code of a command, and its output."""
    monkeypatch.setenv("NPF_DATA", str(loop.settings.data))
    done = CliRunner().invoke(app, arguments)
    return done.exit_code, " ".join(done.output.split())


def release_at(loop: Loop, order_id: int) -> datetime | None:
    """The time of release of an order."""
    query = f"SELECT release_at FROM filtered_orders WHERE client = 'acme' AND order_id = '{order_id}'"  # noqa: S608
    ((at,),) = loop.rows(query)
    return at.astimezone(UTC) if at else None


def events(loop: Loop, order_id: int) -> list[str]:
    """The events in the trace of an order, without their reasons."""
    with loop.services.lake.connect("acme") as lake:
        history = read_history(lake, "acme", str(order_id), "CS")
    assert history is not None
    return [event.what.partition(":")[0] for event in history.events]


def is_imported(loop: Loop, order_id: int) -> bool:
    return str(order_id) in on_platform(loop).values()


def lately(loop: Loop) -> list[str]:
    """A run of yesterday and today: an order of half an hour ago may be of either."""
    day = day_of(datetime.now(UTC), loop.services.setups()["acme"].zone)
    return [run.failure for run in loop.run("orders", "acme", days=(day - timedelta(days=1), day))]


def seen_by_sensor(loop: Loop) -> str:
    """The cursor of a tick that has noticed what is in the store: the last seconds before a run count as changes."""
    return look(loop, "new_orders")[1]


def test_an_order_waits_for_its_time_and_is_then_imported_by_itself(loop: Loop, store: SandboxStore) -> None:
    change_setup(loop, orders={"hold_minutes": 30})
    register(loop, "acme")
    young, old = placed(store, 1), placed(store, 31)
    assert lately(loop) == [""]
    cursor = seen_by_sensor(loop)
    assert is_imported(loop, old)
    assert not is_imported(loop, young)
    assert decision(loop, young) == (Decision.HELD, Rule.GRACE_PERIOD)
    at = datetime.fromtimestamp(store.orders[young].timestamp, UTC) + timedelta(minutes=30)
    assert release_at(loop, young) == at
    assert [list(moments) for moments in read_due(loop.services.state, "acme").values()] == [[at]]
    assert look(loop, "new_orders", cursor)[0] == []
    assert latest_due(loop.services.state, at) == {"acme": at}
    change_setup(loop, orders={"hold_minutes": 1})
    assert lately(loop) == [""]
    assert is_imported(loop, young)
    assert read_due(loop.services.state, "acme") == {}
    assert events(loop, young)[1:] == ["Held", "Released and accepted", "Imported into the warehouse"]


def test_the_sensor_asks_for_a_run_of_a_released_order_also_of_an_earlier_day(
    loop: Loop, store: SandboxStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order is of the day before: no run of today would pull it without a change in the store."""
    change_setup(loop, orders={"hold": {"total_above": 1}})
    register(loop, "acme")
    order_id = place(store, days=1)
    assert today(loop) == [""]
    cursor = seen_by_sensor(loop)
    assert decision(loop, order_id) == (Decision.HELD, Rule.HELD_BY_RULE)
    assert release_at(loop, order_id) is None
    assert look(loop, "new_orders", cursor)[0] == []
    code, said = npf(loop, monkeypatch, "release", "acme", str(order_id), "--reason", "paid by transfer")
    assert code == 0, said
    assert look(loop, "new_orders", cursor)[0] == [], "the last run began just now"
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=1)):
        asked, cursor, _ = look(loop, "new_orders", cursor)
        assert clients(asked) == [["acme"]]
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=2)):
        assert look(loop, "new_orders", cursor)[0] == [], "the same moment is asked for once"
    assert [run.success for run in execute(loop, "orders_job", asked)] == [True]
    assert is_imported(loop, order_id)
    assert latest_due(loop.services.state, datetime.now(UTC)) == {}
    reported = events(loop, order_id)
    assert reported[1:] == ["Held", "Released and accepted", "Imported into the warehouse"]
    tables_agree(loop)


def test_an_edit_while_held_begins_the_grace_period_again_and_reaches_the_platform(
    loop: Loop, store: SandboxStore
) -> None:
    change_setup(loop, orders={"hold_minutes": 30})
    order_id = placed(store, 29)
    assert lately(loop) == [""]
    first = release_at(loop, order_id)
    assert first is not None
    store.orders[order_id].notes = "ring twice"
    store.orders[order_id].updated_at = store.now
    assert lately(loop) == [""]
    later = release_at(loop, order_id)
    assert later is not None
    assert later - first > timedelta(minutes=28)
    assert not is_imported(loop, order_id)
    change_setup(loop)
    assert lately(loop) == [""]
    assert platform_row(loop, order_id)["notes"] == "ring twice"
    assert events(loop, order_id)[1:4] == ["Held", "Held", "Released and accepted"]


def test_an_order_cancelled_while_held_never_comes_to_the_platform(loop: Loop, store: SandboxStore) -> None:
    change_setup(loop, orders={"hold_minutes": 30})
    order_id = placed(store, 1)
    assert today(loop) == [""]
    store.change_status(order_id, "I")
    assert today(loop) == [""]
    assert decision(loop, order_id) == (Decision.REJECTED, Rule.STATUS)
    assert read_due(loop.services.state, "acme") == {}
    change_setup(loop)
    assert today(loop) == [""]
    assert not is_imported(loop, order_id)
    assert events(loop, order_id)[1:] == ["Held", "Rejected"]


def test_a_person_holds_and_releases_an_order(loop: Loop, store: SandboxStore, monkeypatch: pytest.MonkeyPatch) -> None:
    order_id = placed(store, 1)
    code, said = npf(loop, monkeypatch, "hold", "acme", f"CS{order_id}", "--reason", "asked by phone")
    assert code == 0
    assert f"order {order_id} is held at" in said
    assert "No run has pulled it yet" in said
    assert today(loop) == [""]
    assert decision(loop, order_id) == (Decision.HELD, Rule.HELD_BY_PERSON)
    assert not is_imported(loop, order_id)
    # Tables, pages and the UI are kept for longer than a person's words may be.
    assert loop.rows("SELECT 1 FROM filtered_orders WHERE filtered_orders::VARCHAR LIKE '%phone%'") == []
    assert "asked by phone" in npf(loop, monkeypatch, "trace", "acme", str(order_id), "--json")[1]
    assert "It stays so" in npf(loop, monkeypatch, "hold", "acme", str(order_id))[1]
    assert npf(loop, monkeypatch, "release", "acme", str(order_id))[0] == 0
    code, said = npf(loop, monkeypatch, "release", "acme", str(order_id))
    assert code == 1
    assert "was released at" in said
    assert today(loop) == [""]
    assert is_imported(loop, order_id)
    stage(loop, order_id, OrderStatus.READY_FOR_PROCESS)
    code, said = npf(loop, monkeypatch, "hold", "acme", str(order_id))
    assert code == 1
    assert f"order CS{order_id} can't be held: it has been on the platform since" in said
    assert "and is ready for process there" in said
    assert npf(loop, monkeypatch, "hold", "acme", "no-number")[0] == 1


def test_the_answer_about_an_order_that_is_being_imported_is_true(
    loop: Loop, store: SandboxStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = placed(store, 1)
    has_begun, importing = threading.Event(), Platform.import_orders

    def import_slowly(*arguments: Any) -> Any:
        has_begun.set()
        time.sleep(2.5)
        return importing(*arguments)

    monkeypatch.setattr(Platform, "import_orders", import_slowly)
    with ThreadPoolExecutor(1) as threads:
        run = threads.submit(today, loop)
        assert has_begun.wait(60)
        code, said = npf(loop, monkeypatch, "hold", "acme", str(order_id))
        assert run.result() == [""]
    assert is_imported(loop, order_id)
    assert "a run of orders is at work, and may have begun to import" in said
    assert (code, f"order CS{order_id} can't be held" in said) == (1, True)
    assert read_hold_actions(loop.services.state, "acme") == {}


def test_a_hold_waits_for_the_run_at_work_and_says_when_it_does_not_know(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = Lease(loop.services.state, "acme", "orders")
    lease.take()
    with monkeypatch.context() as patched:
        patched.setattr(hold, "_LONGEST_WAIT", -1.0)
        code, said = npf(loop, monkeypatch, "hold", "acme", "77", "--reason", "a wish")
    assert (code, "the hold on order 77 is set, but a run of orders" in said) == (3, True)
    assert held_orders(loop.services.state, "acme") == {"77"}
    threading.Timer(0.3, lease.give_back).start()
    code, said = npf(loop, monkeypatch, "hold", "acme", "77")
    assert (code, ": a wish. It stays so." in said) == (0, True)
    assert held_now(loop.services.state, "orders") == set()


def test_an_order_of_an_earlier_day_goes_on_when_the_setup_lifts_its_rule(loop: Loop, store: SandboxStore) -> None:
    change_setup(loop, orders={"hold": {"total_above": 1}})
    order_id = placed(store, 2 * 1440)
    assert automated(loop, loop.days)
    assert decision(loop, order_id) == (Decision.HELD, Rule.HELD_BY_RULE)
    assert today(loop) == [""]
    assert decision(loop, order_id) == (Decision.HELD, Rule.HELD_BY_RULE)
    change_setup(loop, orders={"hold": {"total_above": 100_000}})
    assert today(loop) == [""]
    assert is_imported(loop, order_id)


def test_an_order_that_is_taken_up_again_is_held_like_a_new_one(
    loop: Loop, store: SandboxStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = placed(store, 1)
    assert today(loop) == [""]
    store.change_status(order_id, "I")
    change_setup(loop, orders={"hold": {"total_above": 1}})
    assert today(loop) == [""]
    assert platform_row(loop, order_id)["status"] == OrderStatus.CANCELLED
    assert decision(loop, order_id) == (Decision.ACCEPTED, Rule.ALREADY_IMPORTED)
    store.change_status(order_id, "P")
    assert today(loop) == [""]
    assert decision(loop, order_id) == (Decision.HELD, Rule.HELD_BY_RULE)
    assert platform_row(loop, order_id)["status"] == OrderStatus.CANCELLED
    assert npf(loop, monkeypatch, "hold", "acme", str(order_id))[0] == 0
    change_setup(loop)
    assert today(loop) == [""]
    assert decision(loop, order_id) == (Decision.HELD, Rule.HELD_BY_PERSON)
    assert npf(loop, monkeypatch, "release", "acme", str(order_id))[0] == 0
    assert today(loop) == [""]
    assert platform_row(loop, order_id)["status"] == OrderStatus.IMPORTED


def test_the_units_of_a_held_order_are_not_sold_again(loop: Loop, store: SandboxStore) -> None:
    loop.work()
    order_id = placed(store, 1, amount=3)
    (line,) = store.orders[order_id].lines
    change_setup(loop, orders={"hold_minutes": 30})
    assert [run.failure for run in loop.run("stock", "acme", override_change_limit=True)] == [""]
    query = f"SELECT in_flight FROM stock_snapshots WHERE client = 'acme' AND sku = '{line.product_code}'"  # noqa: S608
    ((before,),) = loop.rows(query)
    assert today(loop) == [""]
    assert decision(loop, order_id)[0] == Decision.HELD
    assert [run.failure for run in loop.run("stock", "acme", override_change_limit=True)] == [""]
    ((held,),) = loop.rows(query)
    assert held == before
    assert held >= 3


def test_an_order_that_misses_the_cut_off_is_counted(loop: Loop, store: SandboxStore) -> None:
    zone = loop.services.setups()["acme"].zone
    cut_off = datetime.now(UTC) - timedelta(minutes=2)
    change_setup(loop, orders={"cut_off": f"{cut_off.astimezone(zone):%H:%M}"})
    at = cut_off.replace(second=0, microsecond=0)
    with loop.services.platform_engine.begin() as connection:  # The client was live at the cut-off.
        connection.execute(sa.update(orders).values(imported_at=at - timedelta(days=1)))
    late = placed(store, 10)
    in_time = placed(store, 0)
    assert today(loop) == [""]
    query = "SELECT order_id, missed_cut_off FROM platform_orders WHERE client = 'acme' AND missed_cut_off IS NOT NULL"
    assert [(order_id, when.astimezone(UTC)) for order_id, when in loop.rows(query)] == [(str(late), at)]
    assert is_imported(loop, in_time)
    # Another cut-off changes nothing of what was found.
    change_setup(loop, orders={"cut_off": f"{(cut_off - timedelta(minutes=5)).astimezone(zone):%H:%M}"})
    assert today(loop) == [""]
    assert [order_id for order_id, _ in loop.rows(query)] == [str(late)]


def test_many_old_orders_that_were_held_are_no_mass_import_when_they_are_released(
    loop: Loop, store: SandboxStore
) -> None:
    change_setup(loop, orders={"hold": {"total_above": 1}})
    old = {str(place(store, days=3)) for _ in range(MOST_OLD_IMPORTS + 1)}
    assert automated(loop, loop.days)
    assert old.isdisjoint(on_platform(loop).values())
    change_setup(loop)
    assert automated(loop, loop.days)
    assert old <= set(on_platform(loop).values())
    assert outcomes(loop, "held") == set()
    # A backup of the platform is played back: these orders were imported once, and the limit holds them.
    with loop.services.platform_engine.begin() as connection:
        number = sa.select(orders.c.order_number).where(orders.c.client == "acme", orders.c.store_order_id.in_(old))
        connection.execute(sa.delete(order_lines).where(order_lines.c.order_number.in_(number.scalar_subquery())))
        connection.execute(sa.delete(orders).where(orders.c.client == "acme", orders.c.store_order_id.in_(old)))
    for _ in range(2):
        assert automated(loop, loop.days)
        assert outcomes(loop, "held") == old

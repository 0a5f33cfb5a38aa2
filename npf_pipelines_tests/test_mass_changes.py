"""Very many old imports or cancellations at once, in a run that nobody watches: a person has to confirm them."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from npf_pipelines.reconcile.held_back import HeldBack
from npf_pipelines.rules.mass_changes import MOST_OLD_IMPORTS, most_cancellations
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines.state.open_items import read_open_items
from npf_pipelines_tests.loop import Loop, copied_loop
from npf_pipelines_tests.order_steps import audit, automated, change_setup, on_platform, outcomes, place, platform_row
from npf_pipelines_tests.shared_worlds import SharedWorlds, pull


@pytest.fixture
def loop(worlds: SharedWorlds, tmp_path: Path) -> Iterator[Loop]:
    """A world with a store whose orders were pulled well just now."""
    with copied_loop(worlds.of(pull, "acme"), tmp_path) as world:
        yield world


@pytest.fixture
def store(loop: Loop) -> SandboxStore:
    """That store."""
    return loop.stores["acme"]


def old_orders(store: SandboxStore, count: int) -> set[str]:
    """Orders of three days ago that no run has seen."""
    return {str(place(store, days=3)) for _ in range(count)}


def held_rows(loop: Loop) -> int:
    """How many orders are counted as held."""
    return sum(one.rows for one in read_open_items(loop.services.state) if one.kind == "order_held")


def test_twenty_old_orders_come_by_themselves(loop: Loop, store: SandboxStore) -> None:
    old = old_orders(store, MOST_OLD_IMPORTS)
    assert automated(loop, loop.days)
    assert old <= set(on_platform(loop).values())
    assert outcomes(loop, "held") == set()


def test_one_more_is_held_until_a_person_confirms(loop: Loop, store: SandboxStore) -> None:
    old = old_orders(store, MOST_OLD_IMPORTS + 1)
    new = str(place(store, days=0))
    assert automated(loop, loop.days)
    assert outcomes(loop, "held") == old
    assert old.isdisjoint(on_platform(loop).values())
    assert new in on_platform(loop).values()
    assert held_rows(loop) == len(old)

    # Nor do they come a few at a time.
    store.change_status(int(min(old)), "F")
    assert automated(loop, loop.days)
    assert outcomes(loop, "held") == old - {min(old)}

    last = loop.days[1]
    assert [one.failure for one in loop.run("orders", "acme", days=(last, last), confirm_held=True)] == [""]
    assert old - {min(old)} <= set(on_platform(loop).values())
    assert outcomes(loop, "held") == set()
    assert held_rows(loop) == 0


def test_in_trial_held_orders_stay_held_until_a_person_confirms(loop: Loop, store: SandboxStore) -> None:
    old = old_orders(store, MOST_OLD_IMPORTS + 1)
    assert automated(loop, loop.days)
    change_setup(loop, mode="trial")
    assert automated(loop, loop.days)
    assert outcomes(loop, "held") == old
    last = loop.days[1]
    assert [one.failure for one in loop.run("orders", "acme", days=(last, last), confirm_held=True)] == [""]
    assert outcomes(loop, "planned") == old
    assert old.isdisjoint(on_platform(loop).values())
    change_setup(loop)
    assert automated(loop, loop.days)
    assert old <= set(on_platform(loop).values())


def test_what_is_held_is_listed_aside_and_is_no_gap(loop: Loop, store: SandboxStore) -> None:
    old = old_orders(store, MOST_OLD_IMPORTS + 1)
    assert automated(loop, loop.days)
    listed = audit(loop, "set_aside").metadata["aside"]
    assert isinstance(listed, dg.TableMetadataValue)
    held = {one.data["number"] for one in listed.records if one.data["client"] == "acme"}
    assert {f"CS{order_id}" for order_id in old} <= held
    missing = audit(loop, "gap_audit").metadata["missing"]
    gaps = missing.records if isinstance(missing, dg.TableMetadataValue) else []
    assert old.isdisjoint(one.data["order"] for one in gaps)


def test_a_scheduled_run_that_confirms_holds_nothing(loop: Loop, store: SandboxStore) -> None:
    old = old_orders(store, MOST_OLD_IMPORTS + 1)
    assert automated(loop, loop.days, confirm_held=True)
    assert old <= set(on_platform(loop).values())


def test_what_a_person_runs_is_never_held(loop: Loop, store: SandboxStore) -> None:
    old = old_orders(store, MOST_OLD_IMPORTS + 1)
    assert [one.failure for one in loop.run("orders", "acme")] == [""]
    assert old <= set(on_platform(loop).values())


def test_units_of_held_orders_are_not_for_sale(loop: Loop, store: SandboxStore) -> None:
    old = old_orders(store, MOST_OLD_IMPORTS + 1)
    sku = store.orders[int(min(old))].lines[0].product_code
    assert automated(loop, loop.days)
    loop.work()
    loop.run("stock", "acme", override_change_limit=True)
    query = f"SELECT in_flight FROM stock_snapshots WHERE client = 'acme' AND sku = '{sku}'"  # noqa: S608
    ((in_flight,),) = loop.rows(query)
    assert in_flight >= 2 * len(old)


def test_a_wave_of_cancellations_is_held_until_a_person_confirms(loop: Loop, store: SandboxStore) -> None:
    orders = [place(store, days=1) for _ in range(15)]
    loop.run("orders", "acme")
    for order_id in orders[:11]:
        store.change_status(order_id, "I")
    assert most_cancellations(len(on_platform(loop))) < 11
    assert automated(loop, loop.days)
    assert outcomes(loop, "held") == {str(order_id) for order_id in orders[:11]}
    assert {platform_row(loop, order_id)["status"] for order_id in orders} == {"imported"}
    assert [one.failure for one in loop.run("orders", "acme")] == [""]
    assert {platform_row(loop, order_id)["status"] for order_id in orders[:11]} == {"cancelled"}
    assert outcomes(loop, "held") == set()


def test_ten_cancellations_come_by_themselves(loop: Loop, store: SandboxStore) -> None:
    orders = [place(store, days=1) for _ in range(10)]
    loop.run("orders", "acme")
    for order_id in orders:
        store.change_status(order_id, "I")
    assert automated(loop, loop.days)
    assert {platform_row(loop, order_id)["status"] for order_id in orders} == {"cancelled"}


def test_a_cancellation_that_a_broken_run_left_undone_is_found_again(
    loop: Loop, store: SandboxStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = place(store, days=3)
    loop.run("orders", "acme")
    read_until = loop.rows("SELECT changes_read_until FROM store_facts WHERE client = 'acme'")
    store.change_status(order_id, "I")
    last = loop.days[1]
    with monkeypatch.context() as broken:
        broken.setattr(HeldBack, "finish", lambda _: 1 / 0)
        assert not automated(loop, (last, last))
    assert platform_row(loop, order_id)["status"] == "imported"
    assert loop.rows("SELECT changes_read_until FROM store_facts WHERE client = 'acme'") == read_until
    assert automated(loop, (last, last))
    assert platform_row(loop, order_id)["status"] == "cancelled"
    assert loop.rows("SELECT changes_read_until FROM store_facts WHERE client = 'acme'") > read_until

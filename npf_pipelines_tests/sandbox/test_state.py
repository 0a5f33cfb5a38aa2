"""Tests of the file that a sandbox comes back from."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from npf_pipelines.sandbox.generate import generate_store
from npf_pipelines.sandbox.model import Combination, Product
from npf_pipelines.sandbox.order_answers import order_detail
from npf_pipelines.sandbox.samples import sample_store
from npf_pipelines.sandbox.state import StateFile
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.sandbox.conftest import NOON
from npf_pipelines_tests.sandbox.test_generate import LAST_DAY


def _everything(store: SandboxStore) -> object:
    return (
        store.store_id,
        store.version,
        store.api_user,
        store.api_key,
        store.currency,
        store.time_zone,
        store.items_per_page,
        store.whole_orders_in_lists,
        store.orders,
        store.products,
        store.shipments,
        store.statuses,
        store.shippings,
        store.mails,
        store.next_order_id,
        store.next_shipment_id,
        store.listed(),
    )


def test_a_new_file_is_empty(tmp_path: Path) -> None:
    with StateFile(tmp_path / "deep" / "sandbox.sqlite") as state:
        assert state.load() == {}


def test_stores_come_back_whole(tmp_path: Path) -> None:
    made = [
        generate_store("acme", seed=1, orders=120, products=30, days=9, today=LAST_DAY, version=(4, 11, 5)),
        sample_store("documented"),
    ]
    with StateFile(tmp_path / "sandbox.sqlite") as state:
        for store in made:
            state.keep(store)
    with StateFile(tmp_path / "sandbox.sqlite") as state:
        loaded = state.load()
    assert [_everything(store) for store in loaded.values()] == [_everything(store) for store in made]
    assert order_detail(loaded["documented"], loaded["documented"].orders[96]) == order_detail(
        made[1], made[1].orders[96]
    )


def test_each_change_is_written_through(tmp_path: Path, store: SandboxStore) -> None:
    with StateFile(tmp_path / "sandbox.sqlite") as state, StateFile(tmp_path / "sandbox.sqlite") as reader:
        state.keep(store)
        order_id = store.place_order([(11, 2), (12, 1)])
        first = store.save_shipment(order_id, {"1": 1}, shipping_id=1, carrier="ups", notify=True)
        store.correct_shipment(first, {"tracking_number": "1Z"})
        second = store.save_shipment(order_id, {}, shipping_id=1)
        store.delete_shipment(second)
        store.change_status(order_id, "I")
        store.rebuild_order(order_id)
        store.set_amount(12, 0)
        store.set_amount(12, 4)
        combinations = {71: Combination(71, "SHIRT-S", {3: 12}, amount=5)}
        store.add_product(Product(20, "SHIRT", "Shirt", 900, amount=9, tracking="O", combinations=combinations))
        store.set_combination_amount(71, 4)
        store.place_order([(20, 1, 71)])
        assert _everything(reader.load()[store.store_id]) == _everything(store)


def test_a_loaded_store_is_recorded_on(tmp_path: Path, store: SandboxStore) -> None:
    with StateFile(tmp_path / "sandbox.sqlite") as state:
        state.keep(store)
        state.load(clock=lambda: NOON)[store.store_id].place_order([(11, 1)])
        assert list(state.load()[store.store_id].orders) == [1]


def test_keeping_replaces_what_the_file_had(tmp_path: Path, store: SandboxStore) -> None:
    with StateFile(tmp_path / "sandbox.sqlite") as state:
        state.keep(store)
        store.place_order([(11, 1)])
        fresh = SandboxStore(store.store_id)
        state.keep(fresh)
        assert state.load()[store.store_id].orders == {}


_SHOPPERS = """
import sys
from pathlib import Path
from npf_pipelines.sandbox.model import Product
from npf_pipelines.sandbox.state import StateFile
from npf_pipelines.sandbox.store import SandboxStore

state = StateFile(Path(sys.argv[1]))
store = SandboxStore("acme")
store.add_product(Product(11, "KITE", "Kite", 100, amount=1_000_000))
state.keep(store)
while True:
    print(store.place_order([(11, 1)]), flush=True)
"""


def test_a_killed_sandbox_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.sqlite"
    shop = subprocess.Popen([sys.executable, "-c", _SHOPPERS, str(path)], stdout=subprocess.PIPE, text=True)  # noqa: S603
    assert shop.stdout is not None
    for _ in range(25):
        shop.stdout.readline()
    os.kill(shop.pid, signal.SIGKILL)
    said = 25 + len(shop.stdout.readlines())
    shop.wait()
    with StateFile(path) as state:
        store = state.load()["acme"]
    assert said <= len(store.orders) <= said + 1, "an order may be in that was not announced yet"
    assert store.products[11].amount == 1_000_000 - len(store.orders)
    assert json.dumps([line.product_code for order in store.orders.values() for line in order.lines]).count("KITE")

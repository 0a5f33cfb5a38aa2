"""The content of an order at the packer: where it goes, what was chosen, which codes; through the real loop."""

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
from pyarrow import parquet

from npf_pipelines.cscart.order_parser import parse_order
from npf_pipelines.domain.days import day_of
from npf_pipelines.domain.platform_orders import OrderStatus
from npf_pipelines.domain.store_orders import Order as StoreOrder
from npf_pipelines.lake.tables import RAW_ORDERS
from npf_pipelines.platform.tables import order_lines, orders, stock
from npf_pipelines.rules.addresses import address_of_earlier_releases
from npf_pipelines.rules.imports import platform_order
from npf_pipelines.sandbox.model import Address, Customer, Product
from npf_pipelines.sandbox.order_answers import order_detail
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines.sandbox.store_defaults import SOMEBODY
from npf_pipelines_tests.loop import Loop, copied_loop, small_loop, write_setup
from npf_pipelines_tests.midnight import days_now

DEFAULT_COUNTRY = Address(firstname="Zoe", lastname="Lee", country="US", country_descr="United States", state="NY")
TYPED = "For my dear Xanthippe"
STREET = "7 Unmistakable Lane"


def _sent_to(**changes: str) -> Customer:
    return dataclasses.replace(SOMEBODY, ship_to=dataclasses.replace(SOMEBODY.ship_to, **changes))


@dataclasses.dataclass
class World:
    """A store with one order of each kind, by name, and the loop around it."""

    loop: Loop
    ids: dict[str, int]

    @property
    def store(self) -> SandboxStore:
        return self.loop.stores["acme"]

    def run(self, family: str = "orders") -> None:
        today = day_of(datetime.now(UTC), self.loop.services.setups()["acme"].zone)
        assert [one.failure for one in self.loop.run(family, "acme", days=(today, today))] == [""]

    def decision(self, name: str) -> tuple[str, str, str]:
        query = f"SELECT decision, rule, reason FROM filtered_orders WHERE order_id = '{self.ids[name]}'"  # noqa: S608
        decision, rule, reason = self.loop.rows(query)[0]
        return decision, rule, reason

    def reason_on_platform(self, name: str) -> str:
        query = f"SELECT reason FROM platform_orders WHERE order_id = '{self.ids[name]}'"  # noqa: S608
        return str(self.loop.rows(query)[0][0])

    def order(self, name: str) -> dict[str, Any]:
        with self.loop.services.platform_engine.connect() as connection:
            query = sa.select(orders).where(orders.c.store_order_id == str(self.ids[name]))
            row = connection.execute(query).mappings().one_or_none()
            return dict(row) if row else {}

    def lines(self, name: str) -> list[dict[str, Any]]:
        with self.loop.services.platform_engine.connect() as connection:
            query = sa.select(order_lines).where(order_lines.c.order_number == f"CS{self.ids[name]}")
            return [dict(row) for row in connection.execute(query.order_by(order_lines.c.options)).mappings()]

    def stage(self, name: str, status: OrderStatus) -> None:
        with self.loop.services.platform_engine.begin() as connection:
            here = orders.c.store_order_id == str(self.ids[name])
            connection.execute(sa.update(orders).where(here).values(status=status))

    def exceptions(self) -> list[tuple[Any, ...]]:
        return self.loop.rows("SELECT order_id, differs FROM order_exceptions ORDER BY ALL")

    def choose(self, name: str, *options: tuple[str, str]) -> None:
        """The merchant changes what was chosen on the order's first line."""
        order = self.store.orders[self.ids[name]]
        order.lines[0].options = options
        order.updated_at = self.store.now


@pytest.fixture(scope="module")
def imported_on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[tuple[date, ...]], World]]:
    """The world after one run of orders, another one for each day. Leave it as it is."""
    with contextlib.ExitStack() as opened:
        yield functools.cache(lambda _days: opened.enter_context(_imported(tmp_path_factory.mktemp("content"))))


@pytest.fixture
def imported(imported_on: Callable[[tuple[date, ...]], World]) -> World:
    """Today's. Leave it as it is."""
    return imported_on(days_now())


@contextlib.contextmanager
def _imported(folder: Path) -> Iterator[World]:
    with small_loop(folder, ("acme",)) as loop:
        store = loop.stores["acme"]
        for order_id in list(store.orders):
            store.remove_order(order_id)
        write_setup(loop.settings.clients, "acme", loop.url, orders={"start_date": datetime.now(UTC).date()})
        for number, code in ((1, "KITE"), (2, ""), (3, "TEST001"), (4, "GHOST")):
            store.add_product(Product(9000 + number, code, f"Product {number}", 100, amount=500))
        with loop.services.platform_engine.begin() as connection:
            row = {"client": "acme", "sku": "KITE", "on_hand": 500, "updated_at": datetime.now(UTC)}
            connection.execute(sa.insert(stock), [row])
        world = World(loop, {})
        placed = {
            "usual": ([(9001, 1)], SOMEBODY),
            "default country": ([(9001, 1)], dataclasses.replace(SOMEBODY, ship_to=DEFAULT_COUNTRY)),
            "no place": ([(9001, 1)], _sent_to(address=STREET, city="", zipcode="")),
            "no street": ([(9001, 1)], _sent_to(address="")),
            "entities": ([(9001, 1)], _sent_to(lastname="O&#039;Brien", address="1 Lee &amp;amp; Son St")),
            "options": ([(9001, 1), (9001, 1)], SOMEBODY),
            "edited": ([(9001, 1)], SOMEBODY),
            "no code": ([(9001, 1), (9002, 1)], SOMEBODY),
            "test item": ([(9003, 1)], SOMEBODY),
            "unknown": ([(9001, 1), (9004, 3)], SOMEBODY),
        }
        for name, (items, customer) in placed.items():
            world.ids[name] = store.place_order(items, customer=customer, timestamp=int(store.now) - 60)
        first, second = store.orders[world.ids["options"]].lines
        first.options = (("Size", "L"), ("Engraving", TYPED))
        second.options = (("Size", "S"),)
        world.choose("edited", ("Size", "L"))
        world.run()
        yield world


@pytest.fixture
def world(imported: World, tmp_path: Any) -> Iterator[World]:
    """A copy of it, to be changed."""
    with copied_loop(imported.loop, tmp_path) as loop:
        write_setup(loop.settings.clients, "acme", loop.url, orders={"start_date": datetime.now(UTC).date()})
        yield World(loop, imported.ids)


# Addresses


def test_the_checkouts_default_country_sends_nothing_anywhere(imported: World) -> None:
    row = imported.order("default country")
    assert (row["address_1"], row["city"], row["country"], row["country_code"]) == (
        SOMEBODY.bill_to.address,
        SOMEBODY.bill_to.city,
        "Australia",
        "AU",
    )


@pytest.mark.parametrize(("name", "missing"), [("no place", "neither city nor postcode"), ("no street", "no street")])
def test_a_part_of_an_address_is_set_aside_and_what_is_missing_is_named(
    imported: World, name: str, missing: str
) -> None:
    decision, rule, reason = imported.decision(name)
    assert (decision, rule) == ("set_aside", "address_incomplete")
    assert reason == f"the delivery address has {missing}: complete it in the store"
    assert STREET not in reason
    assert imported.order(name) == {}


def test_entities_are_decoded_once(imported: World) -> None:
    row = imported.order("entities")
    assert row["ship_to_name"].endswith("O'Brien")
    assert row["address_1"] == "1 Lee &amp; Son St"


def test_what_an_earlier_release_imported_is_neither_edited_nor_an_exception(world: World) -> None:
    """With a part of an address, with the default country alone, and with entities as the store keeps them."""
    names = ("no place", "default country", "entities")
    with world.loop.services.platform_engine.begin() as connection:
        for table in (orders, order_lines):
            numbers = [f"CS{world.ids[name]}" for name in names]
            connection.execute(sa.delete(table).where(table.c.order_number.in_(numbers)))
    for name in names:
        order = parse_order(order_detail(world.store, world.store.orders[world.ids[name]]))
        assert isinstance(order, StoreOrder)
        earlier = platform_order(order, "CS", address=address_of_earlier_releases(order))
        if name == "entities":
            as_kept = {
                "ship_to_name": earlier.ship_to_name.replace("'", "&#039;"),
                "address_1": "1 Lee &amp;amp; Son St",
            }
            earlier = dataclasses.replace(earlier, **as_kept)  # type: ignore[arg-type]
        world.loop.services.platform.import_orders("acme", [earlier], datetime.now(UTC))
    before = [world.order(name) for name in names]
    world.run()
    assert [world.order(name) for name in names] == before
    assert [world.decision(name)[0] for name in names] == ["accepted"] * 3
    assert world.exceptions() == []


# Options


def test_what_the_shopper_chose_reaches_the_packer_line_by_line(imported: World) -> None:
    name = imported.store.products[9001].name
    assert [(line["sku"], line["options"], line["description"]) for line in imported.lines("options")] == [
        ("KITE", f"Size: L; Engraving: {TYPED}", f"{name} (Size: L; Engraving: {TYPED})"),
        ("KITE", "Size: S", f"{name} (Size: S)"),
    ]
    assert [(line["options"], line["description"]) for line in imported.lines("usual")] == [("", name)]


def test_another_choice_is_an_edit(world: World) -> None:
    world.choose("edited", ("Size", TYPED))
    world.stage("options", OrderStatus.PICKING)
    world.choose("options", ("Size", "XL"))
    world.run()
    assert [line["options"] for line in world.lines("edited")] == [f"Size: {TYPED}"]
    said = "edited in the store, but in picking already: other options of KITE"
    assert world.exceptions() == [(str(world.ids["options"]), said)]
    assert [line["options"] for line in world.lines("options")] == [f"Size: L; Engraving: {TYPED}", "Size: S"]


@pytest.mark.parametrize("has_column", [True, False])
def test_an_order_whose_options_the_platform_does_not_have_is_not_edited(world: World, has_column: bool) -> None:
    with world.loop.services.platform_engine.begin() as connection:
        connection.execute(sa.update(order_lines).values(options=None, description="Product 1"))
        if not has_column:
            connection.exec_driver_sql("ALTER TABLE order_lines DROP COLUMN options")
    before = world.order("options")
    world.run()
    assert world.order("options") == before
    assert world.exceptions() == []


def test_rows_pulled_before_options_were_kept_change_nothing(world: World) -> None:
    """Old files of raw_orders lack the column: what was chosen isn't known, and isn't overwritten."""
    zone = world.loop.services.setups()["acme"].zone
    for path in world.loop.settings.data.rglob("raw_orders/**/part.parquet"):
        parquet.write_table(parquet.read_table(path, partitioning=None).drop_columns(["line_options"]), path)
    before = [world.order("options"), *world.lines("options")]
    job = world.loop.defs.resolve_job_def("orders_job")
    today = day_of(datetime.now(UTC), zone)
    alone = [dg.AssetKey("platform_orders")]
    assert job.execute_in_process(
        instance=world.loop.instance, partition_key=f"acme|{today}", asset_selection=alone
    ).success
    assert [world.order("options"), *world.lines("options")] == before
    assert world.loop.rows("SELECT count(line_options) FROM raw_orders") == [(0,)]
    assert world.exceptions() == []


def test_what_the_shopper_typed_is_kept_like_other_personal_data(world: World) -> None:
    tables = "filtered_orders", "platform_orders"
    kept = "\n".join(str(world.loop.rows(f"FROM {table}")) for table in tables)
    assert TYPED not in kept
    lines = str(world.loop.rows("SELECT lines FROM raw_orders"))
    assert TYPED not in lines
    assert TYPED in str(world.loop.rows("SELECT line_options FROM raw_orders"))
    dagster = [path.read_bytes() for path in (world.loop.settings.data / "dagster").rglob("*") if path.is_file()]
    assert dagster
    assert not [content for content in dagster if TYPED.encode() in content]
    today = day_of(datetime.now(UTC), world.loop.services.setups()["acme"].zone)
    world.loop.services.lake.drop_personal(RAW_ORDERS, client="acme", day=today)
    assert TYPED not in str(world.loop.rows("FROM raw_orders"))


# Codes


def test_an_order_with_a_line_without_a_code_waits_for_a_person(imported: World) -> None:
    decision, rule, reason = imported.decision("no code")
    assert (decision, rule) == ("set_aside", "no_product_code")
    assert "no product code on the lines Product 2: give the products codes in the store" in reason
    assert imported.order("no code") == {}


def test_a_setup_may_leave_lines_without_a_code_out(world: World) -> None:
    start = {"start_date": datetime.now(UTC).date()}
    write_setup(world.loop.settings.clients, "acme", world.loop.url, orders=start | {"lines_without_code": "leave_out"})
    world.run()
    decision, _, reason = world.decision("no code")
    assert (decision, reason) == ("accepted", "accepted without the lines that have no product code: Product 2")
    assert [line["sku"] for line in world.lines("no code")] == ["KITE"]
    _ship_all(world)
    assert world.store.orders[world.ids["no code"]].status == "C"


def test_an_order_imported_without_a_line_is_never_said_to_have_shipped_in_full(world: World) -> None:
    start = {"start_date": datetime.now(UTC).date()}
    folder, url = world.loop.settings.clients, world.loop.url
    write_setup(folder, "acme", url, orders=start | {"lines_without_code": "leave_out"})
    world.run()
    write_setup(folder, "acme", url, orders=start)
    world.run()
    assert world.decision("no code")[0] == "accepted"
    assert world.exceptions() == []
    _ship_all(world)
    assert world.store.orders[world.ids["no code"]].status == "P"
    query = f"SELECT status_outcome, status_reason FROM tracking_push WHERE order_number = 'CS{world.ids['no code']}'"  # noqa: S608
    ((outcome, reason),) = world.loop.rows(query)
    assert outcome == "not_asked"
    assert "have no product code and have not shipped" in reason
    assert world.store.orders[world.ids["usual"]].status == "C"


def _ship_all(world: World) -> None:
    """The floor lodges all it can, over days that it is given."""
    for hours in range(0, 72, 12):
        world.loop.floor.work("acme", datetime.now(UTC) + timedelta(hours=hours))
    with world.loop.services.platform_engine.begin() as connection:
        connection.exec_driver_sql("UPDATE shipments SET lodged_at = datetime('now')")
    world.run("shipments")


def test_a_test_item_in_other_letters_is_set_aside_as_one(imported: World) -> None:
    decision, rule, reason = imported.decision("test item")
    assert (decision, rule) == ("set_aside", "probable_test_item")
    assert "'TEST001' for Test001" in reason


def _check(loop: Loop, name: str) -> dg.AssetCheckEvaluation:
    result = loop.defs.resolve_job_def("audit_job").execute_in_process(instance=loop.instance, raise_on_error=False)
    return {one.check_name: one for one in result.get_asset_check_evaluations()}[name]


def test_a_sku_that_the_warehouse_does_not_know_is_said_at_import(imported: World) -> None:
    said = "on the platform as in the store; the warehouse has no stock row of GHOST"
    assert imported.reason_on_platform("unknown") == said
    assert imported.reason_on_platform("usual") == "on the platform as in the store"


def test_skus_that_the_warehouse_does_not_know_are_listed_by_a_check_of_their_own(world: World) -> None:
    check = _check(world.loop, "order_skus_known")
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    listed = check.metadata["unknown_to_the_warehouse"]
    assert isinstance(listed, dg.TableMetadataValue)
    rows = [dict(record.data) for record in listed.records]
    number = f"CS{world.ids['unknown']}"
    assert [(row["sku"], row["orders"], row["units"], row["first_order"]) for row in rows] == [
        ("GHOST", "1", "3", number)
    ]
    world.stage("unknown", OrderStatus.SHIPPED)
    assert _check(world.loop, "order_skus_known").passed
    assert _check(world.loop, "stock_conservation").passed

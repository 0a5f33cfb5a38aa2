"""An order is its client and the store's order id, whatever happens to prefix, time zone, address or day placed."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from npf_pipelines.domain.days import day_of
from npf_pipelines.platform.tables import order_lines, orders
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.loop import Loop
from npf_pipelines_tests.order_steps import (
    audit,
    automated,
    change_setup,
    exceptions,
    on_platform,
    place,
    platform_row,
    tables_agree,
    today,
)


@pytest.fixture
def store(loop: Loop) -> SandboxStore:
    """A store all of whose orders have been pulled and lodged."""
    assert [one.failure for one in loop.run("orders", "acme")] == [""]
    return loop.stores["acme"]


# Another prefix


def test_after_another_prefix_nothing_is_imported_twice_and_tracking_arrives(loop: Loop, store: SandboxStore) -> None:
    before = on_platform(loop)
    loop.work()
    change_setup(loop, orders={"prefix": "CSK"})
    new = place(store, days=0)
    loop.run("orders", "acme")
    assert on_platform(loop) == before | {f"CSK{new}": str(new)}
    assert automated(loop, loop.days)
    assert on_platform(loop) == before | {f"CSK{new}": str(new)}
    tables_agree(loop)
    numbers = dict(loop.rows("SELECT order_number, order_id FROM filtered_orders WHERE decision = 'accepted'"))
    assert numbers == on_platform(loop)
    assert exceptions(loop) == []

    loop.work()
    assert [one.failure for one in loop.run("shipments", "acme")] == [""]
    loop.run("stock", "acme", override_change_limit=True)
    assert [one for one in loop.disagreements() if one.startswith("acme")] == []
    gaps = audit(loop, "gap_audit").metadata["missing"]
    assert [one for one in getattr(gaps, "records", []) if one.data["client"] == "acme"] == []


def test_an_edit_after_another_prefix_reaches_the_order_under_its_number(loop: Loop, store: SandboxStore) -> None:
    order_id = place(store)
    assert today(loop) == [""]
    change_setup(loop, orders={"prefix": ""})
    store.rebuild_order(order_id, {line.item_id: 5 for line in store.orders[order_id].lines})
    loop.run("orders", "acme")
    assert platform_row(loop, order_id)["order_number"] == f"CS{order_id}"
    with loop.services.engine.connect() as connection:
        lines = sa.select(order_lines.c.order_number, order_lines.c.quantity).where(
            order_lines.c.client == "acme", order_lines.c.order_number.in_([f"CS{order_id}", str(order_id)])
        )
        assert connection.execute(lines).all() == [(f"CS{order_id}", 5)]
    store.change_status(order_id, "I")
    loop.run("orders", "acme")
    assert platform_row(loop, order_id)["status"] == "cancelled"


def test_a_number_of_another_order_is_refused_with_what_to_do(loop: Loop, store: SandboxStore) -> None:
    order_id = place(store, days=0)
    with loop.services.engine.begin() as connection:
        taken = dict(connection.execute(sa.select(orders).where(orders.c.client == "acme")).mappings().first() or {})
        connection.execute(
            sa.insert(orders).values(
                taken | {"order_number": f"CS{order_id}", "store_order_id": "999999", "status": "shipped"}
            )
        )
    loop.run("orders", "acme")
    ((reason,),) = loop.rows(
        f"SELECT reason FROM platform_orders WHERE client = 'acme' AND order_number = 'CS{order_id}' "  # noqa: S608
        "AND outcome = 'refused'"
    )
    assert "belongs to the store's order 999999" in reason
    assert "prefix" not in reason


def test_an_order_that_the_platform_has_twice_is_shown_and_not_imported_again(loop: Loop, store: SandboxStore) -> None:
    order_id = place(store)
    assert today(loop) == [""]
    row = platform_row(loop, order_id)
    second = {"order_number": f"CSK{order_id}", "imported_at": row["imported_at"] + timedelta(hours=1)}
    with loop.services.engine.begin() as connection:
        here = (order_lines.c.client == "acme") & (order_lines.c.order_number == f"CS{order_id}")
        lines = connection.execute(sa.select(order_lines).where(here)).mappings().all()
        connection.execute(sa.insert(orders).values(row | second))
        connection.execute(sa.insert(order_lines), [{**one, "order_number": f"CSK{order_id}"} for one in lines])
    count = len(on_platform(loop))
    change_setup(loop, orders={"prefix": "NEW"})
    loop.run("orders", "acme")
    assert len(on_platform(loop)) == count
    (first, second_row) = exceptions(loop)
    assert first == second_row
    assert first[0] == str(order_id)
    assert f"CS{order_id} (imported), CSK{order_id} (imported)" in first[1]
    with loop.services.engine.begin() as connection:
        second_order = (orders.c.client == "acme") & (orders.c.order_number == f"CSK{order_id}")
        connection.execute(sa.update(orders).where(second_order).values(status="cancelled"))
    loop.run("orders", "acme")
    assert exceptions(loop) == []


# Another time zone, another address


def test_after_another_time_zone_nothing_is_there_twice(loop: Loop, store: SandboxStore) -> None:
    before = on_platform(loop)
    for zone in ("America/Los_Angeles", "Pacific/Auckland"):
        start = datetime.now(UTC).date() - timedelta(days=10)
        change_setup(loop, store={"time_zone": zone}, orders={"start_date": start})
        assert today(loop) == [""]
        assert on_platform(loop).items() >= before.items()
        assert len(set(on_platform(loop).values())) == len(on_platform(loop))
        tables_agree(loop)
    assert exceptions(loop) == []


def test_after_another_time_zone_shipments_are_in_one_day_each(loop: Loop, store: SandboxStore) -> None:
    loop.work()
    assert [one.failure for one in loop.run("shipments", "acme")] == [""]
    made = dict(loop.rows("SELECT shipment_id, store_shipment_id FROM tracking_push WHERE client = 'acme'"))
    for zone in ("America/Los_Angeles", "Pacific/Auckland"):
        change_setup(loop, store={"time_zone": zone})
        day = day_of(datetime.now(UTC), loop.services.setups()["acme"].zone)
        assert [one.failure for one in loop.run("shipments", "acme", days=(day, day))] == [""]
        rows = loop.rows("SELECT shipment_id, store_shipment_id FROM tracking_push WHERE client = 'acme'")
        assert len(rows) == len(made)
        assert dict(rows) == made


def test_after_another_address_of_the_store_nothing_is_imported_twice(loop: Loop, store: SandboxStore) -> None:
    before = on_platform(loop)
    loop.stores["moved"] = store
    change_setup(loop, store={"url": f"{loop.url}/acme/"})
    loop.run("orders", "acme")
    assert on_platform(loop) == before
    assert exceptions(loop) == []


# A new shop under an old client id


def test_a_new_shop_that_restarts_its_ids_is_set_aside(loop: Loop, store: SandboxStore) -> None:
    order_id = place(store, days=3)
    loop.run("orders", "acme")
    loop.work()
    tracking_before = len(store.shipments)
    store.remove_order(order_id)
    next_id, store.next_order_id = store.next_order_id, order_id
    assert place(store, days=0, email="somebody.else@example.net") == order_id
    store.next_order_id = next_id
    loop.run("orders", "acme")
    ((decision, rule, reason),) = loop.rows(
        f"SELECT decision, rule, reason FROM filtered_orders WHERE client = 'acme' AND order_id = '{order_id}'"  # noqa: S608
    )
    assert (decision, rule) == ("set_aside", "id_used_again")
    assert "client" in reason
    assert "somebody" not in reason
    assert platform_row(loop, order_id)["email"] != "somebody.else@example.net"

    loop.run("shipments", "acme")
    assert store.shipments_of(order_id) == []
    assert len(store.shipments) >= tracking_before


def test_units_of_a_new_shops_order_are_in_flight(loop: Loop, store: SandboxStore) -> None:
    order_id = place(store, days=3, amount=3)
    loop.run("orders", "acme")
    sku = store.orders[order_id].lines[0].product_code
    loop.work()
    loop.run("stock", "acme", override_change_limit=True)
    ((before,),) = loop.rows(f"SELECT in_flight FROM stock_snapshots WHERE client = 'acme' AND sku = '{sku}'")  # noqa: S608
    store.remove_order(order_id)
    next_id, store.next_order_id = store.next_order_id, order_id
    place(store, days=0, email="somebody.else@example.net", amount=3)
    store.next_order_id = next_id
    loop.run("orders", "acme")
    loop.run("stock", "acme", override_change_limit=True)
    assert loop.rows(f"SELECT in_flight FROM stock_snapshots WHERE client = 'acme' AND sku = '{sku}'") == [  # noqa: S608
        (before + 3,)
    ]

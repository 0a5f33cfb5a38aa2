"""The events of a day: what changes the world, and the checks that belong to one event.

Each function takes the world, the client's number and the moment, and returns whether the event has happened: otherwise
it is tried again at the next step. Not here: when they happen (plan.py), holds before import (hold_events.py), and the
checks over the whole day (alerts.py, followed.py).
"""

from datetime import datetime, timedelta

import sqlalchemy as sa
import yaml

from npf_pipelines.automation.rename import CannotRename, rename_client
from npf_pipelines.domain.alert import AlertKind
from npf_pipelines.domain.days import day_of
from npf_pipelines.domain.platform_orders import OrderStatus
from npf_pipelines.platform.tables import kits, orders, shipments, stock
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines.sandbox.store_defaults import SOMEBODY
from npf_pipelines.sandbox.world import order_something
from npf_pipelines_tests.day.alerts import is_open, was_sent
from npf_pipelines_tests.day.world import PACKING, World

_LODGED_BEFORE = timedelta(days=5)
_NIGHT = (2, 33)
"""Hour and minute, UTC, of the nightly comparison of shipments."""
_NEW_PREFIX = "CSK"


# A client that was away for longer than a day


def is_paused(world: World, number: int, _: datetime) -> bool:
    """Before the day."""
    world.change_setup(number, paused=True)
    world.paused.add(world.clients[number])
    return True


def comes_back(world: World, number: int, _: datetime) -> bool:
    """Its pause is over, while the other clients are on time."""
    world.change_setup(number, paused=False)
    world.paused.discard(world.clients[number])
    return True


# A wrong count, and meanwhile the client's file is gone


def is_counted_as_zero(world: World, number: int, now: datetime) -> bool:
    """The warehouse sends a count of zeros."""
    here = stock.c.client == world.clients[number]
    with world.loop.services.platform_engine.begin() as connection:
        rows = connection.execute(sa.select(stock.c.sku, stock.c.on_hand).where(here))
        world.right_count = {row.sku: row.on_hand for row in rows}
        connection.execute(sa.update(stock).where(here).values(on_hand=0, updated_at=now))
    world.on_sale = _on_sale(world.store(number))
    return True


def file_is_gone(world: World, number: int, _: datetime) -> bool:
    """Its master setup is removed, after the alert of the push over the change limit was sent."""
    if not world.was_sent(AlertKind.CHANGE_LIMIT, number):
        return False
    world.removed_file = world.file(number).read_text(encoding="utf-8")
    world.file(number).unlink()
    return True


def file_is_back(world: World, number: int, _: datetime) -> bool:
    """After the alert of the file was sent."""
    if not world.was_sent(AlertKind.SETUP, number):
        return False
    client = world.clients[number]
    if not is_open(world.loop.services.state, AlertKind.CHANGE_LIMIT, client):
        world.wrongs.append(
            f"{client}: the alert of the push over the change limit was resolved by the removal of the file"
        )
    world.file(number).write_text(world.removed_file, encoding="utf-8")
    return True


def is_counted_right(world: World, number: int, now: datetime) -> bool:
    """The count is mended."""
    client = world.clients[number]
    left = _on_sale(world.store(number))
    if left < world.on_sale / 2:
        world.wrongs.append(f"{client}: {left} of {world.on_sale} products are still on sale after a count of zeros")
    with world.loop.services.platform_engine.begin() as connection:
        for sku, on_hand in world.right_count.items():
            here = (stock.c.client == client) & (stock.c.sku == sku)
            connection.execute(sa.update(stock).where(here).values(on_hand=on_hand, updated_at=now))
    return True


def _on_sale(store: SandboxStore) -> int:
    return sum(1 for product in store.products.values() if product.amount > 0)


# A parcel entered late


def parcel_is_entered_late(world: World, number: int, now: datetime) -> bool:
    """The floor lodges what is open, and the platform gets it with a lodgement of five days ago."""
    before = _parcels(world, number)
    if not world.loop.floor.work(world.clients[number], now):
        order_something(world.store(number), world.dice)
        return False
    late = _parcels(world, number) - before
    with world.loop.services.platform_engine.begin() as connection:
        here = (shipments.c.client == world.clients[number]) & shipments.c.tracking_number.in_(late)
        connection.execute(sa.update(shipments).where(here).values(lodged_at=now - _LODGED_BEFORE))
    world.late_parcels, world.entered_at = sorted(late), now
    return True


def late_parcel_is_pushed(world: World, number: int, now: datetime) -> bool:
    """By a sweep, not only by the night."""
    there = {shipment.tracking_number for shipment in world.store(number).shipments.values()}
    if not there.issuperset(world.late_parcels) or world.entered_at is None:
        return False
    night = world.entered_at.replace(hour=_NIGHT[0], minute=_NIGHT[1])
    night += timedelta(days=night <= world.entered_at)
    if now > night:
        world.wrongs.append(f"{world.clients[number]}: the parcels {world.late_parcels} waited for the night")
    return True


def _parcels(world: World, number: int) -> set[str]:
    query = sa.select(shipments.c.tracking_number).where(shipments.c.client == world.clients[number])
    with world.loop.services.platform_engine.connect() as connection:
        return set(connection.scalars(query))


# A machine's clock that is ahead for one run of each flow


def clock_is_ahead(world: World, _: int, __: datetime) -> bool:
    """The next runs, whichever clients they take."""
    world.ahead = {"orders_job", "shipments_job", "stock_job"}
    world.expected.append((AlertKind.CLOCK, ""))
    return True


# An order start date that is moved later


def start_date_is_moved(world: World, number: int, now: datetime) -> bool:
    """It becomes tomorrow, and an order that was imported before is cancelled in the store."""
    client, store = world.clients[number], world.store(number)
    imported = sa.select(orders.c.store_order_id).where(
        orders.c.client == client, orders.c.status == OrderStatus.IMPORTED, orders.c.is_test.is_(False)
    )
    with world.loop.services.platform_engine.connect() as connection:
        ids = [int(one) for one in connection.scalars(imported)]
    open_ids = [order_id for order_id in ids if store.orders[order_id].status == "P"]
    if not open_ids:
        order_something(store, world.dice)
        return False
    tomorrow = day_of(now, world.loop.services.setups()[client].zone) + timedelta(days=1)
    world.change_setup(number, orders={"start_date": tomorrow})
    store.change_status(open_ids[0], "I", user=False)
    return True


# Names that change


def prefix_is_changed(world: World, number: int, _: datetime) -> bool:
    """New orders get the new prefix; a shopper orders at once."""
    world.change_setup(number, orders={"prefix": _NEW_PREFIX})
    order_something(world.store(number), world.dice)
    return True


def new_prefix_is_used(world: World, number: int, _: datetime) -> bool:
    """An order has come to the platform under the new prefix."""
    here = (orders.c.client == world.clients[number]) & orders.c.order_number.startswith(_NEW_PREFIX)
    with world.loop.services.platform_engine.connect() as connection:
        if connection.execute(sa.select(orders.c.order_number).where(here).limit(1)).first():
            return True
    order_something(world.store(number), world.dice)
    return False


def status_is_renamed(world: World, number: int, _: datetime) -> bool:
    """The merchant gives a status that the setup names another name."""
    world.order_for_packing(number)
    world.store(number).define_status(PACKING, "In the packing queue", "D")
    return True


def setup_has_new_status(world: World, number: int, _: datetime) -> bool:
    """The setup gets the new name, and an order the status."""
    world.change_setup(number, orders={"statuses": ["Paid", "Open", "In the packing queue"]})
    world.order_for_packing(number)
    return True


# A shipping method that the client's map doesn't know


def method_has_no_code(world: World, number: int, _: datetime) -> bool:
    """The setup maps one shipping method, and a shopper chooses another one."""
    store = world.store(number)
    mapped, other = list(store.shippings.values())[:2]
    world.change_setup(number, orders={"shipping_methods": {mapped.name.upper(): "STD"}})
    if not order_something(store, world.dice):
        return False
    store.edit_order(store.next_order_id - 1, shipping=(other,), customer=SOMEBODY)
    return True


def method_gets_a_code(world: World, number: int, _: datetime) -> bool:
    """The map is completed once an order is held."""
    held = f"FROM filtered_orders WHERE client = '{world.clients[number]}' AND decision = 'held'"
    if not world.loop.rows(held):
        return False
    mapped = next(iter(world.store(number).shippings.values()))
    world.change_setup(number, orders={"shipping_methods": {mapped.name.upper(): "STD", "*": "REST"}})
    return True


def file_is_renamed(world: World, number: int, _: datetime) -> bool:
    """The client's file gets another name and the id in it, too; the command is forgotten."""
    old = world.file(number)
    setup = yaml.safe_load(old.read_text(encoding="utf-8"))
    setup["id"] = _new_id(world.clients[number])
    old.unlink()
    old.with_name(f"{setup['id']}.yaml").write_text(yaml.safe_dump(setup), encoding="utf-8")
    return True


def client_is_renamed(world: World, number: int, _: datetime) -> bool:
    """The command, after an alert said that the new id is refused; the warehouse renames its own rows."""
    loop, old = world.loop, world.clients[number]
    new = _new_id(old)
    if not was_sent(loop.services.state, AlertKind.FAILING, new):
        return False
    try:
        rename_client(loop.services, loop.instance, old, new)
    except CannotRename as error:
        if "a run is at work" not in str(error):
            raise
        return False  # A killed run has its lease for some time.
    with loop.services.platform_engine.begin() as connection:
        for table in (shipments, stock, kits):
            connection.execute(sa.update(table).where(table.c.client == old).values(client=new))
    world.clients[number] = new
    loop.stores = {new if client == old else client: store for client, store in loop.stores.items()}
    loop.sku_maps = {new if client == old else client: sku_map for client, sku_map in loop.sku_maps.items()}
    # The alert of the missing file has the new id, too.
    world.expected += [(AlertKind.FAILING, new), (AlertKind.SETUP, new)]
    return True


def _new_id(old: str) -> str:
    return f"{old}-renamed"

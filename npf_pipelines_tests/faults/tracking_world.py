"""A store, and a platform that has imported its orders and lodged shipments of them: the same by the same seed.

Not here: the client itself (tracking_client.py), what the warehouse corrects later (tracking_changes.py), and
anything being pushed.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from npf_pipelines.domain.platform_orders import LodgedShipment, OrderStatus
from npf_pipelines.domain.sku_map import SkuMap
from npf_pipelines.platform.database import open_platform
from npf_pipelines.platform.gateway import Platform
from npf_pipelines.platform.tables import orders
from npf_pipelines.rules.kits import in_parts
from npf_pipelines.sandbox.kit_agreement import kit_disagreements, parts_of
from npf_pipelines.sandbox.model import Line, Product, Status
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.builders import NOON, lodged, platform_line, platform_order
from npf_pipelines_tests.faults.proxy import Moment
from npf_pipelines_tests.faults.tracking_changes import SURPLUS, Changes, PackedOrder, lodge, plan_changes
from npf_pipelines_tests.faults.tracking_client import (
    API_KEY,
    API_USER,
    CARRIERS,
    CLIENT,
    DESPATCH_CODES,
    IMPORTED_FROM,
    PARTIALLY_SHIPPED,
    SHORT_SHIPPED,
)

_PRODUCTS = 12
_KITS = {"SKU-21": {"SKU-1": 1, "SKU-2": 2}, "SKU-22": {"SKU-3": 2}, "SKU-23": {"SKU-4": 1}}
"""A kit, a pack and an alias: the units of each part in one."""
_WITH_KITS = 0.15
"""The share of the orders that have some of them."""
_HELD = 3
"""Orders of the store that are held before their import, so that the platform doesn't have them."""
_SHORT = 0.2
"""The orders that the warehouse calls shipped although a unit never comes."""


@dataclass(frozen=True)
class World:
    """The two ends of the push.

    Attributes:
        store: the store, which has a few shipments of the merchant's own already.
        platform_url: the platform's database.
        orders: every order with its parcels, as the warehouse lodges them first.
        plan: what the warehouse corrects and withdraws later.
    """

    store: SandboxStore
    platform_url: str
    orders: list[PackedOrder]
    plan: Changes

    @property
    def changes(self) -> Sequence[Callable[[], None]]:
        """The warehouse's steps between two lives."""
        return self.plan.steps

    @property
    def moments(self) -> int:
        """Two writes for each parcel, its order's status included, each a request and an answer."""
        return 4 * self.parcels

    @property
    def last_lives(self) -> int:
        """The leftovers of a run that was cut off take one life to find, and one to replace."""
        return 4

    def pass_time(self, moment: Moment) -> bool:  # noqa: ARG002
        """Nothing happens: the warehouse acts between two lives only. A kill may come at any moment."""
        return True

    def kit_disagreements(self) -> list[str]:
        """Units of orders with kits that the store has too many or too few of in shipments."""
        engine = open_platform(self.platform_url)
        found = list(kit_disagreements(CLIENT, self.store, engine, _KITS))
        engine.dispose()
        return found

    @property
    def parcels(self) -> int:
        """How many are lodged first."""
        return sum(len(order.parcels) for order in self.orders)


def build_world(folder: Path, seed: int, parcels: int, *, with_changes: bool = True, with_kits: bool = True) -> World:
    """Orders with at least that many lodged parcels in all.

    Among them are several parcels of one order, also under one tracking number and on several days; one SKU on two
    lines; rests on back order, still being picked or never to come; and orders of which the merchant has shipped
    something already. Some tracking numbers have blanks around them or are several in one field, some parcels hold
    what nobody ordered. With kits, some orders have parcels of their parts.
    """
    folder.mkdir(parents=True, exist_ok=True)
    dice = random.Random(seed)
    store = _empty_store()
    url = f"sqlite:///{folder / 'platform.sqlite'}"
    engine = open_platform(url)
    packed_orders: list[PackedOrder] = []
    number = 0
    while number < parcels:
        order_id = _place_order(store, dice, with_kits=with_kits)
        left = _units(store.orders[order_id].lines)
        has_kits = bool(left.keys() & _KITS.keys())
        if not has_kits:
            _ship_some_as_merchant(store, dice, order_id, left)
        left = sum((parts_of(sku, units, _KITS) for sku, units in left.items()), Counter[str]())
        status = _hold_some_back(dice, left)
        packed = PackedOrder(order_id, status, tuple(_pack(dice, order_id, left, first=number)), has_kits)
        _bring_to_platform(engine, store, packed)
        packed_orders.append(packed)
        number += len(packed.parcels)
    engine.dispose()
    for _ in range(_HELD):
        _place_order(store, dice, with_kits=with_kits)
    return World(store, url, packed_orders, plan_changes(dice, url, packed_orders if with_changes else []))


def _empty_store() -> SandboxStore:
    store = SandboxStore(CLIENT, api_user=API_USER, api_key=API_KEY.get_secret_value(), clock=NOON.timestamp)
    store.statuses[PARTIALLY_SHIPPED] = Status(PARTIALLY_SHIPPED, "Partially shipped", "D")
    store.statuses[SHORT_SHIPPED] = Status(SHORT_SHIPPED, "Short shipped", "D")
    for number in range(1, _PRODUCTS + 1):
        store.add_product(Product(number, f"SKU-{number}", f"Product {number}", 1250, amount=10**6))
    for code in _KITS:
        store.add_product(Product(int(code.removeprefix("SKU-")), code, f"Kit {code}", 2500, amount=10**6))
    return store


def _place_order(store: SandboxStore, dice: random.Random, *, with_kits: bool) -> int:
    products = dice.sample(range(1, _PRODUCTS + 1), dice.randint(1, 3))
    if dice.random() < 0.3:
        products.append(products[0])  # One SKU on two lines.
    if with_kits and dice.random() < _WITH_KITS:
        products.append(int(dice.choice(list(_KITS)).removeprefix("SKU-")))
    status = dice.choice(IMPORTED_FROM)
    return store.place_order([(product, dice.randint(1, 5)) for product in products], status=status)


def _units(lines: list[Line]) -> Counter[str]:
    units: Counter[str] = Counter()
    for line in lines:
        units[line.product_code] += line.amount
    return units


def _ship_some_as_merchant(store: SandboxStore, dice: random.Random, order_id: int, left: Counter[str]) -> None:
    """For some orders, a shipment that isn't the warehouse's."""
    if left.total() > 1 and dice.random() < 0.15:
        line = dice.choice(store.orders[order_id].lines)
        left[line.product_code] -= 1
        store.save_shipment(
            order_id, {line.item_id: 1}, shipping_id=1, carrier="ups", tracking_number=f"M{order_id}", notify=True
        )


def _hold_some_back(dice: random.Random, left: Counter[str]) -> OrderStatus:
    """For some orders, a rest that isn't lodged, or never will be."""
    status = dice.choice([OrderStatus.SHIPPED, OrderStatus.SHIPPED, OrderStatus.BACK_ORDER, OrderStatus.PICKING])
    if left.total() == 1:
        return OrderStatus.SHIPPED
    if status is not OrderStatus.SHIPPED or dice.random() < _SHORT:
        left[dice.choice(list(left.elements()))] -= 1
    return status


def _pack(dice: random.Random, order_id: int, left: Counter[str], first: int) -> Iterator[LodgedShipment]:
    """The units in up to three parcels, some of which share a tracking number."""
    parcels: list[Counter[str]] = [Counter() for _ in range(dice.randint(1, 3))]
    for sku in left.elements():
        dice.choice(parcels)[sku] += 1
    carrier, share_a_number, goes_on = dice.choice(CARRIERS), dice.random() < 0.15, dice.random() < 0.2
    for number, parcel in enumerate(filter(None, parcels)):
        tracking_number = f"T{order_id}" if share_a_number else f"T{order_id}-{number}"
        if dice.random() < 0.1:
            parcel[SURPLUS] = 1
        yield lodged(
            f"{CLIENT}-{order_id}-{number}",
            _as_typed(dice, tracking_number),
            order_number=f"CS{order_id}",
            carrier=carrier,
            # About a hundred parcels a day; some orders go on the day after.
            lodged_at=NOON + timedelta(days=number * goes_on, minutes=15 * (first + number)),
            quantities=dict(parcel),
        )


def _as_typed(dice: random.Random, tracking_number: str) -> str:
    """The number as the warehouse has it: mostly plain."""
    forms = {"{}": 80, "{} ": 5, "\u200b{}": 5, "{}, {}B": 5, ", ".join(f"{{}}/{part}" for part in range(40)): 5}
    form = dice.choices(list(forms), list(forms.values()))[0]
    return form.format(tracking_number, tracking_number) if form == "{}, {}B" else form.replace("{}", tracking_number)


def _bring_to_platform(engine: sa.Engine, store: SandboxStore, packed: PackedOrder) -> None:
    lines = [
        platform_line(line.item_id, line.product_code, line.amount) for line in store.orders[packed.order_id].lines
    ]
    code = next(iter(DESPATCH_CODES.values()))
    order = in_parts(platform_order(packed.number, *lines, despatch_method=code), SkuMap(_KITS))
    Platform(engine).import_orders(CLIENT, [order], NOON)
    with engine.begin() as connection:
        connection.execute(sa.update(orders).where(orders.c.order_number == packed.number).values(status=packed.status))
        for parcel in packed.parcels:
            for statement in lodge(parcel):
                connection.execute(statement)

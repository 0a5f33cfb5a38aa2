"""A pretend warehouse floor: counts stock, picks, packs, lodges and back-orders on the platform's tables.

Deterministic by seed: the same orders over the same stock end in the same parcels. Each order's work is one
transaction, so a floor that is stopped leaves no half-packed parcel. Not here: the store's side (store.py).
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

import sqlalchemy as sa

from npf_pipelines.domain.platform_orders import OPEN_STATUSES, OrderStatus
from npf_pipelines.platform.lodgements import (
    ParcelLabel,
    add_shipped_units,
    insert_shipment,
    next_shipment_id,
    set_order_status,
)
from npf_pipelines.platform.tables import order_lines, orders, stock


@dataclass(frozen=True)
class _Carrier:
    name: str
    prefix: str
    url: str


_CARRIERS = (
    _Carrier("Australia Post", "33A", "https://auspost.example/track/{}"),
    _Carrier("DHL Express", "JD01", "https://dhl.example/track/{}"),
    _Carrier("StarTrack", "STK", "https://startrack.example/track/{}"),
    _Carrier("Couriers Please", "CPW", "https://couriersplease.example/track/{}"),
)


class WarehouseFloor:
    """The floor that works on one platform."""

    def __init__(self, engine: sa.Engine, *, seed: int) -> None:
        self._engine = engine
        self._seed = seed

    def count(self, client: str, skus: Iterable[str], now: datetime) -> None:
        """Put the SKUs that have no stock row yet on the shelves: mostly plenty, some scarce, some none."""
        with self._engine.begin() as connection:
            known = set(connection.scalars(sa.select(stock.c.sku).where(stock.c.client == client)))
            new = [sku for sku in dict.fromkeys(skus) if sku not in known]
            if new:
                rows = [self._shelf(client, sku) | {"updated_at": now} for sku in new]
                connection.execute(sa.insert(stock), rows)

    def receive(self, client: str, sku: str, quantity: int, now: datetime) -> None:
        """Put goods that arrived on their shelf."""
        self._take_off(client, {sku: -quantity}, now)

    def work(self, client: str, now: datetime) -> int:
        """Take every open order one step or more: commit, pick, lodge what there is, back-order the rest.

        About one order in eight stays in picking until the next call. The rest of a test order stays on back order.

        Returns:
            The number of parcels lodged.
        """
        with self._engine.connect() as connection:
            query = (
                sa.select(orders.c.order_number, orders.c.status)
                .where(
                    orders.c.client == client,
                    orders.c.status.in_(OPEN_STATUSES),
                    # A certification has lodged its first part, and the store still has to show it as such.
                    ~(orders.c.is_test & (orders.c.status == OrderStatus.BACK_ORDER)),
                )
                .order_by(orders.c.placed_at, orders.c.order_number)
            )
            open_orders = connection.execute(query).all()
        return sum(self._work_on(client, number, OrderStatus(status), now) for number, status in open_orders)

    def ship_short(self, client: str, number: str, missing: Mapping[str, int], now: datetime) -> int:
        """Lodge an order without some of its units, which never come, and call it shipped.

        Args:
            client: the client's id.
            number: the order's number.
            missing: units that are left out, by SKU.
            now: the moment.

        Returns:
            The number of parcels lodged.
        """
        with self._engine.begin() as connection:
            parcels = self._lodge(connection, client, number, now, missing)
            set_order_status(connection, client, number, OrderStatus.SHIPPED, now)
            return parcels

    def _work_on(self, client: str, number: str, status: OrderStatus, now: datetime) -> int:
        lingers = self._dice(client, number, "lingers") % 8 == 0
        if lingers and status in {OrderStatus.IMPORTED, OrderStatus.READY_FOR_PROCESS}:
            with self._engine.begin() as connection:
                set_order_status(connection, client, number, OrderStatus.PICKING, now)
            return 0
        with self._engine.begin() as connection:
            return self._lodge(connection, client, number, now)

    def _lodge(
        self,
        connection: sa.Connection,
        client: str,
        number: str,
        now: datetime,
        missing: Mapping[str, int] = MappingProxyType({}),
    ) -> int:
        here = (order_lines.c.client == client) & (order_lines.c.order_number == number)
        lines = connection.execute(sa.select(order_lines).where(here).order_by(order_lines.c.line_id)).all()
        is_test = connection.scalar(
            sa.select(orders.c.is_test).where(orders.c.client == client, orders.c.order_number == number)
        )
        on_hand = self._on_hand(connection, client, {line.sku for line in lines})
        picked: list[tuple[str, str, int]] = []
        short = False
        left_out = Counter(missing)
        for line in lines:
            to_pick = line.quantity - line.quantity_shipped
            to_pick -= (unpacked := min(to_pick, left_out[line.sku]))
            left_out[line.sku] -= unpacked
            # Test items are never dispatched: their lodgement is played, and no stock is needed for it.
            quantity = to_pick if is_test else max(0, min(to_pick, on_hand[line.sku]))
            on_hand[line.sku] -= quantity
            short = short or quantity < to_pick
            if quantity:
                picked.append((line.line_id, line.sku, quantity))
        add_shipped_units(connection, client, number, picked)
        parcels = self._parcels(client, number, picked)
        for parcel in parcels:
            shipment_id = next_shipment_id(connection, client, number)
            label = self._label(shipment_id)
            insert_shipment(connection, client, number, shipment_id, label=label, quantities=parcel, now=now)
            if not is_test:
                self._take_off_in(connection, client, parcel, now)
        status = OrderStatus.BACK_ORDER if short else OrderStatus.SHIPPED
        set_order_status(connection, client, number, status, now)
        return len(parcels)

    def _parcels(self, client: str, number: str, picked: Sequence[tuple[str, str, int]]) -> list[Counter[str]]:
        """One parcel, or two for some orders of several lines."""
        split = len(picked) > 1 and self._dice(client, number, "parcels") % 4 == 0
        groups = (picked[:1], picked[1:]) if split else (picked,)
        parcels = []
        for group in groups:
            parcel: Counter[str] = Counter()
            for _, sku, quantity in group:
                parcel[sku] += quantity
            if parcel:
                parcels.append(parcel)
        return parcels

    def _label(self, shipment_id: str) -> ParcelLabel:
        carrier = _CARRIERS[self._dice(shipment_id) % len(_CARRIERS)]
        tracking_number = f"{carrier.prefix}{self._dice(shipment_id, 'tracking') % 10**10:010}"
        return ParcelLabel(carrier.name, tracking_number, carrier.url.format(tracking_number))

    def _take_off(self, client: str, quantities: dict[str, int], now: datetime) -> None:
        with self._engine.begin() as connection:
            self._take_off_in(connection, client, Counter(quantities), now)

    @staticmethod
    def _take_off_in(connection: sa.Connection, client: str, quantities: Counter[str], now: datetime) -> None:
        for sku, quantity in quantities.items():
            connection.execute(
                sa.update(stock)
                .where(stock.c.client == client, stock.c.sku == sku)
                .values(on_hand=stock.c.on_hand - quantity, updated_at=now)
            )

    @staticmethod
    def _on_hand(connection: sa.Connection, client: str, skus: set[str]) -> Counter[str]:
        query = sa.select(stock.c.sku, stock.c.on_hand).where(stock.c.client == client, stock.c.sku.in_(skus))
        return Counter({row.sku: row.on_hand for row in connection.execute(query)})

    def _shelf(self, client: str, sku: str) -> dict[str, object]:
        dice = self._dice(client, sku)
        on_hand = 0 if dice % 12 == 0 else dice % 3 + 1 if dice % 7 == 0 else 20 + dice % 180
        return {"client": client, "sku": sku, "on_hand": on_hand}

    def _dice(self, *of: str) -> int:
        """The same number for the same things, on every machine."""
        return int.from_bytes(hashlib.sha256("|".join([str(self._seed), *of]).encode()).digest()[:6])

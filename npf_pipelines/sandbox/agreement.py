"""Whether store, platform and decisions agree: the check at the end of a demo and of the tests.

It reads the store's own state and the platform's tables, and computes the expected contents by plain counting, without
the pipeline's own rules. Not here: making them agree (npf_pipelines/assets/).
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from datetime import time as time_of_day
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.platform_orders import OrderStatus
from npf_pipelines.platform.tables import order_lines, orders, shipment_lines, shipments, stock
from npf_pipelines.sandbox.kit_agreement import has_kits, kit_disagreements, parts_of
from npf_pipelines.sandbox.stock_agreement import amount_disagreements
from npf_pipelines.sandbox.store import SandboxStore


@dataclass(frozen=True)
class _Client:
    setup: MasterSetup
    store: SandboxStore
    others: tuple[SandboxStore, ...]
    engine: sa.Engine
    decisions: Mapping[str, str]
    sku_map: Mapping[str, Mapping[str, int]]

    def parts(self, sku: str, quantity: int) -> Counter[str]:
        """The warehouse's units in some units of a store's code."""
        return parts_of(sku, quantity, self.sku_map)

    def rows(self, query: sa.Select[Any]) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(query))


def disagreements(
    setup: MasterSetup,
    store: SandboxStore,
    others: tuple[SandboxStore, ...],
    engine: sa.Engine,
    decisions: Mapping[str, str],
    *,
    sku_map: Mapping[str, Mapping[str, int]] = MappingProxyType({}),
) -> list[str]:
    """The disagreements of one client, in sentences.

    Args:
        setup: the client's master setup.
        store: its store.
        others: the stores of the other clients.
        engine: the platform.
        decisions: of the client's orders, by the store's order id (the table filtered_orders).
        sku_map: what codes of the store are in the warehouse: units of each part in one of a code.
    """
    client = _Client(setup, store, others, engine, decisions, sku_map)
    found = [
        *_orders(client),
        *_lines(client),
        *_options(client),
        *_whole_orders(client),
        *_shipments(client),
        *kit_disagreements(setup.id, store, engine, sku_map),
        *_statuses(client),
        *_amounts(client),
    ]
    return [f"{setup.id}: {sentence}" for sentence in found]


def _orders(client: _Client) -> Iterator[str]:
    setup = client.setup
    start = datetime.combine(setup.orders.start_date, time_of_day.min, setup.zone).timestamp()
    listed = {str(order_id) for _, order_id in client.store.listed(int(start))}
    for order_id in sorted(listed - client.decisions.keys()):
        yield f"the store's order {order_id} has no decision"
    accepted = {order_id for order_id, decision in client.decisions.items() if decision == "accepted"}
    there = client.rows(sa.select(orders.c.order_number, orders.c.store_order_id).where(orders.c.client == setup.id))
    ids = Counter(row.store_order_id for row in there)
    for order_id in sorted(accepted - ids.keys()):
        yield f"the accepted order {order_id} is not on the platform"
    for order_id in sorted(ids.keys() - accepted):
        yield f"the platform has the order {order_id}, which was not accepted"
    for order_id, times in ids.items():
        if times > 1:
            yield f"the store's order {order_id} is on the platform {times} times"


def _lines(client: _Client) -> Iterator[str]:
    there = client.rows(
        sa.select(orders.c.order_number, orders.c.store_order_id).where(orders.c.client == client.setup.id)
    )
    lines = client.rows(
        sa.select(order_lines.c.order_number, order_lines.c.sku, sa.func.sum(order_lines.c.quantity))
        .where(order_lines.c.client == client.setup.id)
        .group_by(order_lines.c.order_number, order_lines.c.sku)
    )
    on_platform: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for number, sku, quantity in lines:
        on_platform[number][sku] = int(quantity)
    for row in there:
        expected: Counter[str] = Counter()
        for line in client.store.orders[int(row.store_order_id)].lines:
            if line.product_code and (line.edp_shipping or not line.is_edp):
                expected += client.parts(line.product_code, line.amount)
        if on_platform[row.order_number] != dict(expected):
            yield f"the lines of {row.order_number} differ: {on_platform[row.order_number]} for {dict(expected)}"


def _options(client: _Client) -> Iterator[str]:
    query = sa.select(order_lines.c.order_number, order_lines.c.line_id, order_lines.c.options, orders.c.store_order_id)
    on_order = (orders.c.client == order_lines.c.client) & (orders.c.order_number == order_lines.c.order_number)
    # Empty in lines that were imported before the platform had the column.
    known = (order_lines.c.client == client.setup.id) & order_lines.c.options.is_not(None)
    for row in client.rows(query.join_from(order_lines, orders, on_order).where(known)):
        lines = {line.item_id: line for line in client.store.orders[int(row.store_order_id)].lines}
        item_id = row.line_id.partition("/")[0]  # Each part of a kit is a line of its own.
        chosen = lines[item_id].options if item_id in lines else ()
        if row.options != "; ".join(f"{name}: {value}" for name, value in chosen):
            yield f"the options of line {row.line_id} of {row.order_number} differ"


def _whole_orders(client: _Client) -> Iterator[str]:
    """Total and despatch code of the orders that the warehouse has not begun with; others may have been edited."""
    codes = {key.casefold(): code for key, code in (client.setup.orders.shipping_methods or {}).items()}
    waiting = orders.c.status.in_([OrderStatus.IMPORTED, OrderStatus.READY_FOR_PROCESS])
    for row in client.rows(sa.select(orders).where(orders.c.client == client.setup.id, waiting)):
        order = client.store.orders[int(row.store_order_id)]
        # Empty in orders that were imported before the platform had the column.
        if row.total is not None and not order.documented and row.total * 100 != order.total:
            yield f"the total of {row.order_number} is {row.total} on the platform, not {order.total / 100}"
        if row.despatch_method and len(order.shipping) == 1:
            way = order.shipping[0]
            keys = (str(way.shipping_id), way.name.casefold(), "*")
            if row.despatch_method != next((codes[key] for key in keys if key in codes), None):
                yield f"the despatch code of {row.order_number} is {row.despatch_method}, shipped by {way.name}"


def _shipments(client: _Client) -> Iterator[str]:
    rows = client.rows(
        sa.select(shipments, orders.c.store_order_id)
        .join_from(
            shipments,
            orders,
            (orders.c.client == shipments.c.client) & (orders.c.order_number == shipments.c.order_number),
        )
        .where(shipments.c.client == client.setup.id)
    )
    lodged = [row for row in rows if not has_kits(client.store, int(row.store_order_id), client.sku_map)]
    contents: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in client.rows(sa.select(shipment_lines)):
        contents[row.shipment_id][row.sku.strip()] += row.quantity
    for shipment in lodged:
        order_id = int(shipment.store_order_id)
        what = f"the shipment {shipment.shipment_id} ({shipment.tracking_number})"
        sku_of = {line.item_id: line.product_code for line in client.store.orders[order_id].lines}
        numbers = shipment.tracking_number.replace(",", " ").split()
        number = shipment.tracking_number.strip()
        number = number if len(number) <= _LABEL_WIDTH else numbers[0]
        same_number = [listed for listed in client.store.shipments.values() if listed.tracking_number.strip() == number]
        if len(same_number) != 1:
            yield f"{what} is in the store {len(same_number)} times"
            continue
        store_shipment = same_number[0]
        packed: Counter[str] = Counter()
        for item_id, quantity in store_shipment.products.items():
            packed[sku_of.get(item_id, item_id)] += quantity
        # Units that the order doesn't have can't be in a shipment of it.
        sent = Counter({sku: units for sku, units in contents[shipment.shipment_id].items() if sku in sku_of.values()})
        if store_shipment.order_id != order_id or packed != sent:
            yield f"{what} holds {dict(packed)} of order {store_shipment.order_id}, not {dict(sent)}"
        if not store_shipment.carrier:
            yield f"{what} has no carrier in the store"
        has_link = store_shipment.carrier in client.store.carriers and len(numbers) == 1
        if not has_link and shipment.tracking_url.strip() not in store_shipment.comments:
            yield f"{what} shows no tracking URL in the store"
        for other in client.others:
            if any(sent.tracking_number == shipment.tracking_number for sent in other.shipments.values()):
                yield f"{what} is in the store of {other.store_id}, too"


def _statuses(client: _Client) -> Iterator[str]:
    store, tracking = client.store, client.setup.tracking
    letters = {status.description.casefold(): letter for letter, status in store.statuses.items()}
    letters |= {letter.casefold(): letter for letter in store.statuses}
    expected = {
        OrderStatus.SHIPPED: letters.get((tracking.shipped_status or "").casefold()),
        OrderStatus.BACK_ORDER: letters.get((tracking.partially_shipped_status or "").casefold()),
    }
    lodged = sa.select(shipments.c.order_number).where(shipments.c.client == client.setup.id)
    query = sa.select(orders.c.order_number, orders.c.store_order_id, orders.c.status).where(
        orders.c.client == client.setup.id, orders.c.order_number.in_(lodged)
    )
    for number, store_order_id, status in client.rows(query):
        letter = expected.get(OrderStatus(status))
        now = store.orders[int(store_order_id)].status
        if letter and now != letter:
            yield f"the order {number} has the status {now} in the store, not {letter}"


def _amounts(client: _Client) -> Iterator[str]:
    setup = client.setup
    if setup.stock.quantity == "off":
        return
    taken: Counter[str] = Counter()
    open_lines = client.rows(
        sa.select(order_lines.c.sku, order_lines.c.quantity - order_lines.c.quantity_shipped)
        .join_from(
            order_lines,
            orders,
            (orders.c.client == order_lines.c.client) & (orders.c.order_number == order_lines.c.order_number),
        )
        .where(
            orders.c.client == setup.id,
            orders.c.is_test.is_(False),
            orders.c.status.not_in([OrderStatus.SHIPPED, OrderStatus.CANCELLED]),
        )
    )
    for sku, quantity in open_lines:
        taken[sku] += quantity
    in_flight = _in_flight(client)
    figures: dict[str, int] = {}
    for row in client.rows(sa.select(stock.c.sku, stock.c.on_hand).where(stock.c.client == setup.id)):
        figures[row.sku] = row.on_hand
        if setup.stock.quantity == "available":
            figures[row.sku] -= taken[row.sku] + in_flight[row.sku]
        elif setup.stock.on_hand_less_in_flight:
            figures[row.sku] -= in_flight[row.sku]
    yield from amount_disagreements(client.store, client.parts, figures, setup.stock)


def _in_flight(client: _Client) -> Counter[str]:
    """Units of the store's orders that the platform doesn't have but will, by SKU."""
    setup, store = client.setup, client.store
    has = sa.select(orders).where(orders.c.client == setup.id, orders.c.status != OrderStatus.CANCELLED)
    there = {row.store_order_id for row in client.rows(has)}
    start = datetime.combine(setup.orders.start_date, time_of_day.min, setup.zone).timestamp()
    start = max(start, store.now - setup.stock.in_flight_days * 24 * 60 * 60)
    letters = {status.description.casefold(): letter for letter, status in store.statuses.items()}
    named = {
        field: {letters.get(name.casefold(), name) for name in names} for field, names in setup.status_names.items()
    }
    expected = named["orders.statuses"]
    final = {letter for field, found in named.items() if field.startswith("tracking.") for letter in found}
    ends_as_shipped = not setup.tracking.shipped_status or store.statuses["C"].description == "Complete"
    if ends_as_shipped and not any("C" in found for found in named.values()):
        final.add("C")
    taking = {letter for letter, status in store.statuses.items() if status.inventory != "I"}
    units: Counter[str] = Counter()
    for _, order_id in store.listed(int(start)):
        order = store.orders[order_id]
        ship_to, bill_to = order.customer.ship_to, order.customer.bill_to
        address = ship_to if ship_to.address or ship_to.city or ship_to.zipcode else bill_to
        is_complete = address.address and (address.city or address.zipcode) and address.country
        # An order that can't be sent as it is waits for a person, wherever it goes.
        is_ours = setup.orders.countries is None or not is_complete or address.country in setup.orders.countries
        is_picked_up = order.shipping and all(way.module == "store_locator" for way in order.shipping)
        goods = {line.product_code for line in order.lines if line.ships}
        if (
            str(order_id) not in there
            and order.status in expected | (taking - final)
            and is_ours
            and not is_picked_up
            and not goods <= {"Test001", "Test002", "Test003"}
        ):
            for line in order.lines:
                units += client.parts(line.product_code, line.amount * line.ships)
    return units


_LABEL_WIDTH = 255
"""Characters that the store keeps of a tracking number."""

"""Reads what store and platform show of test orders and test items, and puts the store's amounts back.

Not here: what it proves (rules/certificate.py), which orders are chosen
(rules/certification_orders.py), the pushes themselves.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.cscart.carriers import carrier_code
from npf_pipelines.cscart.store import Store
from npf_pipelines.cscart.write_check import writes_checked
from npf_pipelines.domain.certification import Amount, Imported, LodgedParcel, OrderSeen, StoreParcel
from npf_pipelines.domain.days import end_of_day, start_of_day
from npf_pipelines.domain.keys import as_label
from npf_pipelines.domain.own_numbers import OwnNumbers
from npf_pipelines.domain.platform_orders import LodgedShipment, PlatformRecord
from npf_pipelines.domain.products import NOT_TRACKED, Product, UnreadableProduct
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.domain.store_shipments import Shipment
from npf_pipelines.platform.gateway import Platform
from npf_pipelines.rules.certification_orders import units_of
from npf_pipelines.rules.orders import is_test
from npf_pipelines.rules.parcels import number_forms
from npf_pipelines.rules.stock_location import Scope
from npf_pipelines.state.lease import Lease

_DAYS_BACK = 14
"""Days on which a test order is searched for, today included."""
_ATTEMPTS = 3
"""Rounds of reading and writing that an amount takes at most to be as before."""


async def recent_test_orders(store: Store, zone: ZoneInfo, start: date, today: date) -> AsyncIterator[list[Order]]:
    """The store's test orders by day, the newest day first.

    Args:
        store: the client's store, open.
        zone: the client's.
        start: the order start date.
        today: the client's day.

    Raises:
        StoreError: the store can't be asked.
    """
    first = max(start, today - timedelta(days=_DAYS_BACK - 1))
    for number in range((today - first).days + 1):
        day = today - timedelta(days=number)
        pages = store.orders_placed(start_of_day(day, zone), end_of_day(day, zone) - timedelta(seconds=1))
        yield [order async for orders in pages for order in orders if isinstance(order, Order) and is_test(order)]


async def see_orders(
    store: Store,
    platform: Platform,
    setup: MasterSetup,
    order_ids: Collection[str],
    decisions: Mapping[str, str],
    *,
    own: OwnNumbers,
) -> dict[str, OrderSeen]:
    """Test orders as store and platform show them now, by id; what isn't a test order of the store is left out.

    Args:
        store: the client's store, open.
        platform: the platform.
        setup: the client's master setup.
        order_ids: the store's ids.
        decisions: the pipeline's decisions in words, by the store's id.
        own: the numbers of the store's orders.

    Raises:
        StoreError: the store can't be asked.
        sqlalchemy.exc.SQLAlchemyError: the platform can't be reached.
    """
    orders = await store.orders_by_id(order_ids)
    records = await asyncio.to_thread(platform.records, setup.id, order_ids, own)
    lodged = await asyncio.to_thread(platform.shipments_of, setup.id, records)
    seen = {}
    for order_id, order in orders.items():
        if isinstance(order, Order) and is_test(order):
            shown = await store.shipments_of(order_id) if order.shipment_ids else []
            found = {number: record for number, record in records.items() if record.order.store_order_id == order_id}
            parcels = [parcel for number in found for parcel in lodged.get(number, ())]
            seen[order_id] = OrderSeen(
                seen_at=datetime.now(UTC),
                status=order.status,
                ordered=units_of(order),
                imported=_imported(found),
                numbers=tuple(sorted(found)),
                decision=decisions.get(order_id, ""),
                lodged=tuple(_lodged_parcel(parcel, setup.tracking.carriers) for parcel in parcels),
                shown=tuple(_store_parcel(shipment, order, parcels) for shipment in shown),
            )
    return seen


def see_amounts(products: Iterable[Product | UnreadableProduct], scope: Scope) -> tuple[Amount, ...]:
    """The amounts of products, sorted by SKU; a product that can't be read is left out.

    Args:
        products: the store's products, as just read.
        scope: which amount of a product counts.
    """
    seen = [
        Amount(
            product=product.key,
            sku=product.sku,
            amount=scope.amount(product),
            is_counted=product.tracking != NOT_TRACKED,
            is_total=bool(scope.locations) and not scope.can_read_back(product),
        )
        for product in products
        if isinstance(product, Product)
    ]
    return tuple(sorted(seen, key=lambda item: (item.sku, item.product)))


async def put_back(store: Store, lease: Lease, amounts: Iterable[Amount], scope: Scope) -> None:
    """Give products the amounts that they had. A product that has another code by now is left as it is.

    Args:
        store: the client's store, open.
        lease: the client's lease for stock, held.
        amounts: the amounts.
        scope: which amount of a product counts, with nothing known of other locations.

    Raises:
        StoreError: the store can't be asked, or refuses an amount.
        LeaseLost: another run may have begun to write.
    """
    before = {item.product: item for item in amounts}
    with writes_checked(lease.check_store_write):
        for attempt in range(_ATTEMPTS):
            for key, product in (await store.products_by_key(before)).items():
                if not isinstance(product, Product) or product.sku != before[key].sku:
                    continue
                amount, now = before[key].amount, scope.amount(product)
                if now != amount:
                    if scope.shows_share(product):
                        await store.set_shares(key, scope.shares(amount))
                    elif not scope.locations or attempt == 0:
                        # Of stock that is split a plain amount changes nothing (known behaviour).
                        await store.set_amount(key, amount)
                    else:
                        # The first write to the locations shows how many units are elsewhere.
                        await store.set_shares(key, scope.shares(amount if attempt == 1 else 2 * amount - now))


def _imported(records: Mapping[str, PlatformRecord]) -> Imported | None:
    for record in records.values():
        units: Counter[str] = Counter()
        for line in record.order.lines:
            units[line.sku] += line.quantity
        return Imported(
            units=dict(units),
            is_test=record.order.is_test,
            has_country=bool(record.order.country),
            status=record.status,
            imported_at=record.imported_at,
        )
    return None


def _lodged_parcel(parcel: LodgedShipment, carriers: Mapping[str, str]) -> LodgedParcel:
    return LodgedParcel(
        shipment_id=parcel.shipment_id,
        carrier=parcel.carrier,
        carrier_code=carrier_code(parcel.carrier, carriers)[0],
        tracking_number=parcel.tracking_number,
        number_forms=number_forms(parcel.tracking_number),
        tracking_url=parcel.tracking_url,
        lodged_at=parcel.lodged_at,
        units=dict(parcel.quantities),
    )


def _store_parcel(shipment: Shipment, order: Order, lodged: Sequence[LodgedShipment]) -> StoreParcel:
    skus = {line.item_id: line.sku for line in order.lines}
    units: Counter[str] = Counter()
    for item_id, quantity in shipment.quantities.items():
        units[skus.get(item_id, item_id)] += quantity
    urls = {parcel.tracking_url for parcel in lodged if parcel.tracking_url}
    return StoreParcel(
        shipment_id=shipment.shipment_id,
        carrier=as_label(shipment.carrier),
        tracking_number=as_label(shipment.tracking_number),
        link=shipment.tracking_url,
        urls_in_comments=tuple(sorted(url for url in urls if url in as_label(shipment.comments))),
        units=dict(units),
    )

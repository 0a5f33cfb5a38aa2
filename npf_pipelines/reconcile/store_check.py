"""Asks a client's store, and the platform, all that a check judges: reads only, each question on its own.

A question without an answer costs no other. A store that no call reaches is asked nothing more.
Not here: the judgement (rules/store_check/), where the findings are kept (state/store_checks.py).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.cscart.answer_heads import AnswerHeads
from npf_pipelines.cscart.errors import (
    BadCertificate,
    Blocked,
    Forbidden,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    RequestRejected,
    Unauthorized,
    Unreachable,
)
from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.days import start_of_day
from npf_pipelines.domain.products import Product, UnreadableProduct
from npf_pipelines.domain.store_answers import (
    Connection,
    OrdersRead,
    ProductsRead,
    StoreAnswers,
    Unanswered,
    WarehouseRead,
    Why,
)
from npf_pipelines.domain.store_orders import Order, UnreadableOrder
from npf_pipelines.domain.tracebacks import log_fault
from npf_pipelines.errors import NpfError

_LOG = logging.getLogger(__name__)

MOST_ORDERS, MOST_BY_NUMBER = 500, 100
"""Orders that are read; the second where each is a request."""
MOST_PRODUCTS, MOST_COMBINED = 5000, 20
"""Products that are read, up to a page more; and products whose option combinations are, for each is a request."""
_SHIPMENTS = 100
_LONGEST = timedelta(minutes=1)
"""For one question."""
_READING = timedelta(seconds=45)
"""For the pages of a list: if it isn't read to its end by then, it is judged as far as it was read."""
_TEST_CODES = "Test00"
_AHEAD = timedelta(days=1)
"""How far a store's clock may be ahead for its newest orders to be found."""

ReadWarehouse = Callable[[Collection[str]], WarehouseRead]
"""Reads the platform's part, given the store's ids of the orders in question."""

T = TypeVar("T")


async def ask_store(store: Store, setup: MasterSetup, read_warehouse: ReadWarehouse, now: datetime) -> StoreAnswers:
    """Ask everything.

    Args:
        store: the client's store, open, without writes.
        setup: its master setup.
        read_warehouse: reads the platform's part.
        now: the present time.
    """
    heads = store.watch_heads()
    version = await _answer(store.version_hint())
    if isinstance(version, Unanswered):
        return StoreAnswers(_connection(heads), access=replace(version, why=Why.UNREACHABLE))
    access = await _answer(store.newest())
    unanswered = access if isinstance(access, Unanswered) else None
    if unanswered and unanswered.why in {Why.UNREACHABLE, Why.UNAUTHORIZED}:
        return StoreAnswers(_connection(heads, version), access=unanswered)
    (
        (user, storefronts, vendors),
        (statuses, shippings, shipments),
        (changes, orders, products),
    ) = await asyncio.gather(
        asyncio.gather(
            _answer(store.user(setup.store.user_id)), _answer(store.storefronts()), _answer(store.vendors())
        ),
        asyncio.gather(
            _answer(store.statuses()), _answer(store.shippings()), _answer(store.newest_shipments(_SHIPMENTS))
        ),
        asyncio.gather(_answer(store.knows_changes()), _answer(_orders(store, setup, now)), _answer(_products(store))),
    )
    ids = [] if isinstance(orders, Unanswered) else [order.order_id for order in orders.orders if order.order_id]
    return StoreAnswers(
        connection=_connection(heads, version),
        access=unanswered,
        user=user,
        statuses=statuses,
        shippings=shippings,
        shipments=shipments,
        storefronts=storefronts,
        vendors=vendors,
        lists_changes=changes,
        orders=orders,
        products=products,
        warehouse=await _answer(_warehouse(read_warehouse, ids)),
    )


async def _answer(question: Awaitable[T]) -> T | Unanswered:
    """The answer to a question, or why there is none."""
    try:
        async with asyncio.timeout(_LONGEST.total_seconds()):
            return await question
    except TimeoutError:
        reason = (
            f"No whole answer came within {_LONGEST.total_seconds():.0f} s. Ask the merchant's host why it is slow."
        )
        return Unanswered(Why.UNREACHABLE, reason)
    except Exception as failure:  # noqa: BLE001 - a finding of its own
        return Unanswered(_why(failure), _reason(failure))


def _why(failure: Exception) -> Why:
    match failure:
        case Unauthorized():
            return Why.UNAUTHORIZED
        case Forbidden():
            return Why.FORBIDDEN
        case NotFound():
            return Why.ABSENT
        case Unreachable() | BadCertificate() | Blocked() | OutcomeUnknown() | RateLimited() | RequestRejected():
            return Why.UNREACHABLE
    return Why.FAILED


def _reason(failure: Exception) -> str:
    if isinstance(failure, NpfError):
        return str(failure)
    log_fault(_LOG, failure, "a question of the check failed")
    return f"{type(failure).__name__}, see the log"


def _connection(heads: AnswerHeads, version: str = "") -> Connection:
    return Connection(heads.certificate_until, heads.clock_ahead, version)


async def _orders(store: Store, setup: MasterSetup, now: datetime) -> OrdersRead:
    orders: list[Order | UnreadableOrder] = []
    start, total, is_cut = start_of_day(setup.orders.start_date, setup.zone), 0, False
    pages = store.newest_orders(start, now + _AHEAD, most=MOST_ORDERS, most_by_number=MOST_BY_NUMBER)
    try:
        async with asyncio.timeout(_READING.total_seconds()):
            async for page, counted in pages:
                orders += page
                total = counted
    except TimeoutError:
        if not orders:
            raise
        is_cut = True
    return OrdersRead(orders, total, store.lists_are_whole, is_cut)


async def _products(store: Store) -> ProductsRead:
    products: list[Product | UnreadableProduct] = []
    rows, total, not_expanded, is_cut = 0, 0, 0, False
    try:
        async with asyncio.timeout(_READING.total_seconds()):
            async for page in store.first_products(most=MOST_PRODUCTS, most_combined=MOST_COMBINED):
                products += page.products
                rows, total, not_expanded = rows + page.rows, page.total, not_expanded + page.not_expanded
    except TimeoutError:
        if not products:
            raise
        is_cut = True
    read = ProductsRead(products, total, rows, not_expanded, frozenset(), is_cut)
    if read.is_complete:
        return read
    codes = frozenset(await store.codes_like(_TEST_CODES))
    return ProductsRead(products, total, rows, not_expanded, codes, is_cut)


async def _warehouse(read_warehouse: ReadWarehouse, ids: Collection[str]) -> WarehouseRead:
    return read_warehouse(ids)

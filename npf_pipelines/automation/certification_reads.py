"""A certification's questions to store, platform and tables; nothing is written.

Not here: the single readings (reconcile/certification.py), the steps (certification.py).
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from npf_pipelines.assets.product_map import ProductMap
from npf_pipelines.assets.store_facts import StoreFacts
from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.certification import Amount, OrderEvidence, OrderSeen
from npf_pipelines.domain.days import day_of
from npf_pipelines.domain.platform_orders import OrderStatus
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.lake.tables import FILTERED_ORDERS
from npf_pipelines.reconcile.certification import recent_test_orders, see_amounts, see_orders
from npf_pipelines.rules.certification_orders import Candidate, ChosenOrders, choose
from npf_pipelines.rules.imports import order_number
from npf_pipelines.rules.orders import TEST_SKUS
from npf_pipelines.rules.status_meaning import StatusMeanings
from npf_pipelines.rules.stock_location import Scope
from npf_pipelines.runs.client_tables import ClientTables
from npf_pipelines.runs.own_numbers import own_numbers
from npf_pipelines.runs.services import Services

_Answer = TypeVar("_Answer")


class CertificationReads:
    """The questions about one client. Each raises StoreError if the store can't be asked."""

    def __init__(self, services: Services, setup: MasterSetup, now: datetime, log: Callable[[str], None]) -> None:
        self._services, self._setup, self._now, self._log = services, setup, now, log
        self._tables = ClientTables(services.lake, setup.id)
        self._scope = Scope(setup.stock.store_location)

    def meanings(self) -> StatusMeanings:
        """The store's statuses.

        Raises:
            UnknownStatus: the store doesn't have a status that the setup names.
            SetupError: the setup contradicts itself in this store.
        """

        async def read(store: Store) -> StatusMeanings:
            facts = StoreFacts(store, self._setup, self._tables, now=self._now, log=self._log)
            return await facts.meanings()

        return self._ask(read)

    def version(self) -> str:
        """The store's version; empty if the store doesn't name it."""
        return self._ask(lambda store: store.version_hint())

    def items(self) -> tuple[Amount, ...]:
        """The products with a test item's code."""

        async def read(store: Store) -> tuple[Amount, ...]:
            reading = await ProductMap(self._tables, self._now).read(store, TEST_SKUS)
            return see_amounts([found for found in reading.products if found.sku in TEST_SKUS], self._scope)

        return self._ask(read)

    def amounts(self, items: Iterable[Amount]) -> tuple[Amount, ...]:
        """The amounts of test items now; without a product that has another code by now."""
        known = {item.product: item.sku for item in items}

        async def read(store: Store) -> tuple[Amount, ...]:
            return see_amounts((await store.products_by_key(known)).values(), self._scope)

        return tuple(item for item in self._ask(read) if item.sku == known[item.product])

    def orders(self, orders: Collection[OrderEvidence]) -> Mapping[str, OrderSeen]:
        """Test orders as they are now, by id; without one that has left the store."""
        days = {day_of(order.placed_at, self._setup.zone) for order in orders}
        decisions = {
            row["order_id"]: f"{row['decision']}: {row['reason']}"
            for day in days
            for row in self._tables.read_if_written(FILTERED_ORDERS, day)
        }
        ids = [order.order_id for order in orders]
        platform, own = self._services.platform, own_numbers(self._services, self._setup)
        return self._ask(lambda store: see_orders(store, platform, self._setup, ids, decisions, own=own))

    def new_orders(
        self, roles: Collection[str], taken: Collection[OrderEvidence], meanings: StatusMeanings
    ) -> dict[str, OrderEvidence]:
        """The store's newest test orders for roles, as far as it has them, by role.

        Args:
            roles: `full`, `part` or both.
            taken: orders that have a role already.
            meanings: the store's statuses.
        """
        ids = {order.order_id for order in taken}

        async def search(store: Store) -> ChosenOrders:
            candidates: list[Candidate] = []
            chosen = ChosenOrders()
            start, today = self._setup.orders.start_date, day_of(self._now, self._setup.zone)
            async for orders in recent_test_orders(store, self._setup.zone, start, today):
                new = [order for order in orders if order.order_id not in ids]
                candidates += await asyncio.to_thread(self._candidates, new, meanings)
                chosen = choose(candidates, roles)
                if chosen.has(roles):
                    break
            return chosen

        chosen = self._ask(search)
        found = {"full": chosen.full, "part": chosen.part}
        return {
            role: OrderEvidence(
                order_id=order.order_id,
                order_number=order_number(self._setup.orders.prefix, order.order_id),
                placed_at=order.placed_at,
            )
            for role, order in found.items()
            if order
        }

    def _candidates(self, orders: Sequence[Order], meanings: StatusMeanings) -> list[Candidate]:
        own = own_numbers(self._services, self._setup)
        records = self._services.platform.records(self._setup.id, [order.order_id for order in orders], own)
        by_id = {record.order.store_order_id: record for record in records.values()}
        return [
            Candidate(
                order,
                is_due=order.order_id in by_id or order.status in meanings.wanted,
                is_cancelled=order.order_id in by_id and by_id[order.order_id].status is OrderStatus.CANCELLED,
                lodged=by_id[order.order_id].units_shipped if order.order_id in by_id else 0,
            )
            for order in orders
        ]

    def _ask(self, question: Callable[[Store], Awaitable[_Answer]]) -> _Answer:
        async def answer() -> _Answer:
            async with self._services.store(self._setup, read_only=True) as store:
                return await question(store)

        return asyncio.run(answer())

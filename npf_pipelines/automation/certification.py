"""The certification of a client: its test orders and test items through the real jobs, with the evidence of each step.

Each step reads what store and platform show and keeps it. A run that ends early, or that waits for the warehouse, is
continued by the next one. Not here: what the evidence proves (rules/certificate.py), the reading
(reconcile/certification.py), the file between two runs (certification_record.py).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from npf_pipelines.assets.product_map import ProductMap
from npf_pipelines.assets.store_facts import StoreFacts
from npf_pipelines.automation.certification_record import CertificationRecord
from npf_pipelines.config.master_setup import MasterSetup, SetupError
from npf_pipelines.cscart.errors import StoreError
from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.certification import (
    Amount,
    Evidence,
    OrderEvidence,
    OrderSeen,
    StockEvidence,
    StockSeen,
)
from npf_pipelines.domain.days import day_of
from npf_pipelines.domain.platform_orders import OrderStatus
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.errors import NpfError
from npf_pipelines.lake.tables import FILTERED_ORDERS
from npf_pipelines.platform.lodgements import lodge_test_order
from npf_pipelines.reconcile.certification import put_back, recent_test_orders, see_amounts, see_orders
from npf_pipelines.rules.certificate import Certificate, judge
from npf_pipelines.rules.certification_orders import (
    Candidate,
    ChosenOrders,
    choose,
    first_part,
    how_to_place,
    is_missed,
    what_waits,
)
from npf_pipelines.rules.imports import order_number
from npf_pipelines.rules.orders import TEST_SKUS
from npf_pipelines.rules.played_figures import plain_figures, with_negative
from npf_pipelines.rules.status_meaning import StatusMeanings
from npf_pipelines.rules.stock_location import Scope
from npf_pipelines.runs.client_tables import ClientTables
from npf_pipelines.runs.services import Services
from npf_pipelines.state.lease import LIFETIME, LeaseLost, LeaseTaken, held_lease, held_now


class NotPutBack(NpfError):
    """The store still has played amounts; the text says what to do."""


Run = Callable[[str, tuple[date, date] | None, Mapping[str, Any]], str]
"""Runs a flow's job for the client over days, with further run config; why it failed, empty if it didn't."""
PlaceOrders = Callable[[StatusMeanings], None]
"""Places the test orders, where the store is a pretend one."""

_POLL = 15.0
"""Seconds between two questions whether the warehouse has lodged."""
_LEASE_POLL = 0.5
_ROLES = ("full", "part")
"""The roles of the test orders: to be lodged in full, and to be lodged in part."""
_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Tools:
    """The means of a certification.

    Attributes:
        services: the services.
        run: runs a flow.
        say: prints a line for the person who waits.
        may_lodge: whether lodgements are played; otherwise they are the warehouse's.
        place: places test orders; None for a real store, whose merchant places them.
        wait: how long to wait for the warehouse's lodgement.
    """

    services: Services
    run: Run
    say: Callable[[str], None]
    may_lodge: bool
    place: PlaceOrders | None = None
    wait: timedelta = timedelta(0)


def certify(tools: Tools, setup: MasterSetup) -> Certificate:
    """Certify a client, or go on with it.

    Raises:
        SetupError: the client is paused, or its setup doesn't fit the store.
        StoreError: the store can't be asked.
        CertificationRunning: another process certifies the client.
        NotPutBack: the last certification was cut off, and the store does not take its amounts back.
        KeyboardInterrupt: interrupted; the amounts are put back.
    """
    if setup.paused:
        raise SetupError(f"{setup.id}: paused in its master setup: resume it first")
    record = CertificationRecord(tools.services.settings.data / "certifications", setup.id)
    with record.held():
        return _Certification(tools, setup, record).run()


class _Certification:
    """One run of a client's certification."""

    def __init__(self, tools: Tools, setup: MasterSetup, record: CertificationRecord) -> None:
        self._tools, self._setup, self._record = tools, setup, record
        self._services, self._say = tools.services, tools.say
        self._tables = ClientTables(tools.services.lake, setup.id)
        self._scope = Scope(setup.stock.store_location)
        self._began = datetime.now(UTC)
        self._evidence = record.read() or Evidence(client=setup.id, began_at=self._began)

    def run(self) -> Certificate:
        if self._evidence.to_put_back:
            self._say("the last certification was cut off: putting its amounts back")
            self._put_back()
            if self._evidence.to_put_back:
                raise NotPutBack(
                    f"{self._setup.id}: the store does not take back the amounts of the test items that the last"
                    f" certification found ({_in_words(self._evidence.to_put_back)}): set them in the store, then"
                    f" delete {self._record.path}"
                )
        meanings = asyncio.run(self._asked(self._meanings))
        self._find_orders(meanings)
        if self._order_ids:
            self._pull()
            self._lodge()
            self._pull_again()
            self._push_shipments()
        if self._setup.stock.quantity != "off" and self._evidence.items:
            self._push_stock()
        return Certificate(
            self._setup,
            began_at=self._evidence.began_at,
            ended_at=datetime.now(UTC),
            requirements=judge(self._setup, meanings, self._evidence),
            waits_for=tuple(what_waits(self._evidence)),
            to_place=how_to_place(self._setup, self._evidence),
        )

    def _find_orders(self, meanings: StatusMeanings) -> None:
        """Keep the orders of earlier runs while they prove something, and find orders for the other roles."""
        kept = {role: order for role, order in self._roles.items() if self._is_usable(role, order)}
        is_done = len(kept) == len(_ROLES) and all(order.pushed_again for order in kept.values())
        wanted = _ROLES if is_done else [role for role in _ROLES if role not in kept]
        found = self._found(meanings, wanted, kept)
        if len(found) < len(wanted) and not is_done and self._tools.place:
            self._say("placing test orders in the sandbox store")
            self._tools.place(meanings)
            found = self._found(meanings, wanted, kept)
        if is_done and len(found) == len(wanted):
            kept, self._evidence = {}, Evidence(client=self._setup.id, began_at=self._began, items=self._evidence.items)
        roles = found | kept
        self._update(full=roles.get("full"), part=roles.get("part"), failures={}, stock=StockEvidence())
        for order in self._roles.values():
            self._say(f"test order {order.order_number}, placed {order.placed_at:%Y-%m-%d %H:%M} UTC")

    def _is_usable(self, role: str, order: OrderEvidence) -> bool:
        """Whether a kept order is still in the store, and was pushed as its role asks or still can be."""
        seen = self._see([order.order_id]).get(order.order_id)
        return seen is not None and not (role == "part" and is_missed(order, seen))

    def _found(
        self, meanings: StatusMeanings, roles: Collection[str], kept: Mapping[str, OrderEvidence]
    ) -> dict[str, OrderEvidence]:
        """New orders for roles, as far as the store has them."""
        if not roles:
            return {}
        taken = {order.order_id for order in kept.values()}

        async def search(store: Store) -> ChosenOrders:
            today = day_of(self._began, self._setup.zone)
            candidates: list[Candidate] = []
            chosen = ChosenOrders()
            async for orders in recent_test_orders(store, self._setup.zone, self._setup.orders.start_date, today):
                new = [order for order in orders if order.order_id not in taken]
                candidates += await asyncio.to_thread(self._candidates, new, meanings)
                chosen = choose(candidates, roles)
                if chosen.has(roles):
                    break
            return chosen

        chosen = asyncio.run(self._asked(search))
        orders = {"full": chosen.full, "part": chosen.part}
        return {
            role: OrderEvidence(
                order_id=order.order_id,
                order_number=order_number(self._setup.orders.prefix, order.order_id),
                placed_at=order.placed_at,
            )
            for role, order in orders.items()
            if order
        }

    def _candidates(self, orders: Sequence[Order], meanings: StatusMeanings) -> list[Candidate]:
        records = self._services.platform.records(self._setup.id, [order.order_id for order in orders])
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

    def _pull(self) -> None:
        self._run("orders", self._days_placed)
        for role, seen in self._seen().items():
            order = self._roles[role]
            if order.pulled is None or order.pulled.imported is None:
                self._keep(role, pulled=seen, order_number=next(iter(seen.numbers), order.order_number))

    def _pull_again(self) -> None:
        self._run("orders", self._days_placed)
        for role, seen in self._seen().items():
            self._keep(role, pulled_again=seen)

    def _lodge(self) -> None:
        """Play the lodgements, or wait for the warehouse's."""
        if self._tools.may_lodge:
            for role, seen in self._seen().items():
                if seen.imported and not seen.lodged:
                    parcel = first_part(seen.ordered) if role == "part" else None
                    number = seen.numbers[0]
                    self._say(f"playing the lodgement of {number} in {'part' if parcel else 'full'}")
                    engine = self._services.platform_engine
                    lodge_test_order(engine, self._setup.id, number, datetime.now(UTC), parcel)
            return
        until = time.monotonic() + self._tools.wait.total_seconds()
        while (waiting := self._not_lodged()) and time.monotonic() < until:
            self._say(f"waiting for lodgement of {' and '.join(waiting)}")
            time.sleep(max(0.0, min(_POLL, until - time.monotonic())))

    def _not_lodged(self) -> list[str]:
        """The lodgements that are still to be made, in words."""
        seen = self._seen()
        evidence = self._evidence
        for role, order in seen.items():
            if _is_lodged(role, order):
                evidence = evidence.model_copy(update={role: None})
        return what_waits(evidence)

    def _push_shipments(self) -> None:
        before = self._seen()
        lodged = [parcel.lodged_at for seen in before.values() for parcel in seen.lodged]
        if not lodged:
            return
        days = (day_of(min(lodged), self._setup.zone), day_of(max(lodged), self._setup.zone))
        for step in ("pushed", "pushed_again"):
            self._run("shipments", days)
            for role, seen in self._seen().items():
                # A parcel lodged meanwhile is left to the next run.
                if _is_lodged(role, seen) and seen.lodged == before[role].lodged:
                    self._keep(role, **{step: seen})

    def _push_stock(self) -> None:
        """Push played figures, and put the amounts back whatever happens."""
        before = self._amounts()
        self._update(stock=StockEvidence(before=before), to_put_back=before)
        plain = plain_figures({item.sku: item.amount for item in before}, self._setup.stock)
        negative = with_negative(plain, self._setup.stock)
        try:
            for step, figures in (("plain", plain), ("negative", negative), ("again", negative)):
                self._run("stock", None, played_figures=[figure.model_dump() for figure in figures])
                self._keep_stock(
                    **{step: StockSeen(seen_at=datetime.now(UTC), figures=figures, amounts=self._amounts())}
                )
        finally:
            try:
                self._put_back()
            except (StoreError, LeaseTaken, LeaseLost) as error:
                self._say(f"the amounts of the test items are not put back yet, run certify again: {error}")

    def _put_back(self) -> None:
        amounts = self._evidence.to_put_back
        self._wait_for_lease("stock")

        async def restore() -> tuple[Amount, ...]:
            async with (
                held_lease(self._services.state, self._setup.id, "stock") as lease,
                self._services.store(self._setup) as store,
            ):
                await put_back(store, lease, amounts, self._scope)
                products = await store.products_by_key(item.product for item in amounts)
                return see_amounts(products.values(), self._scope)

        after = asyncio.run(restore())
        self._keep_stock(put_back=after)
        before = {item.product: item.amount for item in amounts}
        if all(item.amount == before[item.product] for item in after):
            self._update(to_put_back=())

    # Reading of store and platform

    async def _asked(self, question: Callable[[Store], Awaitable[_Answer]]) -> _Answer:
        """The answer of the store, which nothing can be written to meanwhile."""
        async with self._services.store(self._setup, read_only=True) as store:
            return await question(store)

    async def _meanings(self, store: Store) -> StatusMeanings:
        """The store's statuses; the products with a test item's code are read too."""
        facts = StoreFacts(store, self._setup, self._tables, now=self._began, log=self._say)
        meanings = await facts.meanings()
        reading = await ProductMap(self._tables, self._began).read(store, TEST_SKUS)
        items = [product for product in reading.products if product.sku in TEST_SKUS]
        self._update(items=see_amounts(items, self._scope))
        return meanings

    def _amounts(self) -> tuple[Amount, ...]:
        async def read(store: Store) -> tuple[Amount, ...]:
            products = await store.products_by_key(item.product for item in self._evidence.items if item.is_counted)
            return see_amounts(products.values(), self._scope)

        return asyncio.run(self._asked(read))

    def _see(self, order_ids: Collection[str]) -> Mapping[str, OrderSeen]:
        decisions = {
            row["order_id"]: f"{row['decision']}: {row['reason']}"
            for day in self._all_days_placed()
            for row in self._tables.read_if_written(FILTERED_ORDERS, day)
        }

        async def read(store: Store) -> Mapping[str, OrderSeen]:
            return await see_orders(store, self._services.platform, self._setup, order_ids, decisions)

        return asyncio.run(self._asked(read))

    def _seen(self) -> dict[str, OrderSeen]:
        """The orders as they are now, by role; without one that has left the store."""
        seen = self._see(self._order_ids)
        return {role: seen[order.order_id] for role, order in self._roles.items() if order.order_id in seen}

    # The evidence

    @property
    def _roles(self) -> dict[str, OrderEvidence]:
        orders = {"full": self._evidence.full, "part": self._evidence.part}
        return {role: order for role, order in orders.items() if order}

    @property
    def _order_ids(self) -> list[str]:
        return [order.order_id for order in self._roles.values()]

    def _all_days_placed(self) -> list[date]:
        return sorted({day_of(order.placed_at, self._setup.zone) for order in self._roles.values()})

    @property
    def _days_placed(self) -> tuple[date, date]:
        days = self._all_days_placed()
        return days[0], days[-1]

    def _update(self, **changes: Any) -> None:
        self._evidence = self._evidence.model_copy(update=changes)
        self._record.write(self._evidence)

    def _keep(self, role: str, **seen: Any) -> None:
        self._update(**{role: self._roles[role].model_copy(update=seen)})

    def _keep_stock(self, **seen: Any) -> None:
        self._update(stock=self._evidence.stock.model_copy(update=seen))

    # The runs

    def _run(self, flow: str, days: tuple[date, date] | None, **config: Any) -> None:
        self._wait_for_lease(flow)
        self._say(f"running {flow}")
        if failure := self._tools.run(flow, days, config):
            self._update(failures={**self._evidence.failures, flow: failure})

    def _wait_for_lease(self, flow: str) -> None:
        """Wait while another run of the client is at work, or until the lease of a run that died is over."""
        until = time.monotonic() + LIFETIME.total_seconds()
        while self._setup.id in held_now(self._services.state, flow) and time.monotonic() < until:
            time.sleep(_LEASE_POLL)


def _in_words(amounts: Iterable[Amount]) -> str:
    return ", ".join(f"{item.amount} of product {item.product}" for item in amounts)


def _is_lodged(role: str, seen: OrderSeen) -> bool:
    """Whether the warehouse has lodged an order as its role asks."""
    return seen.is_lodged_in_part if role == "part" else seen.is_lodged_in_full

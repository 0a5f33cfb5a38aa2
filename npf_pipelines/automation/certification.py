"""The certification of a client: its test orders and test items through the real jobs, with the evidence of each step.

Each step reads what store and platform show and keeps it. A run that ends early, or that waits for the warehouse, is
continued by the next one. Not here: what the evidence proves (rules/certificate.py), the reading
(certification_reads.py), the file between two runs (certification_record.py).
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from npf_pipelines.automation.certification_reads import CertificationReads
from npf_pipelines.automation.certification_record import CertificationRecord
from npf_pipelines.config.master_setup import MasterSetup, SetupError
from npf_pipelines.config.store_address import comparable_address
from npf_pipelines.cscart.errors import StoreError
from npf_pipelines.domain.certification import (
    Amount,
    Evidence,
    OrderEvidence,
    OrderSeen,
    StockEvidence,
    StockSeen,
)
from npf_pipelines.errors import NpfError
from npf_pipelines.platform.lodgements import lodge_test_order
from npf_pipelines.reconcile.certification import put_back
from npf_pipelines.rules.certificate import Certificate, judge
from npf_pipelines.rules.certification_orders import (
    can_prove,
    first_part,
    how_to_place,
    what_waits,
)
from npf_pipelines.rules.played_figures import plain_figures, with_negative
from npf_pipelines.rules.status_meaning import StatusMeanings
from npf_pipelines.rules.stock_location import Scope
from npf_pipelines.runs.paused import why_paused
from npf_pipelines.runs.services import Services
from npf_pipelines.state.lease import LIFETIME, LeaseLost, LeaseTaken, held_lease, held_now
from npf_pipelines.state.pauses import Paused, read_pauses


class NotPutBack(NpfError):
    """The store still has played amounts; the text says what to do."""


Run = Callable[[str, Mapping[str, Any]], str]
"""Runs a flow's job for the client with further run config; why it failed, empty if it didn't."""
PlaceOrders = Callable[[StatusMeanings], None]
"""Places the test orders, where the store is a pretend one."""

_POLL = 15.0
"""Seconds between two questions whether the warehouse has lodged."""
_LEASE_POLL = 0.5
_ROLES = ("full", "part")
"""The roles of the test orders: to be lodged in full, and to be lodged in part."""


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
        NotPutBack: the last certification was cut off, and the store does not take its amounts back, or is another.
        KeyboardInterrupt: interrupted; the amounts are put back.
    """
    _check_not_paused(tools.services, setup.id)
    record = CertificationRecord(tools.services.settings.data, setup.id)
    with record.held():
        return _Certification(tools, setup, record).run()


class _Certification:
    """One run of a client's certification."""

    def __init__(self, tools: Tools, setup: MasterSetup, record: CertificationRecord) -> None:
        self._tools, self._setup, self._record = tools, setup, record
        self._services, self._say = tools.services, tools.say
        self._began = datetime.now(UTC)
        self._reads = CertificationReads(tools.services, setup, self._began, tools.say)
        self._evidence = self._kept_evidence()

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
        meanings = self._reads.meanings()
        self._update(items=self._reads.items())
        self._find_orders(meanings)
        if self._roles:
            self._pull()
            self._lodge()
            self._pull_again()
            self._push_shipments()
        counted = [item for item in self._evidence.items if item.is_counted]
        if self._setup.stock.quantity != "off" and counted:
            self._push_stock(counted)
        return Certificate(
            self._setup,
            began_at=self._evidence.began_at,
            ended_at=datetime.now(UTC),
            requirements=judge(self._setup, meanings, self._evidence),
            waits_for=tuple(what_waits(self._evidence)),
            to_place=how_to_place(self._setup, self._evidence),
            store_version=self._reads.version(),
        )

    def _kept_evidence(self) -> Evidence:
        """The evidence of earlier runs in this store; new evidence if there is none."""
        kept, address = self._record.read(), comparable_address(self._setup.store.url)
        if kept and kept.store == address:
            return kept
        if kept and kept.to_put_back:
            raise NotPutBack(
                f"{self._setup.id}: store.url has changed since the last certification, which was cut off: the store"
                f" {kept.store} had other amounts of the test items ({_in_words(kept.to_put_back)}): set them there,"
                f" then delete {self._record.path}"
            )
        return Evidence(began_at=self._began, store=address)

    def _find_orders(self, meanings: StatusMeanings) -> None:
        """Keep the orders of earlier runs while they prove something, and find orders for the other roles."""
        kept = {role: order for role, order in self._roles.items() if self._is_usable(role, order, meanings)}
        is_done = len(kept) == len(_ROLES) and all(order.pushed_again for order in kept.values())
        needed = _ROLES if is_done else [role for role in _ROLES if role not in kept]
        found = self._reads.new_orders(needed, kept.values(), meanings)
        if len(found) < len(needed) and not is_done and self._tools.place:
            self._say("placing test orders in the sandbox store")
            self._tools.place(meanings)
            found = self._reads.new_orders(needed, kept.values(), meanings)
        if is_done and len(found) == len(needed):
            kept = {}
            self._evidence = Evidence(began_at=self._began, store=self._evidence.store, items=self._evidence.items)
        roles = found | kept
        self._update(full=roles.get("full"), part=roles.get("part"), failures={}, stock=StockEvidence())
        for order in self._roles.values():
            self._say(f"test order {order.order_number}, placed {order.placed_at:%Y-%m-%d %H:%M} UTC")

    def _is_usable(self, role: str, order: OrderEvidence, meanings: StatusMeanings) -> bool:
        """Whether a kept order is still in the store, and has proven or can prove what its role asks."""
        seen = self._reads.orders([order]).get(order.order_id)
        return seen is not None and can_prove(role, order, seen, meanings.wanted)

    def _pull(self) -> None:
        self._run_orders()
        for role, seen in self._seen().items():
            order = self._roles[role]
            if order.pulled is None or order.pulled.imported is None:
                self._keep(role, pulled=seen, order_number=next(iter(seen.numbers), order.order_number))

    def _pull_again(self) -> None:
        self._run_orders()
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
        said: list[str] = []
        while (waiting := self._not_lodged()) and time.monotonic() < until:
            if waiting != said:
                self._say(f"waiting for lodgement of {' and '.join(waiting)}")
                said = waiting
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
        lodged = [number for seen in before.values() if seen.lodged for number in seen.numbers]
        if not lodged:
            return
        for step in ("pushed", "pushed_again"):
            self._run("shipments", orders=lodged)
            for role, seen in self._seen().items():
                # A parcel lodged meanwhile is left to the next run.
                if _is_lodged(role, seen) and seen.lodged == before[role].lodged:
                    self._keep(role, **{step: seen})

    def _push_stock(self, items: Sequence[Amount]) -> None:
        """Push played figures of test items, and put the amounts back whatever happens."""
        before = self._reads.amounts(items)
        self._update(stock=StockEvidence(before=before), to_put_back=before)
        plain = plain_figures({item.sku: item.amount for item in before}, self._setup.stock)
        negative = with_negative(plain, self._setup.stock)
        try:
            for step, figures in (("plain", plain), ("negative", negative), ("again", negative)):
                self._run("stock", played_figures=[figure.model_dump() for figure in figures])
                amounts = self._reads.amounts(items)
                self._keep_stock(**{step: StockSeen(seen_at=datetime.now(UTC), figures=figures, amounts=amounts)})
        finally:
            try:
                self._put_back()
            except (StoreError, LeaseTaken, LeaseLost, Paused) as error:
                self._say(f"the amounts of the test items are not put back yet, run certify again: {error}")

    def _put_back(self) -> None:
        amounts = self._evidence.to_put_back
        self._wait_for_lease("stock")

        async def restore() -> None:
            scope = Scope(self._setup.stock.store_location)
            async with (
                held_lease(self._services.state, self._setup.id, "stock") as lease,
                self._services.store(self._setup) as store,
            ):
                await put_back(store, lease, amounts, scope)

        asyncio.run(restore())
        after = self._reads.amounts(amounts)
        self._keep_stock(put_back=after)
        before = {item.product: item.amount for item in amounts}
        if all(item.amount == before[item.product] for item in after):
            self._update(to_put_back=())

    def _seen(self) -> dict[str, OrderSeen]:
        """The orders as they are now, by role; without one that has left the store."""
        seen = self._reads.orders(self._roles.values())
        return {role: seen[order.order_id] for role, order in self._roles.items() if order.order_id in seen}

    @property
    def _roles(self) -> dict[str, OrderEvidence]:
        orders = {"full": self._evidence.full, "part": self._evidence.part}
        return {role: order for role, order in orders.items() if order}

    def _update(self, **changes: Any) -> None:
        self._evidence = self._evidence.model_copy(update=changes)
        self._record.write(self._evidence)

    def _keep(self, role: str, **seen: Any) -> None:
        self._update(**{role: self._roles[role].model_copy(update=seen)})

    def _keep_stock(self, **seen: Any) -> None:
        self._update(stock=self._evidence.stock.model_copy(update=seen))

    def _run_orders(self) -> None:
        """Run the test orders alone: a run of whole days imports and cancels a live client's orders without limits."""
        self._run("orders", orders=[order.order_number for order in self._roles.values()])

    def _run(self, flow: str, **config: Any) -> None:
        self._wait_for_lease(flow)
        self._say(f"running {flow}")
        if failure := self._tools.run(flow, config):
            self._update(failures={**self._evidence.failures, flow: failure})
        # A run leaves a paused client alone: what the store shows afterwards proves nothing.
        _check_not_paused(self._services, self._setup.id)

    def _wait_for_lease(self, flow: str) -> None:
        """Wait while another run of the client is at work, or until the lease of a run that died is over."""
        until = time.monotonic() + LIFETIME.total_seconds()
        if self._setup.id in held_now(self._services.state, flow):
            self._say(f"another run of {flow} is at work, or was cut off: waiting for its end")
        while self._setup.id in held_now(self._services.state, flow) and time.monotonic() < until:
            time.sleep(_LEASE_POLL)


def _check_not_paused(services: Services, client: str) -> None:
    if why := why_paused(services.setups()[client], read_pauses(services.state)):
        raise SetupError(f"{client}: {why}. Resume it, then certify again")


def _in_words(amounts: Iterable[Amount]) -> str:
    return ", ".join(f"{item.amount} of product {item.product}" for item in amounts)


def _is_lodged(role: str, seen: OrderSeen) -> bool:
    """Whether the warehouse has lodged an order as its role asks."""
    return seen.is_lodged_in_part if role == "part" else seen.is_lodged_in_full

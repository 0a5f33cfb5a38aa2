"""One day of one client's orders: pull, decide, import, each as far as the run's assets ask for it.

Not here: which days these are (orders.py), what the platform has of a day (platform_day.py), the decisions (rules/),
the platform itself (reconcile/platform_orders.py, held_back.py).
"""

import asyncio
import contextlib
import functools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import dagster as dg

from npf_pipelines.assets.due_decisions import DueDecisions
from npf_pipelines.assets.live_days import is_live
from npf_pipelines.assets.order_filter import order_filter
from npf_pipelines.assets.order_holds import OrderHolds
from npf_pipelines.assets.order_rows import order_of, row_id, row_of
from npf_pipelines.assets.outcome_rows import outcome_rows
from npf_pipelines.assets.platform_day import PlatformDay, platform_day
from npf_pipelines.assets.status_questions import StatusQuestions
from npf_pipelines.assets.store_facts import StoreFacts
from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.outcomes import Decision, OrderOutcome, Rule
from npf_pipelines.domain.platform_orders import OPEN_STATUSES, PlatformOrder
from npf_pipelines.domain.sku_map import NO_MAP, SkuMap
from npf_pipelines.domain.store_orders import Order, UnreadableOrder
from npf_pipelines.lake.broken_files import BrokenFile
from npf_pipelines.lake.lake import NotWritten
from npf_pipelines.lake.table import Table
from npf_pipelines.lake.tables import FILTERED_ORDERS, PLATFORM_ORDERS, RAW_ORDERS
from npf_pipelines.platform.gateway import Platform
from npf_pipelines.reconcile.held_back import HeldBack
from npf_pipelines.reconcile.orders_of_day import Limit, OrderRow, OrdersOfDay
from npf_pipelines.reconcile.platform_orders import reconcile_orders
from npf_pipelines.rules.decision_history import released, with_history
from npf_pipelines.rules.identity import is_same_order, judge
from npf_pipelines.rules.imports import order_number
from npf_pipelines.rules.order_sums import sums_problem
from npf_pipelines.rules.orders import OrderFilter, Verdict, is_test
from npf_pipelines.runs.client_run import ClientRun
from npf_pipelines.runs.failures import ClientFailure
from npf_pipelines.state.lease import Lease

Orders = list[Order | UnreadableOrder]
Row = dict[str, Any]


@dataclass
class OrdersRun:
    """The state that the days of one client's run share.

    Attributes:
        client_run: the client's part of the run.
        store: its store, open.
        lease: its lease for orders, held except in a dry run.
        facts: the kept facts about the store.
        questions: the statuses that need a person's answer.
        holds: the orders that are held, by a person or for a time.
        due: when days are decided on again because of that.
        held_back: takes mass changes until the end; None if a person launched the run, which has no limit.
        last_good_pull: when a run of orders last succeeded.
        redated: the ids of orders that were imported from another day's list, by that day.
        done: the days that were processed.
        broken: the errors about files of the client that can't be read, each of which has failed one day.
        only: the store's ids of the orders that the run takes; None for all orders of its days.
        sku_map: what the store's codes are in the warehouse.
    """

    client_run: ClientRun
    store: Store
    lease: Lease
    facts: StoreFacts
    questions: StatusQuestions
    holds: OrderHolds
    due: DueDecisions
    held_back: HeldBack | None = None
    last_good_pull: datetime | None = None
    redated: dict[date, set[str]] = field(default_factory=dict)
    done: set[date] = field(default_factory=set)
    broken: list[BrokenFile] = field(default_factory=list)
    only: frozenset[str] | None = None
    sku_map: SkuMap = NO_MAP

    @functools.cached_property
    def platform(self) -> Platform:
        """The platform, for the writes under the lease."""
        return self.client_run.services.platform_under(self.lease)

    def check_lease(self) -> None:
        """Write only while the lease holds. The cheap check suffices: nothing here is imported twice."""
        if not self.client_run.dry_run:
            self.lease.check()

    @contextlib.contextmanager
    def fails_alone(self) -> Iterator[None]:
        """Keep the error of a file that can't be read: it fails its day alone, and the run at its end."""
        try:
            yield
        except BrokenFile as error:
            self.broken.append(error)

    def materialize(self, table: Table, rows: list[Row], day: date) -> None:
        """Write and report one of the day's partitions; rows of orders that the run doesn't take stay as they are."""
        if self.only is not None:
            before = self._rows_before(table, day)
            if before is None:
                return
            rows = [row for row in before if row["order_id"] not in self.only] + rows
        notes = functools.partial(_notes, self.client_run, day, rows)
        self.client_run.partitions.materialize(table, rows, day, notes)

    def _rows_before(self, table: Table, day: date) -> list[Row] | None:
        """The partition's rows; None where it is not to be written: with a few of its orders a day counts as pulled.

        Raises:
            ClientFailure: the day's personal data was dropped, and its other orders can't be written again.
        """
        tables = self.client_run.tables
        try:
            before = tables.read(table, day)
        except NotWritten:
            return None if table is RAW_ORDERS else []
        if table is RAW_ORDERS and tables.lacks_personal(table, day):
            raise ClientFailure(
                f"personal data was dropped from raw_orders of {day}: run the whole day, "
                f"npf run orders --client {self.client_run.client} --day {day}"
            )
        return before

    def takes(self, order: Order | UnreadableOrder) -> bool:
        """Whether the run takes an order."""
        return self.only is None or order.order_id in self.only


async def pulled_day(run: OrdersRun, day: date, orders: Orders) -> None:
    """Write a day as the store lists it, and what else of the day the run makes."""
    run.done.add(day)
    run.check_lease()
    now, keeps_change = run.client_run.now, run.holds.rules.grace is not None
    rows = [row_of(order, now, place, keeps_change=keeps_change) for place, order in enumerate(orders)]
    run.materialize(RAW_ORDERS, rows, day)
    if run.client_run.selects(FILTERED_ORDERS):
        await decided_day(run, day, orders)
    elif run.client_run.selects(PLATFORM_ORDERS):
        await imported_day(run, day, orders)
    else:
        await _on_platform(run, day, orders)  # It notes the orders that were re-dated.


async def decided_day(run: OrdersRun, day: date, orders: Orders) -> None:
    """Decide on each order of a day, and import the accepted ones if the run makes platform_orders."""
    on_platform, criteria = await _on_platform(run, day, orders)
    before = {row["order_id"]: row for row in run.client_run.tables.read_if_written(FILTERED_ORDERS, day)}
    decisions = []
    for place, order in enumerate(orders):
        order_id = row_id(order, place)
        decision = _decision(run, order_id, order, before.get(order_id), on_platform=on_platform, criteria=criteria)
        decisions.append(with_history(decision, before.get(order_id)))
    run.due.note(day, decisions)
    run.materialize(FILTERED_ORDERS, decisions, day)
    if run.client_run.selects(PLATFORM_ORDERS):
        await _import(run, day, orders, decisions, on_platform=on_platform, criteria=criteria)


async def imported_day(run: OrdersRun, day: date, orders: Orders) -> None:
    """Import the accepted orders of a day by the decisions as they were written."""
    on_platform, criteria = await _on_platform(run, day, orders)
    decisions = run.client_run.tables.read(FILTERED_ORDERS, day)
    await _import(run, day, orders, decisions, on_platform=on_platform, criteria=criteria)


def orders_as_pulled(run: OrdersRun, day: date) -> Orders:
    """The day's orders as raw_orders has them, as far as the run takes them.

    Raises:
        ClientFailure: their personal data was dropped.
        NotWritten: the day was never pulled.
        BrokenFile: the day's file can't be read.
    """
    tables = run.client_run.tables
    rows = tables.read(RAW_ORDERS, day)
    if tables.lacks_personal(RAW_ORDERS, day):
        raise ClientFailure(f"personal data was dropped from raw_orders of {day}: run raw_orders for the day again")
    return [order for row in rows if run.takes(order := order_of(row))]


async def _on_platform(run: OrdersRun, day: date, orders: Orders) -> tuple[PlatformDay, OrderFilter]:
    """The platform's orders of the day, and the client's order rules."""
    on_platform = await platform_day(run.client_run, run.store, day, orders, run.only, sku_map=run.sku_map)
    if on_platform.recognised:
        run.client_run.keep_numbers(on_platform.recognised)
    for other_day, order_ids in on_platform.redated.items():
        run.redated.setdefault(other_day, set()).update(order_ids)
    records = on_platform.records.values()
    still_open = {record.order.store_order_id for record in records if record.status in OPEN_STATUSES}
    criteria = await order_filter(run.facts, run.client_run.setup, on_platform.orders.values(), still_open)
    return on_platform, criteria


def _decision(
    run: OrdersRun,
    order_id: str,
    order: Order | UnreadableOrder,
    before: Row | None,
    *,
    on_platform: PlatformDay,
    criteria: OrderFilter,
) -> Row:
    client_run = run.client_run
    with_same_id = on_platform.by_id.get(order_id, ())
    numbers = [imported.order_number for imported in with_same_id if is_same_order(order, imported)]
    verdict = judge(order, criteria, with_same_id)
    verdict, hold = run.holds.decided(
        order,
        verdict,
        before,
        is_imported=bool(numbers) and not (verdict.rule is Rule.ALL_PASSED and on_platform.are_cancelled(numbers)),
        wanted=criteria.statuses,
    )
    return {
        "order_id": order_id,
        "order_number": min(numbers, default=order_number(client_run.setup.orders.prefix, order_id)),
        "decision": verdict.decision,
        "rule": verdict.rule,
        "reason": verdict.reason,
        "status": order.status,
        "is_test": isinstance(order, Order) and is_test(order),
        "placed_at": order.placed_at,
        "decided_at": client_run.now,
        "sums": _sums(order, verdict),
        **hold,
    }


def _sums(order: Order | UnreadableOrder, verdict: Verdict) -> str | None:
    """Why the sums of an order that comes to the warehouse don't add up; None where they do."""
    if isinstance(order, UnreadableOrder) or verdict.decision is Decision.REJECTED:
        return None
    return sums_problem(order) or None


async def _import(
    run: OrdersRun,
    day: date,
    orders: Orders,
    decisions: list[Row],
    *,
    on_platform: PlatformDay,
    criteria: OrderFilter,
) -> None:
    client_run = run.client_run
    run.check_lease()
    accepted = {row["order_id"] for row in decisions if row["decision"] == Decision.ACCEPTED}
    if accepted - {record.order.store_order_id for record in on_platform.records.values()}:
        client_run.keep_numbers(imports=True)
    of_day = OrdersOfDay(
        client=client_run.client,
        prefix=client_run.setup.orders.prefix,
        own=client_run.own_numbers,
        accepted=[order for order in orders if isinstance(order, Order) and order.order_id in accepted],
        pulled=on_platform.orders,
        records=on_platform.records,
        now=client_run.now,
        criteria=criteria,
        writes=client_run.writes,
        check_write=run.lease.check_write,
        children=on_platform.children,
        limit=_limit(run, day, decisions) if run.held_back else None,
        note_import=functools.partial(_count_import, client_run),
        held=frozenset(row["order_id"] for row in decisions if row["decision"] == Decision.HELD),
        held_now=run.holds.held_now,
        sku_map=run.sku_map,
    )
    outcome = await asyncio.to_thread(lambda: reconcile_orders(run.platform, of_day))
    if not (run.held_back and run.held_back.leave(day, of_day, outcome)):
        _write_outcomes(run, day, outcome.rows)


def _count_import(client_run: ClientRun, order: PlatformOrder) -> None:
    if not order.is_test:
        client_run.counts.imported.append((order.placed_at, client_run.now))


async def finish_held_back(run: OrdersRun) -> None:
    """Finish the days whose imports or cancellations were held back."""
    if held_back := run.held_back:
        for day, rows in await asyncio.to_thread(lambda: list(held_back.finish())):
            with run.fails_alone():
                _write_outcomes(run, day, rows)


def _write_outcomes(run: OrdersRun, day: date, outcomes: list[OrderRow]) -> None:
    run.materialize(PLATFORM_ORDERS, outcome_rows(run.client_run, day, outcomes), day)


def _limit(run: OrdersRun, day: date, decisions: list[Row]) -> Limit:
    @functools.cache
    def rows() -> list[Row]:
        """The day's orders as an earlier run has left them."""
        return run.client_run.tables.read_if_written(PLATFORM_ORDERS, day)

    @functools.cache
    def earlier(outcome: OrderOutcome) -> dict[str, str]:
        """The reasons of the orders with the outcome, by order number."""
        return {row["order_number"]: row["reason"] for row in rows() if row["outcome"] == outcome}

    return Limit(
        run.last_good_pull,
        held=functools.partial(earlier, OrderOutcome.HELD),
        planned=functools.partial(earlier, OrderOutcome.PLANNED),
        released=functools.cache(
            lambda: released(decisions, {row["order_id"] for row in rows() if row["imported_at"]})
        ),
    )


def _notes(client_run: ClientRun, day: date, rows: list[Row]) -> dict[str, dg.MetadataValue]:
    wrong_sums = sum(bool(row.get("sums")) for row in rows)
    noted: dict[str, dg.MetadataValue] = {"sums_not_adding_up": dg.MetadataValue.int(wrong_sums)} if wrong_sums else {}
    return noted | _note_before_start(client_run, day)


def _note_before_start(client_run: ClientRun, day: date) -> dict[str, dg.MetadataValue]:
    started = client_run.setup.orders.start_date
    if day >= started:
        return {}
    note = "only orders imported before are followed" if is_live(client_run, day) else "not pulled"
    return {"note": dg.MetadataValue.text(f"before the order start date, {started}: {note}")}

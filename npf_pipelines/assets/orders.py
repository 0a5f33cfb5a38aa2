"""Orders, from the store to the platform: raw_orders → filtered_orders → platform_orders, by client and day placed.

Thin: pull, decide, bring onto the platform, write. Not here: the pulling (pull.py), which other days are due
(late_orders.py), what the platform has of a day (platform_day.py), the decisions (rules/), the platform itself
(reconcile/platform_orders.py, held_back.py).
"""

import asyncio
import contextlib
import functools
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import dagster as dg
from pydantic import Field

from npf_pipelines.assets.changed_days import days_of_held, days_with, find_changed_days
from npf_pipelines.assets.live_days import is_live
from npf_pipelines.assets.order_filter import order_filter
from npf_pipelines.assets.order_rows import order_of, row_of
from npf_pipelines.assets.platform_day import PlatformDay, platform_day
from npf_pipelines.assets.pull import pull_days
from npf_pipelines.assets.specs import STORE_ORDERS, asset_spec
from npf_pipelines.assets.status_questions import keep_status_questions
from npf_pipelines.assets.store_facts import StoreFacts
from npf_pipelines.assets.zone_days import days_of_other_zone, keep_zone
from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.days import day_of
from npf_pipelines.domain.outcomes import Decision, OrderOutcome
from npf_pipelines.domain.platform_orders import OPEN_STATUSES
from npf_pipelines.domain.store_orders import Order, UnreadableOrder
from npf_pipelines.lake.broken_files import BrokenFile
from npf_pipelines.lake.tables import FILTERED_ORDERS, PLATFORM_ORDERS, RAW_ORDERS
from npf_pipelines.reconcile.held_back import HeldBack
from npf_pipelines.reconcile.platform_orders import Limit, OrderRow, OrdersOfDay, reconcile_orders
from npf_pipelines.rules.identity import is_same_order, judge
from npf_pipelines.rules.imports import order_number
from npf_pipelines.rules.orders import OrderFilter, is_test
from npf_pipelines.rules.status_meaning import StatusMeanings
from npf_pipelines.runs.client_run import ClientFailure, ClientRun, FlowConfig, run_clients
from npf_pipelines.runs.partitions import consecutive
from npf_pipelines.runs.services import Services
from npf_pipelines.state.health import read_one
from npf_pipelines.state.lease import Lease

_TELL_EVERY = 1000
"""Orders between two words to whoever watches."""

Orders = list[Order | UnreadableOrder]


class OrdersConfig(FlowConfig):
    """How a run of orders works."""

    confirm_held: bool = Field(
        default=False,
        description="Import and cancel the held orders too: a person has checked them.",
    )


@dataclass
class _Run:
    """What one client's days share.

    Attributes:
        client_run: the client's share of the run.
        store: its store, open.
        lease: its lease for orders, held except in a dry run.
        facts: what is known of the store.
        held_back: what is decided at the end; None where a person asked for the run, which has no limit.
        last_good_pull: when its orders were last pulled well.
        redated: the ids of orders of the run that were imported from another day's list, by that day.
        done: the days that were dealt with.
        broken: what says which files of the client can't be read, each of them in the way of one day.
    """

    client_run: ClientRun
    store: Store
    lease: Lease
    facts: StoreFacts
    held_back: HeldBack | None = None
    last_good_pull: datetime | None = None
    redated: dict[date, set[str]] = field(default_factory=dict)
    done: set[date] = field(default_factory=set)
    broken: list[BrokenFile] = field(default_factory=list)

    def check_lease(self) -> None:
        """Write only while the lease holds. The cheap check suffices: nothing here is imported twice."""
        if not self.client_run.dry_run:
            self.lease.check()


async def run_orders(client_run: ClientRun, *, confirm_held: bool = False) -> None:
    """Bring one client's days through the chain, each day whole; then the earlier days on which something changed.

    Two walks of one client at once could each undo what the other has just read anew: the lease keeps them apart.
    """
    async with client_run.lease("orders") as lease, client_run.store() as store:
        run = _Run(client_run, store, lease, StoreFacts(client_run, store))
        if client_run.is_automated and not client_run.dry_run and not confirm_held:
            run.held_back = HeldBack(client_run.services.platform, client_run.client)
            health = await asyncio.to_thread(read_one, client_run.services.engine, client_run.client, "orders")
            run.last_good_pull = health.known_at(client_run.now).last_success_at
        await _client_run(run, confirm_held=confirm_held)
        run.check_lease()
        await _finish_held_back(run)
        await _keep_how_far_read(run)
        if run.broken:
            raise ClientFailure("; ".join(map(str, run.broken)), has_broken_files=True)


async def _client_run(run: _Run, *, confirm_held: bool) -> None:
    client_run, store, facts = run.client_run, run.store, run.facts
    await facts.meanings()  # A setup that doesn't fit the store stops the client before anything is read.
    if not client_run.wants(RAW_ORDERS):
        for day in client_run.days:
            with _broken_noted(run):
                await _one_day(run, day, _as_pulled(client_run, day))
        return
    for first, last in consecutive(client_run.days):
        await _pull(run, first, last)
    late = await find_changed_days(client_run, store, facts, await order_filter(facts, client_run.setup))
    late |= days_of_other_zone(client_run, "orders", RAW_ORDERS)
    late |= days_of_held(client_run) if confirm_held else set()
    await _pull_late(run, late)
    # Not before: these days may have been among the late ones.
    await _pull_late(run, days_with(client_run, run.redated))


async def _keep_how_far_read(run: _Run) -> None:
    """Not before everything is written: what a broken run has left undone is found again by the next one."""
    client_run = run.client_run
    if not client_run.wants(RAW_ORDERS):
        return
    await keep_status_questions(client_run, await run.facts.meanings())
    if day_of(client_run.now, client_run.setup.zone) in client_run.days and not run.broken:
        run.facts.keep_changes_read()
        keep_zone(client_run, "orders")


async def _pull_late(run: _Run, days: set[date]) -> None:
    for first, last in consecutive(sorted(days - run.done)):
        run.client_run.log(f"an order placed from {first} to {last} has changed since: pulling again")
        await _pull(run, first, last)


async def _pull(run: _Run, first: date, last: date) -> None:
    """The days from first to last. The store isn't asked for empty days before the order start date."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    live = [day for day in days if is_live(run.client_run, day)]
    for day in sorted(set(days) - set(live)):
        with _broken_noted(run):
            await _one_day(run, day, [])
    for begin, end in consecutive(live):
        await _pull_live(run, begin, end)


async def _pull_live(run: _Run, begin: date, last: date) -> None:
    client_run, store = run.client_run, run.store
    pulled, told = 0, 0
    async for day, orders in pull_days(store, begin, last, client_run.setup.zone):
        with _broken_noted(run):
            await _one_day(run, day, orders)
        pulled += len(orders)
        if pulled - told >= _TELL_EVERY:
            told = pulled
            client_run.log(f"{pulled} orders pulled, {day} is done")
    client_run.log(f"{pulled} orders pulled from {begin} to {last}, {store.requests} requests")


@contextlib.contextmanager
def _broken_noted(run: _Run) -> Iterator[None]:
    """A file that can't be read costs its day alone; the walk fails with it at the end."""
    try:
        yield
    except BrokenFile as error:
        run.broken.append(error)


async def _one_day(run: _Run, day: date, orders: Orders) -> None:
    """Write what of the day is asked for. Decisions that aren't asked for are taken as they were written."""
    client_run = run.client_run
    run.done.add(day)
    run.check_lease()
    note = functools.partial(_note_before_start, client_run, day)
    rows = [row_of(order, client_run.now, place) for place, order in enumerate(orders)]
    if client_run.wants(RAW_ORDERS):
        client_run.materialize(RAW_ORDERS, rows, day, note)
    on_platform = await platform_day(client_run, run.store, day, orders)
    for other_day, order_ids in on_platform.redated.items():
        run.redated.setdefault(other_day, set()).update(order_ids)
    still_open = {one.order.store_order_id for one in on_platform.records.values() if one.status in OPEN_STATUSES}
    criteria = await order_filter(run.facts, client_run.setup, on_platform.orders.values(), still_open)
    if client_run.wants(FILTERED_ORDERS):
        decided = [
            _decided(client_run, row, order, on_platform, criteria) for row, order in zip(rows, orders, strict=True)
        ]
        client_run.materialize(FILTERED_ORDERS, decided, day, note)
    elif client_run.wants(PLATFORM_ORDERS):
        decided = client_run.services.lake.read(FILTERED_ORDERS, client=client_run.client, day=day)
    if client_run.wants(PLATFORM_ORDERS):
        run.check_lease()
        await _onto_platform(run, day, orders, decided, on_platform, meanings=criteria.meanings)


def _as_pulled(client_run: ClientRun, day: date) -> Orders:
    rows = client_run.services.lake.read(RAW_ORDERS, client=client_run.client, day=day)
    if client_run.services.lake.lacks_personal(RAW_ORDERS, client=client_run.client, day=day):
        raise ClientFailure(f"personal data was dropped from raw_orders of {day}: run raw_orders for the day again")
    return [order_of(row) for row in rows]


def _decided(
    client_run: ClientRun,
    row: dict[str, Any],
    order: Order | UnreadableOrder,
    on_platform: PlatformDay,
    criteria: OrderFilter,
) -> dict[str, Any]:
    imported = on_platform.by_id.get(row["order_id"], ())
    numbers = [one.order_number for one in imported if is_same_order(order, one)]
    verdict = judge(order, criteria, imported)
    return {
        "order_id": row["order_id"],
        "order_number": min(numbers, default=order_number(client_run.setup.orders.prefix, row["order_id"])),
        "decision": verdict.decision,
        "rule": verdict.rule,
        "reason": verdict.reason,
        "status": row["status"],
        "is_test": isinstance(order, Order) and is_test(order),
        "placed_at": row["placed_at"],
        "decided_at": client_run.now,
    }


async def _onto_platform(
    run: _Run,
    day: date,
    orders: Orders,
    decided: list[dict[str, Any]],
    on_platform: PlatformDay,
    *,
    meanings: StatusMeanings,
) -> None:
    client_run = run.client_run
    accepted = {row["order_id"] for row in decided if row["decision"] == Decision.ACCEPTED}
    day_of_orders = OrdersOfDay(
        client=client_run.client,
        prefix=client_run.setup.orders.prefix,
        accepted=[order for order in orders if isinstance(order, Order) and order.order_id in accepted],
        pulled=on_platform.orders,
        records=on_platform.records,
        now=client_run.now,
        meanings=meanings,
        dry_run=client_run.dry_run,
        children=on_platform.children,
        limit=Limit(run.last_good_pull, functools.cache(lambda: _held(client_run, day))) if run.held_back else None,
    )
    outcome = await asyncio.to_thread(reconcile_orders, client_run.services.platform, day_of_orders)
    if not (run.held_back and run.held_back.leave(day, day_of_orders, outcome)):
        _finish_platform_orders(client_run, day, outcome.rows)


async def _finish_held_back(run: _Run) -> None:
    """Finish the days whose imports or cancellations were deferred."""
    if run.held_back:
        for day, rows in await asyncio.to_thread(lambda: list(run.held_back.finish()) if run.held_back else []):
            with _broken_noted(run):
                _finish_platform_orders(run.client_run, day, rows)


def _finish_platform_orders(client_run: ClientRun, day: date, outcomes: list[OrderRow]) -> None:
    since = _differing_since(client_run, day) if any(_differs(row) for row in outcomes) else {}
    rows = [
        asdict(row) | {"differs_since": since.get(row.order_number, client_run.now) if _differs(row) else None}
        for row in outcomes
    ]
    client_run.materialize(PLATFORM_ORDERS, rows, day, functools.partial(_note_before_start, client_run, day))


def _differs(row: OrderRow) -> bool:
    return row.outcome is OrderOutcome.DIFFERS


def _differing_since(client_run: ClientRun, day: date) -> dict[str, datetime]:
    """Since when the day's table says of orders that they differ, by order number."""
    rows = client_run.services.lake.read_if_written(PLATFORM_ORDERS, client=client_run.client, day=day)
    return {row["order_number"]: row["differs_since"] for row in rows if row["differs_since"]}


def _held(client_run: ClientRun, day: date) -> dict[str, str]:
    """The reasons of the orders of the day that an earlier run has held, by order number."""
    rows = client_run.services.lake.read_if_written(PLATFORM_ORDERS, client=client_run.client, day=day)
    return {row["order_number"]: row["reason"] for row in rows if row["outcome"] == OrderOutcome.HELD}


def _note_before_start(client_run: ClientRun, day: date) -> dict[str, dg.MetadataValue]:
    started = client_run.setup.orders.start_date
    if day >= started:
        return {}
    said = "only orders imported before are followed" if is_live(client_run, day) else "not asked for"
    return {"note": dg.MetadataValue.text(f"before the order start date, {started}: {said}")}


def orders_assets(services: Services, partitions: dg.PartitionsDefinition[Any]) -> dg.AssetsDefinition:
    """The three assets, made by one walk."""

    @dg.multi_asset(
        name="orders",
        specs=[
            asset_spec(RAW_ORDERS, group="orders", deps=[STORE_ORDERS.key.to_user_string()], kinds={"cscart"}),
            asset_spec(FILTERED_ORDERS, group="orders", deps=[RAW_ORDERS.name], kinds={"python"}),
            asset_spec(PLATFORM_ORDERS, group="orders", deps=[FILTERED_ORDERS.name], kinds={"sql"}),
        ],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        can_subset=True,
    )
    def orders(context: dg.AssetExecutionContext, config: OrdersConfig) -> Iterator[dg.MaterializeResult[None]]:
        each = functools.partial(run_orders, confirm_held=config.confirm_held)
        yield from run_clients(context, services, each, config)

    return orders

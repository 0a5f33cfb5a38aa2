"""Orders, from the store to the platform: raw_orders → filtered_orders → platform_orders, by client and day placed.

Three modes, by the first asset that a run makes: pull the days from the store, decide again on the orders as pulled,
or import by the decisions as written. Not here: the pulling (pull.py), which other days are due (changed_days.py), a
day's orders (orders_day.py), how orders that a run names are found (named_orders.py).
"""

import functools
from collections.abc import Awaitable, Callable, Collection, Iterator
from datetime import date, timedelta
from typing import Any

import dagster as dg
from pydantic import Field

from npf_pipelines.assets.changed_days import days_of_held, days_still_with, find_changed_days
from npf_pipelines.assets.cut_offs import recount_missed
from npf_pipelines.assets.due_decisions import read_due_decisions
from npf_pipelines.assets.lifted_days import lifted_days
from npf_pipelines.assets.live_days import is_live
from npf_pipelines.assets.mapped_days import mapped_days
from npf_pipelines.assets.named_orders import NamedOrders, find_orders
from npf_pipelines.assets.order_filter import order_filter
from npf_pipelines.assets.order_holds import read_holds
from npf_pipelines.assets.orders_day import (
    Orders,
    OrdersRun,
    decided_day,
    finish_held_back,
    imported_day,
    orders_as_pulled,
    pulled_day,
)
from npf_pipelines.assets.planned_days import planned_days
from npf_pipelines.assets.pull import pull_days
from npf_pipelines.assets.specs import STORE_ORDERS, asset_spec
from npf_pipelines.assets.status_questions import StatusQuestions
from npf_pipelines.assets.store_facts import StoreFacts
from npf_pipelines.assets.unchanged_days import unchanged_days
from npf_pipelines.assets.zone_days import days_of_other_zone, keep_zone
from npf_pipelines.config.master_setup import SetupError
from npf_pipelines.domain.outcomes import OrderOutcome
from npf_pipelines.domain.text import counted
from npf_pipelines.domain.work_meter import note_done, plan_work
from npf_pipelines.lake.tables import FILTERED_ORDERS, PLATFORM_ORDERS, RAW_ORDERS
from npf_pipelines.reconcile.held_back import HeldBack
from npf_pipelines.rules.despatch import NO_DESPATCH_COLUMN
from npf_pipelines.rules.flow_health import known_at
from npf_pipelines.runs.client_run import ClientRun
from npf_pipelines.runs.failures import ClientFailure
from npf_pipelines.runs.partitions import consecutive
from npf_pipelines.runs.run_clients import run_clients
from npf_pipelines.runs.run_scope import OrderSelection
from npf_pipelines.runs.services import Services
from npf_pipelines.runs.sku_map import read_sku_map
from npf_pipelines.state.health import read_one

_ORDERS_PER_LOG_LINE = 1000


class OrdersConfig(OrderSelection):
    """The run config of orders."""

    confirm_held: bool = Field(
        default=False,
        description="Import and cancel the held orders too: a person has checked them.",
    )


async def run_orders(client_run: ClientRun, *, confirm_held: bool = False, names: Collection[str] = ()) -> None:
    """Bring one client's days through the chain, each day whole; then the earlier days on which something changed.

    A run that names orders takes these alone. Two runs of one client at once could each undo what the other has just
    read: the lease keeps them apart.
    """
    async with client_run.lease("orders") as lease, client_run.store() as store:
        tables, setup, heads = client_run.tables, client_run.setup, store.watch_heads()
        facts = StoreFacts(store, setup, tables, now=client_run.now, log=client_run.log)
        client_run.take_numbers(facts.kept)
        questions = StatusQuestions(client_run)
        due = read_due_decisions(client_run)  # Before the holds: a release in between is left for the next run.
        holds = read_holds(client_run)
        run = OrdersRun(client_run, store, lease, facts, questions, holds, due)
        # In trial, too: a held order that became planned would be imported when the client goes live.
        if client_run.is_automated and not client_run.dry_run and not confirm_held:
            _limit_changes(run)
        run.sku_map = read_sku_map(client_run)
        await facts.meanings()  # A setup that doesn't fit the store stops the client before anything is read.
        _check_despatch_column(client_run)
        named = await find_orders(client_run, store, names) if names else None
        if named:
            run.only = named.ids
            client_run.add_days(named.by_day)
        if named or not client_run.selects(RAW_ORDERS):
            questions.forget_statuses()
        if client_run.selects(RAW_ORDERS) and named:
            await _pull_named(run, named)
        elif client_run.selects(RAW_ORDERS):
            await _pull_from_store(run, confirm_held=confirm_held)
        elif client_run.selects(FILTERED_ORDERS):
            await _work_on_pulled(run, decided_day)
        else:
            await _work_on_pulled(run, imported_day)
        run.check_lease()
        await finish_held_back(run)
        client_run.keep_numbers()
        if client_run.selects(PLATFORM_ORDERS) and not named:
            due.keep()
        if client_run.selects(RAW_ORDERS) and not named:
            await _keep_progress(run, heads.clock_ahead)
            recount_missed(client_run)
        if failures := [*map(str, run.broken), *(named.why_not if named else ())]:
            raise ClientFailure("; ".join(failures), has_broken_files=bool(run.broken))


def _check_despatch_column(client_run: ClientRun) -> None:
    """Refuse a map of shipping methods whose codes the platform could not take.

    Raises:
        SetupError: the platform lacks the column.
    """
    if client_run.setup.orders.shipping_methods and not client_run.services.platform.takes_despatch_methods:
        raise SetupError(f"{client_run.client}: orders.shipping_methods: {NO_DESPATCH_COLUMN}")


def _limit_changes(run: OrdersRun) -> None:
    """A run that no person launched holds mass imports and cancellations back."""
    client_run = run.client_run
    run.held_back = HeldBack(run.platform, client_run.client)
    health = read_one(client_run.services.state, client_run.client, "orders")
    run.last_good_pull = known_at(health, client_run.now).last_success_at


async def _pull_named(run: OrdersRun, named: NamedOrders) -> None:
    """The named orders on each of their days; a day on which an order no longer is loses its row."""
    for day, orders in named.by_day.items():
        with run.fails_alone():
            await pulled_day(run, day, list(orders))
        run.client_run.log(f"{day}: {counted(len(orders), 'named order')}, the others left as they are")


async def _pull_from_store(run: OrdersRun, *, confirm_held: bool) -> None:
    """Pull the run's days, then the other days that are due."""
    client_run = run.client_run
    unchanged = await unchanged_days(client_run, run.store, run.facts)
    for first, last in consecutive([day for day in client_run.days if day not in unchanged]):
        await _pull(run, first, last)
    await _take_as_pulled(run, unchanged)
    criteria = await order_filter(run.facts, client_run.setup)
    changed = await find_changed_days(client_run, run.store, run.facts, run.questions, criteria)
    changed |= days_of_other_zone(client_run, "orders", RAW_ORDERS, run.facts.kept)
    changed |= mapped_days(client_run, criteria.despatch)
    changed |= lifted_days(client_run, run.holds.rules)
    changed |= days_of_held(client_run) if confirm_held else set()
    changed |= run.due.days()
    await _pull_changed(run, changed)
    await _pull_planned(run)
    # Not before: these days may have been among the changed ones.
    await _pull_changed(run, days_still_with(client_run, run.redated))


async def _take_as_pulled(run: OrdersRun, days: Collection[date]) -> None:
    """Days that are in the store as they were pulled."""
    plan_work("days", len(days))
    for day in sorted(days):
        with run.fails_alone():
            await pulled_day(run, day, orders_as_pulled(run, day))
        note_done("days")
    if days:
        run.client_run.log(f"{counted(len(days), 'day')} unchanged in the store, not read again")


async def _work_on_pulled(run: OrdersRun, work: Callable[[OrdersRun, date, Orders], Awaitable[None]]) -> None:
    """Decide on each day's orders again, or import them as decided, as they were pulled."""
    for day in run.client_run.days:
        with run.fails_alone():
            run.done.add(day)
            orders = orders_as_pulled(run, day)
            run.check_lease()
            await work(run, day, orders)


async def _keep_progress(run: OrdersRun, clock_ahead: timedelta | None) -> None:
    """Keep how far the store was read. Only after everything is written: the next run repeats what this one has not."""
    client_run = run.client_run
    run.questions.rebuild(await run.facts.meanings(), run.done, client_run.now, client_run.recounts)
    if client_run.today in client_run.days and not run.broken:
        run.facts.keep_changes_read(clock_ahead)
        keep_zone(client_run, "orders", run.facts.kept)


async def _pull_changed(run: OrdersRun, days: set[date]) -> None:
    for first, last in consecutive(sorted(days - run.done)):
        run.client_run.log(f"an order placed from {first} to {last} has changed since: pulling again")
        await _pull(run, first, last)


async def _pull_planned(run: OrdersRun) -> None:
    """Pull the days that were only planned before the client went live."""
    planned = planned_days(run.client_run, OrderOutcome) - run.done
    for first, last in consecutive(sorted(planned)):
        run.client_run.log(f"orders placed from {first} to {last} were planned in trial: pulling again")
        await _pull(run, first, last)


async def _pull(run: OrdersRun, first: date, last: date) -> None:
    """The days from first to last. Days before the order start date without tables are empty without a request."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    live = [day for day in days if is_live(run.client_run, day)]
    plan_work("days", len(days))
    for day in sorted(set(days) - set(live)):
        with run.fails_alone():
            await pulled_day(run, day, [])
        note_done("days")
    for begin, end in consecutive(live):
        await _pull_live(run, begin, end)


async def _pull_live(run: OrdersRun, begin: date, last: date) -> None:
    client_run, store = run.client_run, run.store
    pulled, logged = 0, 0
    async for day, orders in pull_days(store, begin, last, client_run.setup.zone):
        with run.fails_alone():
            await pulled_day(run, day, orders)
        note_done("days")
        note_done("orders", len(orders))
        pulled += len(orders)
        if pulled - logged >= _ORDERS_PER_LOG_LINE:
            logged = pulled
            client_run.log(f"{pulled} orders pulled, {day} is done")
    client_run.log(f"{pulled} orders pulled from {begin} to {last}, {store.requests} requests")


def orders_assets(partitions: dg.PartitionsDefinition[Any]) -> dg.AssetsDefinition:
    """The three assets, made client by client in one step."""

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
    def orders(
        context: dg.AssetExecutionContext, config: OrdersConfig, services: dg.ResourceParam[Services]
    ) -> Iterator[dg.MaterializeResult[None]]:
        work = functools.partial(run_orders, confirm_held=config.confirm_held, names=config.orders)
        yield from run_clients(context, services, work, config)

    return orders

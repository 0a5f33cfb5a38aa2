"""Steps that tests of orders over time share: what shoppers, merchant and warehouse do, and what the tables say then.

Not here: the world itself (loop.py).
"""

import dataclasses
from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg
import sqlalchemy as sa

from npf_pipelines.automation.flows import ORDERS
from npf_pipelines.domain.days import day_of
from npf_pipelines.domain.platform_orders import OrderStatus
from npf_pipelines.platform.tables import order_lines, orders
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.loop import Loop, write_setup


def place(
    store: SandboxStore, *, days: float = 1, amount: int = 2, email: str = "", status: str = "P", products: int = 1
) -> int:
    """An order for products of which there is plenty, each on a line of its own, sent to Australia."""
    chosen = [
        product
        for product in store.products.values()
        if product.product_code and not product.product_code.startswith("Test") and product.tracking == "B"
    ][:products]
    for product in chosen:
        product.amount = 500
    australian = next(order.customer for order in store.orders.values() if order.customer.ship_to.country == "AU")
    customer = dataclasses.replace(australian, email=email or australian.email)
    moment = datetime.now(UTC) - timedelta(days=days)
    order_id = store.place_order(
        [(product.product_id, amount) for product in chosen],
        timestamp=int(moment.timestamp()),
        customer=customer,
        status=status,
    )
    store.orders[order_id].updated_at = store.now
    return order_id


def change_setup(loop: Loop, client: str = "acme", **changes: Any) -> None:
    """Other sections of the client's master setup."""
    write_setup(loop.settings.clients, client, loop.url, **changes)


def today(loop: Loop) -> list[str]:
    """Orders of today, as a person runs them."""
    day = day_of(datetime.now(UTC), loop.services.setups()["acme"].zone)
    return [one.failure for one in loop.run("orders", "acme", days=(day, day))]


def on_platform(loop: Loop) -> dict[str, str]:
    """The store order ids by order number."""
    with loop.services.platform_engine.connect() as connection:
        query = sa.select(orders.c.order_number, orders.c.store_order_id).where(orders.c.client == "acme")
        return {row.order_number: row.store_order_id for row in connection.execute(query)}


def platform_row(loop: Loop, order_id: int) -> dict[str, Any]:
    """The one order of the platform with this store order id."""
    with loop.services.platform_engine.connect() as connection:
        query = sa.select(orders).where(orders.c.client == "acme", orders.c.store_order_id == str(order_id))
        return dict(connection.execute(query).mappings().one())


def stage(loop: Loop, order_id: int, status: OrderStatus) -> None:
    """The warehouse has taken the order so far."""
    with loop.services.platform_engine.begin() as connection:
        here = (orders.c.client == "acme") & (orders.c.store_order_id == str(order_id))
        connection.execute(sa.update(orders).where(here).values(status=status))


def units(loop: Loop, order_id: int) -> dict[str, int]:
    """The units that the platform has of the order, by line."""
    with loop.services.platform_engine.connect() as connection:
        query = sa.select(order_lines.c.line_id, order_lines.c.quantity).where(
            order_lines.c.client == "acme", order_lines.c.order_number == platform_row(loop, order_id)["order_number"]
        )
        return {row.line_id: row.quantity for row in connection.execute(query)}


def outcomes(loop: Loop, outcome: str) -> set[str]:
    """The store's ids of the orders with an outcome."""
    query = f"SELECT order_id FROM platform_orders WHERE client = 'acme' AND outcome = '{outcome}'"  # noqa: S608
    return {order_id for (order_id,) in loop.rows(query)}


def decision(loop: Loop, order_id: int) -> tuple[str, str]:
    """The decision on an order, and the rule."""
    query = f"SELECT decision, rule FROM filtered_orders WHERE client = 'acme' AND order_id = '{order_id}'"  # noqa: S608
    ((decided, rule),) = loop.rows(query)
    return decided, rule


def exceptions(loop: Loop) -> list[tuple[str, str]]:
    """The differences between store and platform, by order."""
    return loop.rows("SELECT order_id, differs FROM order_exceptions WHERE client = 'acme' ORDER BY ALL")


def tables_agree(loop: Loop) -> None:
    """No order is in a table twice, and each is on the day on which the store has it."""
    zone = loop.services.setups()["acme"].zone
    for table in ("raw_orders", "filtered_orders", "platform_orders"):
        twice = f"SELECT order_id FROM {table} WHERE client = 'acme' GROUP BY order_id HAVING count(*) > 1"  # noqa: S608
        assert loop.rows(twice) == []
    for order_id, day in loop.rows("SELECT order_id, day FROM filtered_orders WHERE client = 'acme'"):
        moment = datetime.fromtimestamp(loop.stores["acme"].orders[int(order_id)].timestamp, UTC)
        assert day_of(moment, zone) == day, order_id


def automated(loop: Loop, days: tuple[date, date], **config: bool) -> bool:
    """A run of orders as a schedule asks for it; whether it went well."""
    run = {"clients": ["acme"], "first_day": str(days[0]), "last_day": str(days[1])} | config
    result = loop.defs.resolve_job_def(ORDERS.job).execute_in_process(
        instance=loop.instance,
        tags={"dagster/schedule_name": "orders_sweep"},
        run_config={"ops": {"orders": {"config": run}}},
        raise_on_error=False,
    )
    return result.success


def audit(loop: Loop, check: str) -> dg.AssetCheckEvaluation:
    """The result of a check."""
    result = loop.defs.resolve_job_def("audit_job").execute_in_process(instance=loop.instance)
    return next(one for one in result.get_asset_check_evaluations() if one.check_name == check)


def redate(store: SandboxStore, order_id: int, *, days: float) -> None:
    """The merchant gives the order another time of placement."""
    order = store.orders[order_id]
    store.remove_order(order_id)
    order.timestamp = int((datetime.now(UTC) - timedelta(days=days)).timestamp())
    order.updated_at = store.now
    store.add_order(order)

"""Orders as the vendor's documentation prints them, as orders of a store.

The files are in samples/. Generated orders are in generate.py.
"""

import json
import time
from collections.abc import Callable
from datetime import datetime
from importlib.resources import files
from typing import Any

from npf_pipelines.sandbox.model import Address, Customer, Line, Order, Product, ShippingMethod
from npf_pipelines.sandbox.store import SandboxStore


def sample_store(
    store_id: str,
    *,
    placed_at: datetime | None = None,
    time_zone: str = "America/New_York",
    version: tuple[int, int, int] = (4, 18, 1),
    api_user: str = "admin@example.com",
    api_key: str = "sandbox-api-key",
    clock: Callable[[], float] = time.time,
) -> SandboxStore:
    """A store whose orders are the documented ones: 96 whole, 97 as the list prints it, without lines.

    They were placed in 2015 and 2016, or else at `placed_at`, for a demo of today.
    """
    moved = {} if placed_at is None else {"timestamp": str(int(placed_at.timestamp()))}
    store = SandboxStore(
        store_id,
        version=version,
        api_user=api_user,
        api_key=api_key,
        currency="USD",
        time_zone=time_zone,
        clock=clock,
    )
    whole = documented("order-96.json")
    add_documented_order(store, whole | moved)
    for row in documented("orders-page.json")["orders"]:
        if row["order_id"] != whole["order_id"]:
            add_documented_order(store, row | moved)
    return store


def documented(name: str) -> Any:
    """The content of a file of samples/."""
    return json.loads((files("npf_pipelines.sandbox") / "samples" / name).read_text(encoding="utf-8"))


def add_documented_order(store: SandboxStore, detail: dict[str, Any]) -> None:
    """Put an order into the store, and its products into the catalogue.

    Args:
        store: where it goes.
        detail: an order's detail, or as much of one as the vendor prints; fields outside the
            store's own state are printed again as they are here.
    """
    lines = [_line(line) for line in (detail.get("products") or {}).values()]
    for line in lines:
        if line.product_id not in store.products:
            product = Product(line.product_id, line.product_code, line.name, line.cents, amount=10)
            store.add_product(product)
    timestamp = int(detail["timestamp"])
    order = Order(
        order_id=int(detail["order_id"]),
        timestamp=timestamp,
        updated_at=timestamp,
        status=detail["status"],
        customer=_customer(detail),
        lines=lines,
        shipping=tuple(
            ShippingMethod(
                int(way["shipping_id"]) if "shipping_id" in way else None, way["shipping"], way.get("module")
            )
            for way in detail.get("shipping", [])
        ),
        company_id=int(detail["company_id"]),
        is_parent=detail["is_parent_order"] == "Y",
        parent_order_id=int(detail["parent_order_id"]),
        notes=detail.get("notes", ""),
        documented=detail,
    )
    store.add_order(order)


def _customer(detail: dict[str, Any]) -> Customer:
    named = {"b_firstname": detail["firstname"], "b_lastname": detail["lastname"]} | detail
    return Customer(
        user_id=int(detail["user_id"]),
        email=detail["email"],
        phone=detail["phone"],
        company=detail.get("company", ""),
        ship_to=_address(named, "s_"),
        bill_to=_address(named, "b_"),
    )


def _address(detail: dict[str, Any], prefix: str) -> Address:
    return Address(**{name: detail.get(f"{prefix}{name}", "") for name in Address.__slots__})


def _line(line: dict[str, Any]) -> Line:
    extra = line.get("extra", {})
    return Line(
        item_id=line["item_id"],
        product_id=int(line["product_id"]),
        product_code=line["product_code"],
        name=line["product"],
        cents=round(float(line["price"]) * 100),
        amount=int(line["amount"]),
        is_edp=extra.get("is_edp") == "Y",
        edp_shipping=extra.get("edp_shipping") == "Y",
        company_id=int(line["company_id"]),
    )

"""Shipments, products, statuses and shipping methods as the store prints them: numbers as strings, `[]` for `{}`.

Not here: orders (order_answers.py), pages that are no JSON (error_pages.py).
"""

from typing import Any

from npf_pipelines.sandbox.model import Combination, Product, Shipment, ShippingMethod, Status, User
from npf_pipelines.sandbox.planted import USER_API_KEY, USER_PASSWORD
from npf_pipelines.sandbox.printing import money, yes
from npf_pipelines.sandbox.store import SandboxStore


def as_listed(store: SandboxStore, name: str, row_id: object, row: dict[str, Any]) -> dict[str, Any]:
    """A row of a list as the store's add-ons let it be printed."""
    return row | store.odd_fields.get((name, str(row_id)), {})


def shipment_row(store: SandboxStore, shipment: Shipment) -> dict[str, Any]:
    """A shipment; the link is built from the carrier's code, for carriers that the store knows."""
    known = store.carriers.get(shipment.carrier)
    carrier_info: dict[str, str] | list[str] = []
    if known:
        name, link = known
        carrier_info = {"name": name, "tracking_url": link.format(shipment.tracking_number)}
    elif shipment.carrier:
        carrier_info = {"name": shipment.carrier, "tracking_url": ""}
    method = store.shippings.get(shipment.shipping_id)
    order = store.orders.get(shipment.order_id)
    return {
        "shipment_id": str(shipment.shipment_id),
        "shipment_timestamp": str(shipment.timestamp),
        "comments": shipment.comments,
        "status": shipment.status,
        "order_id": str(shipment.order_id),
        "order_timestamp": str(order.timestamp) if order else None,
        "shipping_id": str(shipment.shipping_id),
        "shipping": method.name if method else None,
        "tracking_number": shipment.tracking_number,
        "carrier": shipment.carrier,
        "carrier_info": carrier_info,
        "products": {item_id: str(quantity) for item_id, quantity in shipment.products.items()} or [],
        "group_key": None,
    }


def product_row(product: Product, *, shows_shares: bool = True) -> dict[str, Any]:
    """A product in a list; with the amounts of its warehouses, if it has some and the store shows them (inferred)."""
    shares = {str(place): str(amount) for place, amount in product.warehouses.items()}
    return {
        "product_id": str(product.product_id),
        "product": product.name,
        "product_code": product.product_code,
        "product_type": "P",
        "status": product.status,
        "company_id": str(product.company_id),
        "price": f"{money(product.cents)}0000",
        "amount": str(product.amount),
        "tracking": product.tracking,
        "is_edp": yes(product.is_edp),
        "edp_shipping": "N",
        "weight": "0.50",
        **({"warehouses": shares} if shares and shows_shares else {}),
    }


def product_detail(product: Product, *, shows_shares: bool = True) -> dict[str, Any]:
    """A product whole."""
    row = product_row(product, shows_shares=shows_shares)
    return row | {"short_description": "", "product_features": [], "tax_ids": ["6"]}


def combination_row(product: Product, combination: Combination) -> dict[str, Any]:
    """An option combination, in a list or by itself (documented)."""
    return {
        "product_id": str(product.product_id),
        "product_code": combination.product_code,
        "combination_hash": str(combination.combination_hash),
        "combination": {str(option): str(variant) for option, variant in combination.choices.items()},
        "amount": str(combination.amount),
        "temp": "N",
        "position": "0",
        "image_pairs": [],
    }


def status_row(number: int, status: Status) -> dict[str, Any]:
    """A status with its parameters."""
    return {
        "status_id": str(number),
        "status": status.letter,
        "type": "O",
        "is_default": yes(status.letter in "PCOFDBI"),
        "description": status.description,
        "email_subj": f"is now: {status.description}",
        "email_header": "Your order changed.",
        "lang_code": "en",
        "params": {
            "allow_return": "N",
            "color": "#97cf4d",
            "inventory": status.inventory,
            "notify": yes(status.notify),
            "remove_cc_info": "Y",
            "repay": "N",
        },
    }


def user_row(user: User) -> dict[str, Any]:
    """A user whole; the key and the password's hash come along (known behaviour)."""
    return {
        "user_id": str(user.user_id),
        "status": user.status,
        "user_type": user.user_type,
        "user_login": user.email,
        "company_id": str(user.company_id),
        "email": user.email,
        "firstname": "Api",
        "lastname": "User",
        "password": USER_PASSWORD,
        "api_key": USER_API_KEY,
        "usergroups": [],
    }


def company_row(number: int, name: str) -> dict[str, Any]:
    """A storefront or a vendor."""
    return {"company_id": str(number), "company": name, "status": "A", "lang_code": "en", "email": ""}


def shipping_row(method: ShippingMethod) -> dict[str, Any]:
    """A shipping method."""
    return {
        "shipping_id": str(method.shipping_id),
        "shipping": method.name,
        "delivery_time": "3-5 days",
        "status": "A",
        "position": "0",
        "min_weight": "0.00",
        "max_weight": "0.00",
        "usergroup_ids": "0",
    }

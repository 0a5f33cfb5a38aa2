"""How the store prints what it holds: CS-Cart's JSON, numbers as strings and `[]` for empty objects.

An order's detail carries secrets that are not the reader's, as the real one does; here they are planted
values that tests look for wherever nothing of them may arrive.
"""

from typing import Any

from npf_pipelines.sandbox.model import (
    Address,
    Combination,
    Line,
    Order,
    Product,
    Shipment,
    ShippingMethod,
    Status,
)
from npf_pipelines.sandbox.store import SandboxStore

_CARRIER_KEY = "PLANTED-CARRIER-KEY-5f1c"
_CARRIER_PASSWORD = "PLANTED-CARRIER-PASSWORD-8a2e"  # noqa: S105
_PROCESSOR_LOGIN = "PLANTED-PROCESSOR-LOGIN-c0d4"
_PROCESSOR_KEY = "PLANTED-PROCESSOR-KEY-77b9"
_CARD = "PLANTED-CARD-XXXXXXXXXXXX1111"
_CUSTOMER_API_KEY = "PLANTED-CUSTOMER-API-KEY-3d90"
_PASSWORD_CHANGED = "1234509876"  # noqa: S105
_IP_ADDRESS = "203.0.113.177"
_DATABASE_PASSWORD = "PLANTED-DATABASE-PASSWORD-e6a1"  # noqa: S105

PLANTED_SECRETS = (
    _CARRIER_KEY,
    _CARRIER_PASSWORD,
    _PROCESSOR_LOGIN,
    _PROCESSOR_KEY,
    _CARD,
    _CUSTOMER_API_KEY,
    _PASSWORD_CHANGED,
    _IP_ADDRESS,
    _DATABASE_PASSWORD,
    "EXAMPLE-CARRIER-KEY",
    "EXAMPLE-CARRIER-PASSWORD",
)
"""Values that stand in answers and belong nowhere else; the last two are those of the documented order."""

UNCAUGHT_ERROR = f"""<!DOCTYPE html><html><head><title>Service unavailable</title></head><body>
<h1>Database error</h1><p>Duplicate entry '0' for key 'PRIMARY' (1062)</p>
<p>INSERT INTO cscart_shipment_items SET ...</p>
<pre>#0 app/functions/fn.database.php(310): mysqli_connect('localhost', 'cscart', '{_DATABASE_PASSWORD}')</pre>
</body></html>"""
"""The page of an uncaught error: HTML with SQL and a backtrace (known behaviour)."""

MAINTENANCE = """<!DOCTYPE html><html><head><title>Service unavailable</title></head>
<body><h1>Service unavailable</h1><p>The store is closed for maintenance.</p></body></html>"""

NOT_FOUND = """<!DOCTYPE html><html><head><title>404</title></head><body><h1>Page not found</h1></body></html>"""

NOT_ALLOWED = """<html><head><title>405 Not Allowed</title></head><body><h1>405 Not Allowed</h1></body></html>"""
"""What a web server says that lets no PUT or DELETE through."""

WARNING = "<br />\n<b>Warning</b>:  Undefined array key [0] in <b>/var/www/app/addons/init.php</b><br />\n"
"""What PHP prints before the JSON on a host that shows warnings."""


def as_listed(store: SandboxStore, name: str, row_id: object, row: dict[str, Any]) -> dict[str, Any]:
    """A row of a list as the store's add-ons let it be printed."""
    return row | store.odd_fields.get((name, str(row_id)), {})


def order_row(order: Order) -> dict[str, Any]:
    """An order in a list: no lines, no address, no country, no updated_at (documented)."""
    customer = order.customer
    return {
        "order_id": str(order.order_id),
        "issuer_id": None,
        "user_id": str(customer.user_id),
        "is_parent_order": "Y" if order.is_parent else "N",
        "parent_order_id": str(order.parent_order_id),
        "company_id": str(order.company_id),
        "timestamp": str(order.timestamp),
        "firstname": customer.bill_to.firstname,
        "lastname": customer.bill_to.lastname,
        "email": customer.email,
        "phone": customer.phone,
        "status": order.status,
        "total": _total(order),
        "invoice_id": None,
        "credit_memo_id": None,
        "points": None,
        "storefront_id": "1",
    }


def order_detail(store: SandboxStore, order: Order) -> dict[str, Any]:
    """An order whole: what the vendor documents, around what the store knows, with everybody's secrets."""
    printed = _generated(store, order)
    if order.documented:
        lines = _lines(store, order)
        for item_id, line in (order.documented.get("products") or {}).items():
            lines[item_id] |= line | {key: lines[item_id][key] for key in ("shipped_amount", "shipment_amount")}
        printed |= order.documented | {"products": lines or []}
    return printed | {
        "order_id": str(order.order_id),
        "status": order.status,
        "shipment_ids": [str(shipment.shipment_id) for shipment in store.shipments_of(order.order_id)],
    }


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
        "price": f"{_money(product.cents)}0000",
        "amount": str(product.amount),
        "tracking": product.tracking,
        "is_edp": _yes(product.is_edp),
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
        "is_default": _yes(status.letter in "PCOFDBI"),
        "description": status.description,
        "email_subj": f"is now: {status.description}",
        "email_header": "Your order changed.",
        "lang_code": "en",
        "params": {
            "allow_return": "N",
            "color": "#97cf4d",
            "inventory": status.inventory,
            "notify": _yes(status.notify),
            "remove_cc_info": "Y",
            "repay": "N",
        },
    }


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


def _generated(store: SandboxStore, order: Order) -> dict[str, Any]:
    customer = order.customer
    subtotal = _amount(sum(line.cents * line.amount for line in order.lines))
    freight = sum(way.cents for way in order.shipping)
    needs = any(line.ships for line in order.lines)
    return {
        **order_row(order),
        "subtotal": subtotal,
        "display_subtotal": subtotal,
        "discount": "0.00",
        "subtotal_discount": "0.00",
        "payment_surcharge": "0.00",
        "shipping_ids": ",".join(str(way.shipping_id) for way in order.shipping if way.shipping_id),
        "shipping_cost": _money(freight),
        "display_shipping_cost": _money(freight),
        "notes": order.notes,
        "details": "",
        "promotions": False,
        "promotion_ids": "",
        "company": customer.company,
        **_address("b_", customer.bill_to),
        **_address("s_", customer.ship_to),
        "s_address_type": "",
        "fax": "",
        "url": "",
        "payment_id": "2",
        "tax_exempt": "N",
        "lang_code": "en",
        "ip_address": _IP_ADDRESS,
        "repaid": "0",
        "validation_code": "",
        "localization_id": "0",
        "profile_id": "2",
        "birthday": "",
        "password_change_timestamp": _PASSWORD_CHANGED,
        "api_key": _CUSTOMER_API_KEY,
        "secondary_currency": store.currency,
        "need_shipping": needs,
        "payment_method": {
            "payment_id": "2",
            "payment": "Credit card",
            "processor": "Example processor",
            "processor_params": {"login": _PROCESSOR_LOGIN, "transaction_key": _PROCESSOR_KEY, "mode": "live"},
        },
        "payment_info": {"card_number": _CARD, "cardholder_name": "CARD HOLDER"},
        "fields": [],
        "taxes": [],
        "tax_subtotal": 0,
        "products": _lines(store, order) or [],
        "shipping": [_shipping(way, needs=needs) for way in order.shipping],
        "product_groups": [_group(order)],
        **({"addon_data": "x" * store.padding} if store.padding else {}),
    }


def _lines(store: SandboxStore, order: Order) -> dict[str, dict[str, Any]]:
    """The lines by item id, each with what was sent and what is still to be sent."""
    shipped = store.shipped(order.order_id)
    return {line.item_id: _line(store, order, line, shipped.get(line.item_id, 0)) for line in order.lines}


def _line(store: SandboxStore, order: Order, line: Line, shipped: int) -> dict[str, Any]:
    chosen = [(str(number), name, value) for number, (name, value) in enumerate(line.options, 1)]
    options = [
        {"option_id": number, "option_name": name, "option_type": "I", "value": value, "variant_name": value}
        for number, name, value in chosen
    ]
    subtotal = _amount(line.cents * line.amount)
    return {
        "item_id": line.item_id,
        "order_id": str(order.order_id),
        "product_id": str(line.product_id),
        "product_code": line.product_code,
        "price": _money(line.cents),
        "amount": str(line.amount),
        "extra": {
            "product_options": {number: value for number, _, value in chosen} or [],
            **({"product_options_value": options} if options else {}),
            "unlimited_download": "N",
            "product": line.name,
            "company_id": str(line.company_id),
            "group_key": line.group,
            "is_edp": _yes(line.is_edp),
            "edp_shipping": _yes(line.edp_shipping),
            "discount": 0,
            "base_price": _amount(line.cents),
            "stored_price": "N",
        },
        "product": line.name,
        "product_status": "A",
        "deleted_product": line.product_id not in store.products,
        "discount": 0,
        "company_id": str(line.company_id),
        "base_price": _amount(line.cents),
        "original_price": _amount(line.cents),
        "cart_id": line.item_id,
        "tax_value": 0,
        "subtotal": subtotal,
        "display_subtotal": subtotal,
        "shipped_amount": shipped,
        "shipment_amount": str(max(0, line.amount - shipped)) if line.ships else "0",
        "is_accessible": True,
        "shared_product": False,
    }


def _shipping(way: ShippingMethod, *, needs: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "shipping_id": str(way.shipping_id),
        "shipping": way.name,
        "delivery_time": "3-5 days",
        "rate_calculation": "M",
        "service_params": [],
        "module": way.module,
        "service_code": None,
        "group_key": way.group,
        "rate": _amount(way.cents),
        "need_shipment": needs,
    }
    if way.shipping_id is None:
        del entry["shipping_id"]
    return entry


def _group(order: Order) -> dict[str, Any]:
    """A package group, with the merchant's account at a carrier that was only asked for a rate."""
    return {
        "name": "Example store",
        "company_id": order.company_id,
        "products": {
            line.item_id: {
                "product_id": line.product_id,
                "product_code": line.product_code,
                "amount": line.amount,
                "is_edp": _yes(line.is_edp),
            }
            for line in order.lines
        }
        or [],
        "shippings": {
            "3": {
                "shipping_id": "3",
                "shipping": "FedEx Home Delivery",
                "service_params": {
                    "user_key": _CARRIER_KEY,
                    "user_key_password": _CARRIER_PASSWORD,
                    "account_number": "510087000",
                },
                "module": "fedex",
                "group_key": 0,
                "rate": 9.74,
            }
        },
        "chosen_shippings": [
            {"shipping_id": str(way.shipping_id), "shipping": way.name, "group_key": 0}
            for way in order.shipping
            if way.shipping_id is not None
        ],
    }


def _address(prefix: str, address: Address) -> dict[str, str]:
    return {f"{prefix}{name}": getattr(address, name) for name in Address.__slots__}


def _total(order: Order) -> str:
    printed = (order.documented or {}).get("total")
    return printed if isinstance(printed, str) else _money(order.total)


def _money(cents: int) -> str:
    return f"{cents / 100:.2f}"


def _amount(cents: int) -> int | float:
    """Money as PHP prints a number: whole ones without a point."""
    return cents // 100 if cents % 100 == 0 else cents / 100


def _yes(value: bool) -> str:
    return "Y" if value else "N"

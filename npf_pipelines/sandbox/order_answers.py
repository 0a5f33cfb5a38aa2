"""Orders as the store prints them: CS-Cart's JSON, numbers as strings and `[]` for empty objects.

An order's detail carries secrets that are not the reader's, as the real one does: planted values (planted.py).
Not here: other things (answers.py).
"""

from typing import Any

from npf_pipelines.sandbox.model import Address, Line, Order, ShippingMethod
from npf_pipelines.sandbox.planted import (
    CARD,
    CARRIER_KEY,
    CARRIER_PASSWORD,
    CUSTOMER_API_KEY,
    IP_ADDRESS,
    PASSWORD_CHANGED,
    PROCESSOR_KEY,
    PROCESSOR_LOGIN,
)
from npf_pipelines.sandbox.printing import amount, money, yes
from npf_pipelines.sandbox.store import SandboxStore


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
        "storefront_id": str(order.storefront_id),
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
        # Inferred: the column that the filter by change reads.
        **({"updated_at": str(order.updated_at)} if store.updated_at_filter else {}),
        "shipment_ids": [str(shipment.shipment_id) for shipment in store.shipments_of(order.order_id)],
    }


def _generated(store: SandboxStore, order: Order) -> dict[str, Any]:
    customer = order.customer
    subtotal = amount(order.subtotal)
    freight = sum(way.cents for way in order.shipping)
    needs = any(line.ships for line in order.lines)
    return {
        **order_row(order),
        "subtotal": subtotal,
        "display_subtotal": subtotal,
        # The discount of the lines, whose prices are without it (known behaviour).
        "discount": money(sum(line.discount * line.amount for line in order.lines)),
        "subtotal_discount": money(order.discount),
        "payment_surcharge": "0.00",
        "shipping_ids": ",".join(str(way.shipping_id) for way in order.shipping if way.shipping_id),
        "shipping_cost": money(freight),
        "display_shipping_cost": money(freight),
        "notes": order.notes,
        "details": order.details,
        **({"gift_message": order.gift_message} if order.gift_message else {}),
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
        "lang_code": order.language,
        "ip_address": IP_ADDRESS,
        "repaid": "0",
        "validation_code": "",
        "localization_id": "0",
        "profile_id": "2",
        "birthday": "",
        "password_change_timestamp": PASSWORD_CHANGED,
        "api_key": CUSTOMER_API_KEY,
        "secondary_currency": store.currency,
        "need_shipping": needs,
        "payment_method": {
            "payment_id": "2",
            "payment": order.payment,
            "processor": "Example processor",
            "processor_params": {"login": PROCESSOR_LOGIN, "transaction_key": PROCESSOR_KEY, "mode": "live"},
        },
        "payment_info": {"card_number": CARD, "cardholder_name": "CARD HOLDER"},
        "fields": [],
        "taxes": _taxes(order),
        "tax_subtotal": 0 if order.tax_included else amount(order.tax),
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
    subtotal = amount(line.cents * line.amount)
    return {
        "item_id": line.item_id,
        "order_id": str(order.order_id),
        "product_id": str(line.product_id),
        "product_code": line.product_code,
        "price": money(line.cents),
        "amount": str(line.amount),
        "extra": {
            "product_options": {number: value for number, _, value in chosen} or [],
            **({"product_options_value": options} if options else {}),
            "unlimited_download": "N",
            "product": line.name,
            "company_id": str(line.company_id),
            "group_key": line.group,
            "is_edp": yes(line.is_edp),
            "edp_shipping": yes(line.edp_shipping),
            "discount": amount(line.discount),
            "base_price": amount(line.cents),
            "stored_price": "N",
        },
        "product": line.name,
        "product_status": "A",
        "deleted_product": line.product_id not in store.products,
        "discount": amount(line.discount),
        "company_id": str(line.company_id),
        "base_price": amount(line.cents),
        "original_price": amount(line.cents),
        "cart_id": line.item_id,
        "tax_value": amount(line.tax),
        "subtotal": subtotal,
        "display_subtotal": subtotal,
        "shipped_amount": shipped,
        "shipment_amount": str(max(0, line.amount - shipped)) if line.ships else "0",
        "is_accessible": True,
        "shared_product": False,
    }


def _taxes(order: Order) -> Any:
    if not order.tax:
        return []
    return {
        "6": {
            "rate_type": "P",
            "rate_value": "10.000",
            "price_includes_tax": yes(order.tax_included),
            "regnumber": "",
            "priority": 0,
            "tax_subtotal": amount(order.tax),
            "description": "GST",
        }
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
        "rate": amount(way.cents),
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
                "is_edp": yes(line.is_edp),
            }
            for line in order.lines
        }
        or [],
        "shippings": {
            "3": {
                "shipping_id": "3",
                "shipping": "FedEx Home Delivery",
                "service_params": {
                    "user_key": CARRIER_KEY,
                    "user_key_password": CARRIER_PASSWORD,
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
    return printed if isinstance(printed, str) else money(order.total)

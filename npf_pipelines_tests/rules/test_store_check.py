"""Tests of npf_pipelines.rules.store_check: each judgement, from a store that answers well with one thing changed."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.issued_certificate import IssuedCertificate
from npf_pipelines.domain.order_statuses import SHIPPED_STATUSES, Status
from npf_pipelines.domain.products import Product
from npf_pipelines.domain.sku_map import SkuMap
from npf_pipelines.domain.store_answers import (
    Connection,
    OrdersRead,
    ProductsRead,
    StoreAnswers,
    Unanswered,
    WarehouseRead,
    Why,
)
from npf_pipelines.domain.store_check import Finding, Level
from npf_pipelines.domain.store_orders import Address, UnreadableOrder
from npf_pipelines.domain.store_shipments import Shipment
from npf_pipelines.domain.store_users import StoreUser
from npf_pipelines.rules.store_check.findings import findings
from npf_pipelines_tests.builders import ADDRESS, NOON, line, order, product, shipment

OK, WARNING, ERROR, UNKNOWN = Level
FORBIDDEN = Unanswered(Why.FORBIDDEN, "GET x at shop.example: 403. Give the right.")
ABSENT = Unanswered(Why.ABSENT, "GET x at shop.example: 404, the store has no such thing. It was deleted.")
FAILED = Unanswered(Why.FAILED, "GET x at shop.example: 500, the store or its host failed. Ask for its log.")
USER = StoreUser(user_id="1", email="api@shop.example", user_type="A", status="A", company_id=None)
TESTS = tuple(product(str(90 + number), f"Test00{number}") for number in (1, 2, 3))


def setup(**changes: dict[str, Any]) -> MasterSetup:
    sections: dict[str, dict[str, Any]] = {
        "store": {
            "url": "https://shop.example",
            "api_user": "API@shop.example",
            "api_key_env": "KEY",
            "user_id": 1,
            "time_zone": "UTC",
        },
        "orders": {"start_date": date(2026, 11, 1), "statuses": ["Paid"], "countries": ["Australia"]},
        "tracking": {"shipped_status": "Complete"},
        "stock": {"quantity": "on_hand"},
    }
    whole = {name: section | changes.get(name, {}) for name, section in sections.items()}
    return MasterSetup.model_validate({"id": "acme", "name": "Acme", **whole})


def products_read(*products: Product, **changes: Any) -> ProductsRead:
    usual = {"total": len(products), "rows": len(products)}
    return ProductsRead(products, **usual | changes)


def links(carrier: str, url: str) -> Shipment:
    return shipment().model_copy(update={"carrier": carrier, "tracking_url": url})


def abroad(country: str) -> Address:
    return ADDRESS.model_copy(update={"country_code": country})


KITE_OF_PARTS = SkuMap({"KITE": {"LINE": 2, "SAIL": 1}, "BOX": {"LINE": 3}})

GOOD = StoreAnswers(
    connection=Connection(NOON + timedelta(days=60), timedelta(seconds=-2), "CS-Cart 4.18.1 ULTIMATE"),
    user=USER,
    statuses=[status.model_copy(update={"mails": status.letter == "C"}) for status in SHIPPED_STATUSES],
    shippings={"1": "Post"},
    shipments=[links("aup", "https://auspost.example/1")],
    storefronts={"1": "Acme"},
    vendors=ABSENT,
    lists_changes=True,
    orders=OrdersRead([order()], 1, lists_are_whole=True),
    products=products_read(product(), *TESTS),
    warehouse=WarehouseRead({"KITE"}),
)


def judged(answers: StoreAnswers, **changes: dict[str, Any]) -> list[Finding]:
    return findings(setup(**changes), answers, NOON)


def test_a_store_that_fits_has_nothing_to_do_but_its_writes_to_certify() -> None:
    found = judged(GOOD)
    assert [finding.topic for finding in found if finding.level is not OK] == [
        "right edit_order",
        "right manage_catalog",
    ]
    assert {finding.what_to_do for finding in found if finding.level is OK} == {""}
    said = [f"{finding.topic}: {finding.sentence}" for finding in found]
    assert "user ID: User 1 is active, an administrator, and the API user." in said
    paid = "Paid is P, which the store calls Processed; it takes the order's stock and sends no mail."
    assert f"statuses: orders.statuses: {paid}" in said
    assert "carriers: Tracking links in the newest 1 shipment for: aup." in said
    assert "orders: 1 of 1 order pass every rule." in said
    assert "SKUs: 1 SKU in both store and warehouse." in said


def test_a_certificate_proves_the_rights_that_its_writes_needed() -> None:
    issued = IssuedCertificate(NOON.date(), is_certified=False, passed=frozenset({"full", "put_back"}))
    found = judged(replace(GOOD, certificate=issued))
    assert [finding.topic for finding in found if finding.level is UNKNOWN] == ["right manage_catalog"]
    assert "Granted, as proven by the certificate of 2026-11-20." in [finding.sentence for finding in found]


Changed = dict[str, Any]


Case = tuple[Changed, Changed, str, Level, str, str]
"""The changes of the answers and of the setup; the topic, the level, and parts of the sentence and the advice."""


@pytest.mark.parametrize(
    "case",
    [
        # Access
        ({"connection": Connection(NOON + timedelta(days=9))}, {}, "certificate", WARNING, "9 days from now", "renew"),
        ({"connection": Connection(clock_ahead=timedelta(minutes=3))}, {}, "clock", WARNING, "3 minutes ahead", "NTP"),
        ({"connection": Connection(clock_ahead=timedelta(hours=-11))}, {}, "clock", ERROR, "11.0 hours behind", "NTP"),
        ({"access": FORBIDDEN}, {}, "right view_orders", ERROR, "Refused", "Give the right"),
        ({"access": FAILED}, {}, "right view_orders", ERROR, "500", "Ask for its log"),
        ({"access": FORBIDDEN}, {}, "credentials", OK, "accepts", ""),
        (
            dict.fromkeys(("access", "user", "statuses", "products", "shippings"), FAILED),
            {},
            "credentials",
            UNKNOWN,
            "No call succeeded",
            "",
        ),
        ({"products": FORBIDDEN}, {}, "right view_catalog", ERROR, "Refused", "Give the right"),
        (
            {"products": FORBIDDEN},
            {"stock": {"quantity": "off"}},
            "right view_catalog",
            WARNING,
            "Refused",
            "Give the right",
        ),
        ({"statuses": FORBIDDEN}, {}, "right manage_order_statuses", WARNING, "as CS-Cart ships it", "Give the right"),
        ({"statuses": FAILED}, {}, "right manage_order_statuses", UNKNOWN, "500", "Ask for its log"),
        ({"user": FORBIDDEN}, {}, "right view_users", UNKNOWN, "for nothing else", "Give the right"),
        ({"user": FORBIDDEN}, {}, "user ID", UNKNOWN, "without the right view_users", "store.user_id"),
        ({"user": ABSENT}, {}, "user ID", ERROR, "no user 1", "store.user_id"),
        ({"user": FAILED}, {}, "user ID", UNKNOWN, "500", "Ask for its log"),
        ({"user": USER.model_copy(update={"user_type": "C"})}, {}, "user ID", ERROR, "no administrator", "user_id"),
        ({"user": USER.model_copy(update={"user_type": "V"})}, {}, "user ID", ERROR, "a vendor's", "user_id"),
        ({"user": USER.model_copy(update={"status": "D"})}, {}, "user ID", ERROR, "is not active", "user_id"),
        ({"user": USER.model_copy(update={"email": "b@x"})}, {}, "user ID", ERROR, "another e-mail", "store.api_user"),
        (
            {"user": USER.model_copy(update={"company_id": "2"}), "storefronts": {"1": "A", "2": "B"}},
            {},
            "user ID",
            WARNING,
            "limited to the company 2 of 2",
            "whole store",
        ),
        # Capabilities
        ({"connection": Connection()}, {}, "version", UNKNOWN, "doesn't name", ""),
        ({"orders": OrdersRead([order()], 1, lists_are_whole=False)}, {}, "order lists", OK, "of its own", ""),
        ({"lists_changes": False}, {}, "changed orders", OK, "before 4.13.2", ""),
        ({"lists_changes": None}, {}, "changed orders", UNKNOWN, "no order", ""),
        ({"storefronts": {"1": "A", "2": "B"}}, {}, "storefronts", WARNING, "2 storefronts: A, B", "all of them"),
        ({"vendors": FORBIDDEN}, {}, "vendors", UNKNOWN, "it has none, or", ""),
        ({"shippings": {}}, {}, "shipping methods", ERROR, "no shipping method", "Create one"),
        (
            {"shippings": {"1": "Post", "7": "Drone", "8": ""}},
            {"orders": {"shipping_methods": {"Post": "STD"}}},
            "shipping methods",
            WARNING,
            "no despatch code for Drone (7), without a name (8): orders to ship by them are held",
            "Map each of them",
        ),
        (
            {},
            {"orders": {"shipping_methods": {"Pots": "STD", "*": "X"}}},
            "shipping methods",
            WARNING,
            "maps Pots, which is no shipping method of the store",
            "Did you mean Post?",
        ),
        (
            {"warehouse": WarehouseRead({"KITE"}, takes_despatch_methods=False)},
            {"orders": {"shipping_methods": {"Post": "STD"}}},
            "shipping methods",
            ERROR,
            "no column despatch_method",
            "Let NPF add it",
        ),
        ({}, {"orders": {"shipping_methods": {"Air": "EXP"}}}, "orders", WARNING, "1 order held", "Map the shipping"),
        (
            {"shipments": [links("aup", "")]},
            {"tracking": {"carriers": {"Post": "aup"}}},
            "carriers",
            WARNING,
            "aup",
            "on",
        ),
        ({"shipments": []}, {"tracking": {"carriers": {"Post": "aup"}}}, "carriers", UNKNOWN, "aup (Post)", ""),
        ({"shipments": []}, {}, "carriers", UNKNOWN, "None of the newest 0 shipments", ""),
        # Statuses
        ({}, {"orders": {"statuses": ["Paid", "Pakced"]}}, "statuses", ERROR, "'Pakced' is no status", "It has: "),
        ({}, {"orders": {"statuses": ["Backordered"]}}, "statuses", WARNING, "gives the order's stock back", "shipped"),
        ({}, {"tracking": {"shipped_status": "Canceled"}}, "statuses", WARNING, "stock back", "keeps the stock"),
        ({}, {"orders": {"stop_statuses": ["Canceled"]}}, "statuses", OK, "orders.stop_statuses: Canceled is I", ""),
        ({}, {}, "statuses", OK, "tracking.shipped_status: Complete is C; it takes the order's stock and mails", ""),
        (
            {},
            {"orders": {"statuses": ["Paid"], "stop_statuses": ["P"]}},
            "statuses",
            ERROR,
            "both stop and go on",
            "Take",
        ),
        ({}, {"tracking": {"shipped_status": "C"}}, "statuses", OK, "tracking.shipped_status: C is Complete;", ""),
        ({"statuses": FORBIDDEN}, {}, "statuses", UNKNOWN, "So CS-Cart ships it", ""),
        (
            {"statuses": [*SHIPPED_STATUSES, Status(letter="X", name="Printed", takes_stock=False, moves_stock=False)]},
            {"orders": {"continue_statuses": ["Printed"]}},
            "statuses",
            OK,
            "Printed is X; it leaves the stock as it is.",
            "",
        ),
        # Orders
        ({"orders": OrdersRead([], 0)}, {}, "orders", UNKNOWN, "no order since 2026-11-01", ""),
        ({"orders": FAILED}, {}, "orders", UNKNOWN, "500", "Ask for its log"),
        (
            {"orders": OrdersRead([order()], 9)},
            {},
            "orders",
            OK,
            "9 orders since 2026-11-01; the newest 1 were read.",
            "",
        ),
        ({"orders": OrdersRead([order(status="F")], 1)}, {}, "orders", WARNING, "0 of 1 order pass", "statuses"),
        ({}, {"orders": {"hold_minutes": 30}}, "holds", OK, "held for 30 minutes after its last change.", ""),
        ({}, {"orders": {"hold": {"total_above": 500}}}, "holds", OK, "0 of 1 order would wait for npf release", ""),
        ({}, {"orders": {"hold": {"countries": ["AU"]}}}, "holds", WARNING, "1 of 1 order would", "more than half"),
        (
            {"orders": OrdersRead([order(order_id="7", status="F")], 1)},
            {},
            "orders",
            OK,
            "1 order rejected (in a status that isn't imported): the status Failed is not one of the wanted ones. Or",
            "",
        ),
        (
            {"orders": OrdersRead([order(line(sku=""))], 1)},
            {},
            "orders",
            WARNING,
            "1 order set aside (without a product code)",
            "their codes in the store",
        ),
        (
            {"orders": OrdersRead([UnreadableOrder(order_id=None, status="", placed_at=None, reason="total: x")], 1)},
            {},
            "orders",
            WARNING,
            "total: x. Orders: without a number",
            "Open the order",
        ),
        (
            {"warehouse": WarehouseRead({"KITE"}, {"1000012"}), "orders": OrdersRead([order(status="C")], 1)},
            {},
            "orders",
            OK,
            "1 of 1 order pass every rule, 1 of them imported before",
            "",
        ),
        ({"orders": OrdersRead([order(line(sku="Test001"))], 1)}, {}, "orders", OK, "1 of them test orders", ""),
        ({}, {"orders": {"statuses": ["Pakced"]}}, "orders", UNKNOWN, "No order is judged", ""),
        ({}, {}, "countries", OK, "Australia. The orders go to Australia (1).", ""),
        ({}, {"orders": {"countries": None}}, "countries", OK, "All countries.", ""),
        (
            {"orders": OrdersRead([order(ship_to=abroad("DE"))], 1)},
            {},
            "countries",
            WARNING,
            "Germany (1)",
            "countries",
        ),
        # Products
        (
            {"products": products_read(product(sku=""), *TESTS)},
            {},
            "product codes",
            WARNING,
            "1 product to ship",
            "codes",
        ),
        ({"warehouse": WarehouseRead({"DRUM"})}, {}, "SKUs", ERROR, "0 SKUs in both", "letter case"),
        (
            {"warehouse": WarehouseRead({"KITE", "DRUM"})},
            {},
            "SKUs",
            WARNING,
            "1 only in the warehouse: DRUM.",
            "create",
        ),
        (
            {"products": products_read(product(), product("12", "SAND"), *TESTS)},
            {},
            "SKUs",
            WARNING,
            "1 only in the store: SAND.",
            "count",
        ),
        ({"warehouse": WarehouseRead(set())}, {}, "SKUs", WARNING, "counts no SKU", "count"),
        (
            {"warehouse": WarehouseRead({"LINE", "SAIL"}, sku_map=KITE_OF_PARTS, map_problems=())},
            {},
            "SKUs",
            OK,
            "2 SKUs in both",
            "",
        ),
        (
            {"warehouse": WarehouseRead({"LINE", "SAIL"}, sku_map=KITE_OF_PARTS, map_problems=())},
            {},
            "SKU map",
            WARNING,
            "1 of its codes are no product of the store: BOX",
            "letter case",
        ),
        (
            {"warehouse": WarehouseRead({"KITE"}, map_problems=["acme.skus.csv, line 2: a circle"])},
            {},
            "SKU map",
            ERROR,
            "acme.skus.csv, line 2: a circle",
            "orders.skus",
        ),
        ({"warehouse": FAILED}, {}, "SKUs", UNKNOWN, "500", "log"),
        (
            {"products": products_read(product(), *TESTS, total=9), "warehouse": WarehouseRead({"KITE", "DRUM"})},
            {},
            "SKUs",
            UNKNOWN,
            "1 only in the warehouse, as far as",
            "",
        ),
        (
            {"products": products_read(product())},
            {},
            "test items",
            WARNING,
            "Test001, Test002, Test003 are not",
            "exactly",
        ),
        (
            {"products": products_read(product(), product("8", "test 003"), *TESTS[:2])},
            {},
            "test items",
            WARNING,
            "Test003 is not in the store. It has test 003",
            "exactly",
        ),
        (
            {"products": products_read(product(), total=9, test_codes={"Test001", "Test002", "Test003"})},
            {},
            "test items",
            OK,
            "are in the store",
            "",
        ),
        (
            {"products": products_read(replace(product(), shares={"3": 5, "10": 1}), *TESTS)},
            {},
            "stock locations",
            ERROR,
            "the locations 3, 10, and stock.store_location names none",
            "store_location",
        ),
        (
            {"products": products_read(replace(product(), shares={"3": 5}), *TESTS)},
            {"stock": {"store_location": 4}},
            "stock locations",
            ERROR,
            "No product has stock at the location 4",
            "store_location",
        ),
        (
            {"products": products_read(replace(product(), shares={"3": 5}), *TESTS)},
            {"stock": {"store_location": 3}},
            "stock locations",
            OK,
            "3 is the warehouse's",
            "",
        ),
        (
            {"products": products_read(replace(product(), shares={"3": 5, "10": 0}), *TESTS)},
            {"stock": {"store_location": [3, 10]}},
            "stock locations",
            OK,
            "3, 10 are the warehouse's",
            "",
        ),
        (
            {"products": products_read(replace(product(), shares={"3": 5}), *TESTS)},
            {"stock": {"store_location": [3, 4]}},
            "stock locations",
            ERROR,
            "No product has stock at the location 4",
            "store_location",
        ),
        (
            {"storefronts": {"1": "Toys", "2": "Tools"}},
            {"orders": {"storefronts": [2]}},
            "storefronts",
            OK,
            "Tools of 2 storefronts",
            "",
        ),
        (
            {"vendors": {"1": "Toys", "2": "Tools"}},
            {"store": {"vendor": 3}},
            "vendors",
            WARNING,
            "The store lists no vendor 3",
            "store.vendor",
        ),
        (
            {"products": products_read(product(), *TESTS)},
            {"stock": {"buffer": {"*": 1, "KITE": 2, "kite": 3}}},
            "buffers",
            WARNING,
            "Neither store nor warehouse has kite",
            "Correct the codes",
        ),
        (
            {"products": products_read(product(), *TESTS)},
            {"stock": {"buffer": {"*": 1, "KITE": 2}}},
            "buffers",
            OK,
            "has every code",
            "",
        ),
        ({}, {"stock": {"store_location": 3}}, "stock locations", UNKNOWN, "shows no stock by location", ""),
    ],
)
def test_each_finding(case: Case) -> None:
    answers, config, topic, level, sentence, what_to_do = case
    found = [finding for finding in judged(replace(GOOD, **answers), **config) if finding.topic == topic]
    assert any(
        finding.level is level and sentence in finding.sentence and what_to_do in finding.what_to_do
        for finding in found
    ), found


@pytest.mark.parametrize(
    ("why", "topic", "topics"),
    [
        (Why.UNREACHABLE, "connection", {"connection", "certificate", "clock"}),
        (Why.UNAUTHORIZED, "credentials", {"connection", "certificate", "clock", "credentials"}),
    ],
)
def test_a_store_that_answers_no_call_is_judged_no_further(why: Why, topic: str, topics: set[str]) -> None:
    found = judged(replace(GOOD, access=Unanswered(why, "GET orders at shop.example: no. Check it.")))
    assert {finding.topic for finding in found} == topics
    assert [finding.topic for finding in found if finding.level is ERROR] == [topic]


def test_no_finding_quotes_the_users_email() -> None:
    found = judged(replace(GOOD, user=USER.model_copy(update={"email": "ann@private.example"})))
    assert "private.example" not in str(found)

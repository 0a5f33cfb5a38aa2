"""The requirements of a certificate: each passes on the evidence of a sound client, and fails on its opposite."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.certification import (
    Amount,
    Evidence,
    Figure,
    Imported,
    LodgedParcel,
    OrderEvidence,
    OrderSeen,
    StockEvidence,
    StockSeen,
    StoreParcel,
)
from npf_pipelines.domain.order_statuses import SHIPPED_STATUSES
from npf_pipelines.domain.requirement import Result
from npf_pipelines.rules.certificate import Certificate, judge
from npf_pipelines.rules.certification_orders import how_to_place, what_waits
from npf_pipelines.rules.status_meaning import status_meanings
from npf_pipelines_tests.builders import NOON

_URL = "https://carrier.example/33A"
_ALL = {"Test001": 1, "Test002": 1, "Test003": 1}


def _setup(stock: str = "available", **tracking: str) -> MasterSetup:
    return MasterSetup.model_validate(
        {
            "id": "acme",
            "name": "Acme",
            "store": {
                "url": "https://shop.example",
                "api_user": "api@shop.example",
                "api_key_env": "KEY",
                "user_id": 1,
                "time_zone": "Australia/Sydney",
            },
            "orders": {"start_date": date(2026, 11, 1), "statuses": ["P"], "countries": ["NZ", "AU"]},
            "tracking": tracking or {"shipped_status": "C", "partially_shipped_status": "B"},
            "stock": {"quantity": stock, "negative_as_zero": True},
        }
    )


def _seen(
    ordered: dict[str, int], status: str = "P", lodged: dict[str, int] | None = None, **changes: Any
) -> OrderSeen:
    """An order on the platform; with `lodged`, one parcel of it on both sides."""
    parcel = LodgedParcel(
        shipment_id="L1",
        carrier="Australia Post",
        carrier_code="aup",
        tracking_number="33A",
        number_forms=frozenset({"33A"}),
        tracking_url=_URL,
        lodged_at=NOON,
        units=lodged or {},
    )
    usual: dict[str, Any] = {
        "seen_at": NOON,
        "status": status,
        "ordered": ordered,
        "imported": Imported(units=ordered, is_test=True, has_country=True, status="imported", imported_at=NOON),
        "numbers": ("CS7",),
        "decision": "",
        "lodged": (parcel,) if lodged else (),
        "shown": (_shown(lodged),) if lodged else (),
    }
    return OrderSeen(**usual | changes)


def _shown(units: dict[str, int], **changes: Any) -> StoreParcel:
    usual: dict[str, Any] = {
        "shipment_id": "4",
        "carrier": "aup",
        "tracking_number": "33A",
        "link": "https://store.example/33A",
        "urls_in_comments": (),
        "units": units,
    }
    return StoreParcel(**usual | changes)


def _order(ordered: dict[str, int], status: str, lodged: dict[str, int]) -> OrderEvidence:
    pulled, pushed = _seen(ordered), _seen(ordered, status, lodged)
    steps = {"pulled": pulled, "pulled_again": pulled, "pushed": pushed, "pushed_again": pushed}
    return OrderEvidence(order_id="7", order_number="CS7", placed_at=NOON, **steps)


def _amounts(**amounts: int) -> tuple[Amount, ...]:
    return tuple(Amount(product=sku[-1], sku=sku, amount=amount) for sku, amount in amounts.items())


def _pushed(figure: Figure, amount: int) -> StockSeen:
    others = {sku: 5 for sku in _ALL if sku != figure.sku}
    return StockSeen(seen_at=NOON, figures=(figure,), amounts=_amounts(**others | {figure.sku: amount}))


_PLAIN, _NEGATIVE = (
    Figure(sku="Test003", on_hand=30, in_process=2, back_orders=3),
    Figure(sku="Test003", on_hand=2, in_process=1, back_orders=4),
)
_BEFORE = _amounts(Test001=5, Test002=5, Test003=5)
_SOUND = Evidence(
    began_at=NOON,
    store="shop.example",
    items=_BEFORE,
    full=_order(_ALL, "C", _ALL),
    part=_order({"Test001": 2}, "B", {"Test001": 1}),
    stock=StockEvidence(
        before=_BEFORE,
        plain=_pushed(_PLAIN, 25),
        negative=_pushed(_NEGATIVE, 0),
        again=_pushed(_NEGATIVE, 0),
        put_back=_BEFORE,
    ),
)


def _results(evidence: Evidence, setup: MasterSetup | None = None) -> dict[str, Result]:
    """The requirements that don't pass."""
    setup = setup or _setup()
    requirements = judge(setup, status_meanings(setup, SHIPPED_STATUSES, were_read=True), evidence)
    return {each.id: each.result for each in requirements if each.result is not Result.PASS}


def _with(role: str, step: str, **changes: Any) -> Evidence:
    order = getattr(_SOUND, role)
    seen = getattr(order, step).model_copy(update=changes)
    return _SOUND.model_copy(update={role: order.model_copy(update={step: seen})})


def _with_stock(**changes: Any) -> Evidence:
    return _SOUND.model_copy(update={"stock": _SOUND.stock.model_copy(update=changes)})


def test_a_sound_client_is_certified() -> None:
    assert _results(_SOUND) == {"soh": Result.NOT_ASKED}


_UNCOUNTED = {"is_counted": False}
_TWICE = (_shown(_ALL), _shown(_ALL, shipment_id="5"))
_FAULTS: dict[str, tuple[Callable[[], Evidence], set[str]]] = {
    "no product": (lambda: _SOUND.model_copy(update={"items": _BEFORE[1:]}), {"items"}),
    "stock not counted": (
        lambda: _SOUND.model_copy(
            update={"items": (*_BEFORE[1:], _BEFORE[0].model_copy(update={"is_counted": False}))}
        ),
        {"items"},
    ),
    "not imported": (lambda: _with("full", "pulled", imported=None, decision="rejected: status"), {"pull"}),
    "imported with other units": (lambda: _with("full", "pulled", ordered={"Test001": 9}), {"pull"}),
    "imported twice": (lambda: _with("part", "pulled_again", numbers=("CS7", "7")), {"replay_orders"}),
    "not in the store": (lambda: _with("full", "pushed", shown=()), {"full", "tracking_number", "tracking_url"}),
    "twice in the store": (lambda: _with("full", "pushed", shown=_TWICE), {"full"}),
    "cut by the store": (lambda: _with("full", "pushed", shown=(_shown({"Test001": 1}),)), {"full"}),
    "more than the part": (
        lambda: _with("part", "pushed", shown=(_shown({"Test001": 1}), _shown({"Test001": 1}, tracking_number=""))),
        {"partial"},
    ),
    "another carrier": (lambda: _with("full", "pushed", shown=(_shown(_ALL, carrier="dhl"),)), {"tracking_number"}),
    "no link": (lambda: _with("full", "pushed", shown=(_shown(_ALL, link=""),)), {"tracking_url"}),
    "shipped status lost": (lambda: _with("full", "pushed", status="P"), {"shipped_status"}),
    "partial status lost": (lambda: _with("part", "pushed", status="P"), {"partially_shipped_status"}),
    "shipment made again": (lambda: _with("full", "pushed_again", shown=_TWICE), {"replay_shipments"}),
    "wrong figure": (lambda: _with_stock(plain=_pushed(_PLAIN, 30)), {"available"}),
    "negative as it is": (lambda: _with_stock(negative=_pushed(_NEGATIVE, -3)), {"negative"}),
    "amount moved": (lambda: _with_stock(again=_pushed(_NEGATIVE, 7)), {"replay_stock"}),
    "not put back": (lambda: _SOUND.model_copy(update={"to_put_back": _BEFORE}), {"put_back"}),
}


@pytest.mark.parametrize("fault", _FAULTS)
def test_each_fault_fails_its_requirement(fault: str) -> None:
    make, failed = _FAULTS[fault]
    results = _results(make())
    assert {name for name, result in results.items() if result is Result.FAIL} >= failed
    assert results.keys() - {"soh", "replay_shipments", "replay_stock"} == failed - {"replay_shipments", "replay_stock"}


def test_the_evidence_is_timed_in_the_clients_zone() -> None:
    setup = _setup()
    requirements = judge(setup, status_meanings(setup, SHIPPED_STATUSES, were_read=True), _SOUND)
    timed = [each.evidence[0] for each in requirements if each.id in {"pull", "full", "partial"}]
    assert all(f"{NOON.astimezone(setup.zone):%Y-%m-%d %H:%M:%S} AEDT" in sentence for sentence in timed)


def test_a_url_in_the_comments_is_as_good_as_a_link() -> None:
    shown = _shown(_ALL, link="", urls_in_comments=(_URL,))
    assert "tracking_url" not in _results(_with("full", "pushed", shown=(shown,)))


def test_a_setup_without_statuses_asks_that_they_stay() -> None:
    quiet = _setup(notify_customer="false")
    assert _results(_SOUND, quiet).keys() == {"soh", "shipped_status", "partially_shipped_status"}
    kept = _results(_with("full", "pushed", status="P"), quiet)
    assert (kept["partially_shipped_status"], kept["shipped_status"]) == (Result.FAIL, Result.NOT_ASKED)


def test_a_setup_without_stock_asks_for_no_figure() -> None:
    without = _SOUND.model_copy(update={"stock": StockEvidence()})
    assert _results(without, _setup("off")) == dict.fromkeys(
        ("soh", "available", "negative", "replay_stock", "put_back"), Result.NOT_ASKED
    )


def test_on_hand_is_the_figure_where_the_setup_asks_for_it() -> None:
    evidence = _with_stock(plain=_pushed(_PLAIN, 30), negative=_pushed(Figure(sku="Test003", on_hand=-3), 0))
    assert _results(evidence, _setup("on_hand")) == {"available": Result.NOT_ASKED}


def test_a_total_over_several_locations_proves_nothing() -> None:
    seen = _pushed(_PLAIN, 40)
    amounts = tuple(amount.model_copy(update={"is_total": True}) for amount in seen.amounts)
    assert _results(_with_stock(plain=seen.model_copy(update={"amounts": amounts})))["available"] is Result.NOT_PROVEN


def test_what_is_not_lodged_is_waited_for() -> None:
    not_yet = {"pushed": None, "pushed_again": None}
    waiting = {role: getattr(_SOUND, role).model_copy(update=not_yet) for role in ("full", "part")}
    evidence = _SOUND.model_copy(update=waiting)
    assert _results(evidence).keys() - {"soh"} == {
        "full",
        "partial",
        "tracking_number",
        "tracking_url",
        "shipped_status",
        "partially_shipped_status",
        "replay_shipments",
    }
    assert what_waits(evidence) == ["CS7 in full", "CS7 in part (1 of Test001, the rest on back order)"]
    assert how_to_place(_setup(), evidence) == ()
    setup = _setup()
    requirements = judge(setup, status_meanings(setup, SHIPPED_STATUSES, were_read=True), evidence)
    certificate = Certificate(setup, NOON, NOON, requirements, tuple(what_waits(evidence)), ())
    assert certificate.verdict.startswith("not proven: waiting for lodgement of CS7 in full and CS7 in part")


def test_an_order_shipped_in_full_too_early_has_to_be_placed_again() -> None:
    part = _order({"Test001": 2}, "C", {"Test001": 2})
    early = part.model_copy(update={"pulled_again": part.pushed, "pushed": None, "pushed_again": None})
    evidence = _SOUND.model_copy(update={"part": early})
    assert _results(evidence)["partial"] is Result.NOT_PROVEN
    assert what_waits(evidence) == []
    steps = how_to_place(_setup(), evidence)
    assert len(steps) == 3
    assert "an address in Australia or New Zealand and the status P: two units of Test001" in steps[1]


def test_without_test_orders_nothing_is_proven_of_orders() -> None:
    empty = _SOUND.model_copy(update={"full": None, "part": None})
    assert {_results(empty)[name] for name in ("pull", "full", "partial", "replay_orders")} == {Result.NOT_PROVEN}
    assert len(how_to_place(_setup(), empty)) == 4

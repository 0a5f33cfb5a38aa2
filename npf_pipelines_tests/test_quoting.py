"""No reason that is kept quotes what a shopper wrote, whatever is wrong with it."""

from typing import Any

import pytest

from npf_pipelines.loopback import LoopbackServer
from npf_pipelines.state.health import read_one
from npf_pipelines_tests.loop import Loop, write_setup

SECRET = "Quixote"
LONG = f"{SECRET} " * 10_000

ODD_ORDERS: dict[str, dict[str, Any]] = {
    "a long note": {"notes": LONG},
    "a note in a list": {"notes": [SECRET]},
    "a long name": {"s_firstname": LONG},
    "an address as an object": {"s_address": {SECRET: SECRET}},
    "a telephone number as an object": {"phone": {"number": SECRET}},
    "an e-mail address in a list": {"email": [f"{SECRET}@shop.example"]},
    "text instead of the lines": {"products": SECRET},
    "text instead of a line": {"products": {"1": SECRET}},
    "text instead of the shipping": {"shipping": SECRET},
    "an address in the field of the country": {"s_country": f"{SECRET} Street 5", "s_country_descr": SECRET},
}


def test_no_reason_quotes_what_a_shopper_wrote(loop: Loop) -> None:
    assert [one.failure for one in loop.run("orders")] == [""]
    accepted = loop.rows("SELECT client, order_id FROM filtered_orders WHERE decision = 'accepted' ORDER BY ALL")
    assert len(accepted) >= len(ODD_ORDERS)
    odd = dict(zip(ODD_ORDERS, accepted, strict=False))
    for name, (client, order_id) in odd.items():
        loop.stores[client].odd_fields["orders", order_id] = ODD_ORDERS[name]
    runs = loop.run("orders")
    reasons = {tuple(key): reason for *key, reason in loop.rows("SELECT client, order_id, reason FROM filtered_orders")}
    for name, order in odd.items():
        assert "read" in reasons[order] or "country" in reasons[order], name
    said = loop.rows("SELECT reason FROM platform_orders")
    said += loop.rows("SELECT unreadable FROM raw_orders WHERE unreadable <> ''")
    assert SECRET.casefold() not in str((said, reasons, runs)).casefold()


def test_the_log_of_a_fault_shows_its_place_and_quotes_no_row(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        row = {"firstname": SECRET}
        try:
            dict[str, int]()[str(row)]
        except KeyError as error:
            raise ValueError(f"a row is odd: {row}") from error

    monkeypatch.setattr("npf_pipelines.assets.orders.find_changed_days", fail)
    (run,) = loop.run("orders", "acme")
    log = "\n".join(str(entry) for entry in loop.instance.all_logs(run.run_id))
    assert "KeyError, its message left out" in log
    assert "ValueError, its message left out" in log
    assert "assets/orders.py" in log
    assert SECRET not in log.replace('"firstname": SECRET', "")


def test_the_stores_words_are_kept_without_the_shoppers_address(loop: Loop) -> None:
    async def store(scope: Any, _: Any, send: Any) -> None:
        if scope["type"] == "http":
            headers = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": 400, "headers": headers})
            body = f'{{"message": "user {SECRET}.de@shop.example is not active"}}'
            await send({"type": "http.response.body", "body": body.encode()})

    with LoopbackServer(store) as server:
        write_setup(loop.settings.clients, "acme", server.url)
        (run,) = loop.run("orders", "acme")
    reason = read_one(loop.services.state, "acme", "orders").reason
    assert "user [removed] is not active" in reason
    assert SECRET not in run.failure

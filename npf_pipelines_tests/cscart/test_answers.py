"""Tests of npf_pipelines.cscart.answers."""

import contextlib
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.cscart.answers import decode_json, holds_json, read_answer
from npf_pipelines.cscart.errors import (
    Blocked,
    Forbidden,
    MalformedResponse,
    NotFound,
    RateLimited,
    RequestRejected,
    ServerError,
    StoreError,
    Unauthorized,
)
from npf_pipelines.cscart.json_body import decode_json_text
from npf_pipelines_tests.growth import assert_linear

HTML = "<!DOCTYPE html><html><body>Sorry</body></html>"
WARNING = "<br />\n<b>Warning</b>:  Undefined array key [0] in <b>/var/www/fn.php</b> on line <b>7</b><br />\n{x} [1] "

BEHIND = [
    "<br />\n<b>Warning</b>:  Undefined array key [0] in <b>/var/www/fn.php</b> on line <b>7</b><br />\n",
    "\n<!-- cached -->",
    "\nPHP Deprecated: Function strftime() is deprecated in /var/www/fn.php on line 7",
]

# No blank and no ">": PHP prints JSON without blanks, and a warning ends with one or the other.
texts = st.text('ab0{}[]",:\\é', max_size=4)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
documents = st.lists(json_values, max_size=3) | st.dictionaries(texts, json_values, max_size=3)


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> httpx.Response:
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    request = httpx.Request("GET", "https://shop.example/api/2.0/orders/96")
    return httpx.Response(status, content=content, headers=headers, request=request)


def failure(
    body: Any,
    status: int,
    *,
    method: str = "GET",
    path: str = "orders/96",
    secrets: tuple[str, ...] = (),
    headers: dict[str, str] | None = None,
) -> StoreError:
    with pytest.raises(StoreError) as caught:
        read_answer(answer(body, status, headers), method, path, secrets)
    return caught.value


# Bodies


@given(documents)
def test_any_object_or_list_is_read(document: Any) -> None:
    assert decode_json(answer(document)) == document


@given(documents)
def test_warnings_before_it_change_nothing(document: Any) -> None:
    assert decode_json(answer(WARNING + json.dumps(document))) == document


@given(documents, st.sampled_from(["", WARNING]), st.sampled_from(BEHIND))
def test_warnings_behind_it_change_nothing_either(document: Any, before: str, behind: str) -> None:
    text = json.dumps(document, separators=(",", ":"))
    if len(text) > len("[0]"):  # As long as it is longer than any list in the warnings.
        assert decode_json(answer(before + text + behind)) == document


@given(documents, st.data(), st.sampled_from(["", WARNING]), st.sampled_from(BEHIND))
def test_half_an_answer_before_a_warning_is_none(document: Any, data: st.DataObject, before: str, behind: str) -> None:
    text = json.dumps(document, separators=(",", ":"))
    cut = data.draw(st.integers(1, len(text) - 1))
    assert not before or len(text[:cut]) > len("[0]") or not holds_json(answer(before + text[:cut] + behind))
    assert before or not holds_json(answer(text[:cut] + behind))


@pytest.mark.parametrize("body", ["{} and more", "[1] [2]", "{}{}", '{"a": 1}<html>', "[]</script>"])
def test_what_is_no_warning_behind_it_spoils_it(body: str) -> None:
    assert not holds_json(answer(body))


@pytest.mark.parametrize("unit", ["[", " [", '{"a":', " {", "[0] ", '"', " [0]<br />", "{x} ", " [1,"])
@pytest.mark.parametrize("before", ["", "<b>"])
def test_decoding_costs_in_proportion(unit: str, before: str) -> None:
    """587 kB of brackets once took 57 s."""

    def decode(text: str) -> None:
        with contextlib.suppress(ValueError):
            decode_json_text(before + text)

    assert_linear(decode, unit)


def test_a_number_of_too_many_digits_costs_no_other_field() -> None:
    text = '{"orders": [{"total": ' + "9" * 5000 + ', "order_id": "96"}]}'
    assert decode_json(answer(text))["orders"][0]["order_id"] == "96"


@given(documents, st.data(), st.sampled_from(["", WARNING]))
def test_half_an_answer_is_none(document: Any, data: st.DataObject, before: str) -> None:
    text = json.dumps(document, separators=(",", ":"))
    cut = data.draw(st.integers(1, len(text) - 1))
    assert not holds_json(answer(before + text[:cut]))


def test_a_part_of_half_an_answer_is_none_either() -> None:
    assert not holds_json(answer('{"96": {"order_id": "96"}'))


def test_a_byte_order_mark_and_foreign_bytes_are_read_over() -> None:
    assert decode_json(answer(b"\xef\xbb\xbf{}")) == {}
    assert decode_json(answer(b"<b>Gr\xfc\xdfe</b> {}")) == {}


def test_data_inside_a_web_page_is_no_answer() -> None:
    page = '<html><script type="application/ld+json">{"@type": "Store"}</script></html>'
    assert not holds_json(answer(page))


def test_depth_does_no_harm() -> None:
    assert not holds_json(answer("[" * 200_000))


def test_no_content_is_nothing() -> None:
    assert read_answer(answer("", 204), "DELETE", "shipments/1", ()) is None


def test_a_cut_answer_may_pass_and_a_web_page_stays() -> None:
    assert failure('{"orders": [', 200).transient
    assert failure("", 200).transient
    assert failure(WARNING + '{"orders": [', 200).transient
    page = failure(HTML, 200)
    assert isinstance(page, MalformedResponse)
    assert not page.transient


# Statuses


@pytest.mark.parametrize(
    ("status", "body", "kind", "transient", "untouched"),
    [
        (401, {"message": "Unauthorized", "status": 401}, Unauthorized, False, False),
        (403, {"message": "Forbidden"}, Forbidden, False, False),
        (403, HTML, Blocked, True, False),
        (404, {"message": "Not Found"}, NotFound, False, False),
        (404, HTML, RequestRejected, False, False),
        (400, {"message": "Bad Request"}, RequestRejected, False, False),
        (400, "", RequestRejected, False, False),
        (405, {"message": "Method Not Allowed: Missing parameters"}, RequestRejected, False, False),
        (415, HTML, RequestRejected, False, False),
        (429, "", RateLimited, True, True),
        (503, HTML, RateLimited, True, False),
        (509, HTML, RateLimited, True, False),
        (500, HTML, ServerError, True, False),
        (500, {"message": "Internal Server Error"}, ServerError, True, False),
        (502, "", ServerError, True, False),
        (302, "", RequestRejected, False, False),
    ],
)
def test_each_status_is_its_own_failure(
    status: int, body: Any, kind: type[StoreError], transient: bool, untouched: bool
) -> None:
    error = failure(body, status)
    assert type(error) is kind
    assert (error.transient, error.store_untouched) == (transient, untouched)
    assert str(status) in str(error)
    assert "GET orders/96 at shop.example" in str(error)


@pytest.mark.parametrize(
    ("method", "path", "right"),
    [
        ("GET", "orders", "view_orders"),
        ("GET", "orders/96", "view_orders"),
        ("PUT", "orders/96", "edit_order"),
        ("GET", "shipments", "view_orders"),
        ("POST", "shipments", "edit_order"),
        ("DELETE", "shipments/1", "edit_order"),
        ("GET", "products", "view_catalog"),
        ("PUT", "products/1", "manage_catalog"),
        ("GET", "combinations", "view_catalog"),
        ("PUT", "combinations/1", "manage_catalog"),
        ("GET", "statuses", "manage_order_statuses"),
    ],
)
def test_a_403_names_the_right_that_is_missing(method: str, path: str, right: str) -> None:
    assert f"the right {right}," in str(failure({"message": "Forbidden"}, 403, method=method, path=path))


def test_a_403_of_a_firewall_blames_no_right() -> None:
    text = str(failure(HTML, 403))
    assert "firewall" in text
    assert "view_orders" not in text


def test_a_401_speaks_of_key_and_header() -> None:
    text = str(failure({"message": "Unauthorized"}, 401))
    assert "key" in text
    assert "Authorization header" in text


def test_the_stores_words_come_along_short_and_clean() -> None:
    body = {
        "message": "Bad Request: <b>field</b> carrier",
        "messages": ["api_key=abcdef", {"text": "x" * 400}],
        "errors": ["for acme"],
    }
    text = str(failure(body, 400, secrets=("acme",)))
    assert "Bad Request: field carrier" in text
    assert "abcdef" not in text
    assert "acme" not in text
    assert len(text) < 500


@pytest.mark.parametrize("body", [[], "nothing", {"message": None, "errors": 5}, {"message": {"a": []}}])
def test_a_refusal_without_words_is_one_too(body: Any) -> None:
    assert "The store says" not in str(failure(body, 400))


def test_no_body_of_a_failure_comes_along() -> None:
    page = "<html>SELECT password FROM cscart_users</html>"
    for status in (200, 400, 403, 404, 429, 500, 503):
        assert "SELECT" not in str(failure(page, status))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("300", 300.0), ("0", 0.0), ("soon", None), ("", None), ("-5", None), ("1e9", None), ("nan", None)],
)
def test_the_pause_asked_for_is_reported(header: str, seconds: float | None) -> None:
    error = failure("", 503, headers={"Retry-After": header})
    assert isinstance(error, RateLimited)
    assert error.retry_after == seconds


def test_the_pause_can_be_a_date() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    error = failure("", 429, headers={"Retry-After": later})
    assert isinstance(error, RateLimited)
    assert error.retry_after is not None
    assert 3500 < error.retry_after <= 3600
    past = failure("", 429, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"})
    assert isinstance(past, RateLimited)
    assert past.retry_after == 0


def test_a_redirect_is_named_by_its_host_alone() -> None:
    text = str(failure("", 302, headers={"Location": "https://other.example/login?token=abc"}))
    assert "https://other.example," in text
    assert "abc" not in text


@pytest.mark.parametrize(
    ("target", "named"),
    [("javascript:alert(1)", "nowhere"), ("data:text/html,x", "nowhere"), ("http://\x7f", "nowhere"), ("", "redirect")],
)
def test_a_redirect_to_what_is_no_address_names_none(target: str, named: str) -> None:
    error = failure("", 302, headers={"Location": target})
    assert isinstance(error, RequestRejected)
    assert named in str(error)
    assert "alert" not in str(error)


@pytest.mark.parametrize(
    "header",
    [
        "Fri, 31 Dec 99999999999999 23:59:59 GMT",
        "9" * 5000,
        "Fri, 1 Jan 0001 00:00:00 +9999",
        "1e400",
        "Fri, 31 Dec 9999",
    ],
)
def test_a_pause_beyond_all_measure_is_none_that_is_waited_for(header: str) -> None:
    error = failure("", 503, headers={"Retry-After": header})
    assert isinstance(error, RateLimited)
    assert error.retry_after is None or error.retry_after <= 10**9


@pytest.mark.parametrize("charset", ["hex", "utf-7", "rot13", "no such thing", "idna"])
def test_the_encoding_that_an_answer_names_changes_nothing(charset: str) -> None:
    headers = {"Content-Type": f"text/html; charset={charset}"}
    with pytest.raises(MalformedResponse, match="web page"):
        read_answer(answer(HTML, 200, headers), "GET", "orders", ())


def test_half_a_character_in_the_stores_words_costs_nothing() -> None:
    assert "bad ? end" in str(failure('{"message":"bad \\ud800 end"}', 400))

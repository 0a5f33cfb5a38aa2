"""The short form of the campaign against the wire: whatever comes, a call ends as an answer or as a store's error."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, example, given, settings

from npf_pipelines_tests.hostile.answers import Reply
from npf_pipelines_tests.hostile.wire import HostileWire, calls


@pytest.fixture(scope="module")
def wire() -> Iterator[HostileWire]:
    with HostileWire() as hostile:
        yield hostile


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(call=calls())
@example(("newest", Reply(b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=hex\r\nContent-Length: 3\r\n\r\nabc")))
@example(("newest", Reply(b"HTTP/1.1 503 X\r\nRetry-After: Fri, 31 Dec 99999999999999 23:59:59 GMT\r\n\r\n")))
@example(("create", Reply(b"HTTP/1.1 302 X\r\nLocation: javascript:alert(1)\r\n\r\n")))
def test_each_call_ends_as_an_answer_or_as_a_stores_error(wire: HostileWire, call: tuple[str, Reply]) -> None:
    wire.call(*call)

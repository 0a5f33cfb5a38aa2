"""Tests of npf_pipelines.automation.webhook, against a real receiver."""

import logging
from collections.abc import Iterator

import httpx
import pytest
from pydantic import SecretStr

from npf_pipelines.automation import webhook
from npf_pipelines.automation.webhook import NotSent, send
from npf_pipelines_tests.automation.receiver import TOKEN, Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def test_a_message_is_slacks_json_and_mentions_nobody(receiver: Receiver) -> None:
    send(SecretStr(receiver.webhook), "acme: <!channel> & more")
    assert receiver.got == [{"text": "acme: &lt;!channel&gt; &amp; more"}]


@pytest.mark.parametrize("status", [302, 404, 429, 500])
def test_an_answer_that_is_no_success_is_no_success(receiver: Receiver, status: int) -> None:
    receiver.status = status
    with pytest.raises(NotSent, match=f"HTTP {status}"):
        send(SecretStr(receiver.webhook), "hello")


def test_a_receiver_that_hangs_is_given_up(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "_TIMEOUT", httpx.Timeout(0.2))
    receiver.answers.clear()
    with pytest.raises(NotSent, match="ReadTimeout"):
        send(SecretStr(receiver.webhook), "hello")
    receiver.answers.set()


def test_the_address_is_in_no_log_and_no_error(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    send(SecretStr(receiver.webhook), "hello")
    receiver.__exit__(None, None, None)
    with pytest.raises(NotSent, match="ConnectError") as down:
        send(SecretStr(receiver.webhook), "hello")
    receiver.__enter__()
    shown = f"{down.value!r} {down.value.__cause__!r} {caplog.text}"
    assert TOKEN not in shown

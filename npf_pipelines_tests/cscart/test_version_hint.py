"""The version's hint and the heads of answers: on pages as stores show them, on the sandbox, and over TLS."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response

from npf_pipelines.cscart import connection
from npf_pipelines.cscart.answer_heads import AnswerHeads
from npf_pipelines.cscart.store import Store
from npf_pipelines.cscart.version_hint import version_in
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.cscart.servers import USER, html_answer, key
from npf_pipelines_tests.cscart.store_cases import odd
from npf_pipelines_tests.cscart.test_certificates import FOLDER


@pytest.mark.parametrize(
    ("page", "version"),
    [
        ("CS-Cart: version <b>4.18.1 ULTIMATE</b>", "CS-Cart 4.18.1 ULTIMATE"),
        ("Multi-Vendor: version <b>4.9.3 MULTIVENDOR (beta) 17</b>", "Multi-Vendor 4.9.3 MULTIVENDOR (beta) 17"),
        ("<!DOCTYPE html><html>CS-Cart: version <b>4.18.1</b></html>", ""),
        ("Other shop: version <b>4.18.1</b>", ""),
        ("CS-Cart: version <b>4.18.1 <script></b>", ""),
        ("", ""),
    ],
)
def test_the_version_is_read_from_its_line_alone(page: str, version: str) -> None:
    assert version_in(page) == version


async def test_the_hint_is_asked_for_without_the_key() -> None:
    asked: list[tuple[str, str, bool]] = []

    def answer(request: Request) -> Response:
        asked.append((request.url.path, request.url.query, "authorization" in request.headers))
        return html_answer("Welcome", 301, {"Location": "https://elsewhere.example/"})

    async with odd(answer) as client:
        assert await client.version_hint() == ""
    assert asked == [("/", "version", False)]


async def test_the_stores_clock_is_compared(store: Store, box: SandboxStore) -> None:
    heads = store.watch_heads()
    now = datetime.now(UTC).timestamp()
    clock = iter([now - 3 * 3600, now - 2 * 3600, now - 2 * 3600])  # As if one answer had been on its way for long.
    box.clock = lambda: next(clock)
    for _ in range(3):
        assert await store.version_hint() == "CS-Cart 4.18.1 ULTIMATE"
    assert heads.clock_ahead is not None
    assert abs(heads.clock_ahead + timedelta(hours=2)) < timedelta(seconds=30)
    assert heads.certificate_until is None


@pytest.mark.parametrize(
    "headers", [{}, {"Date": "yesterday"}, {"Date": format_datetime(datetime.now(UTC)), "Age": "9"}]
)
async def test_a_time_that_says_nothing_is_left_out(headers: dict[str, str]) -> None:
    heads = AnswerHeads()
    await heads.note(httpx.Response(200, headers=headers))
    assert heads.clock_ahead is None


async def test_the_certificates_end_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    trust = ssl.create_default_context()
    trust.load_verify_locations(FOLDER / "self-signed.pem")
    monkeypatch.setattr(connection, "_trusted_certificates", lambda: trust)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FOLDER / "self-signed.pem", FOLDER / "key.pem")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    port = listening.sockets[0].getsockname()[1]
    async with listening, Store(f"https://localhost:{port}", USER, key(), timeout=5.0) as store:
        heads = store.watch_heads()
        await store.version_hint()
    assert heads.certificate_until is not None
    assert heads.certificate_until > datetime.now(UTC)

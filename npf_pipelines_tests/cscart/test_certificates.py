"""A store whose certificate isn't accepted: that lasts until its host mends it; other troubles of TLS may pass."""

import asyncio
import ssl
from pathlib import Path

import pytest

from npf_pipelines.cscart import connection
from npf_pipelines.cscart.errors import BadCertificate, Unreachable
from npf_pipelines.cscart.http import StoreHttp
from npf_pipelines.cscart.repeats import ATTEMPTS
from npf_pipelines_tests.cscart.servers import USER, key

FOLDER = Path(__file__).parent / "certificates"
"""Of one key that guards nothing."""


@pytest.mark.parametrize(
    ("certificate", "is_known", "why"),
    [
        ("self-signed", False, "self-signed certificate"),
        ("expired", True, "certificate has expired"),
        ("another-host", True, "certificate is not valid for 'localhost'"),
    ],
)
async def test_a_certificate_that_is_not_accepted_is_named_once(
    certificate: str, is_known: bool, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust = ssl.create_default_context()
    if is_known:
        trust.load_verify_locations(FOLDER / f"{certificate}.pem")
    monkeypatch.setattr(connection, "_trusted_certificates", lambda: trust)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(FOLDER / f"{certificate}.pem", FOLDER / "key.pem")
    met = []

    def meet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.append(1)
        writer.close()

    listening = await asyncio.start_server(meet, "127.0.0.1", 0, ssl=server)
    port = listening.sockets[0].getsockname()[1]
    async with listening, StoreHttp(f"https://localhost:{port}", USER, key(), timeout=5.0) as http:
        with pytest.raises(BadCertificate, match=why) as caught:
            await http.post("shipments", {})
        assert http.requests == 1
    assert not caught.value.transient
    assert caught.value.store_untouched


async def test_a_handshake_that_breaks_may_pass() -> None:
    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 plain\r\n\r\n")
        writer.close()

    listening = await asyncio.start_server(meet, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    async with listening, StoreHttp(f"https://127.0.0.1:{port}", USER, key(), timeout=5.0) as http:
        with pytest.raises(Unreachable) as caught:
            await http.get("orders")
        assert http.requests == ATTEMPTS
    assert caught.value.transient

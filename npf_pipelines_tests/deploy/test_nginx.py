"""The proxy's configuration under the real nginx, in front of a server that says what has reached it."""

import contextlib
import os
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from npf_pipelines.cli.instance import PROJECT
from npf_pipelines.loopback import LoopbackServer
from npf_pipelines_tests.dev_server import free_port
from npf_pipelines_tests.machine import NGINX, demand

CERTIFICATES = Path(__file__).parents[1] / "cscart" / "certificates"
NAME = "npf.example.com"
OWN = {"Origin": f"https://{NAME}"}
FOREIGN = {"Origin": "https://evil.example"}
ANN = ("ann", "her password")
MUTATION = 'mutation { terminateRun(runId: "1") { __typename } }'
_SECONDS_TO_START = 30


@dataclass
class Behind:
    """What stands in for webserver and reports.

    Attributes:
        reached: method, path and query of each request that came through, and its headers.
    """

    reached: list[tuple[str, httpx.Headers]] = field(default_factory=list)

    def app(self) -> Starlette:
        """It answers everything, and sends back what a websocket brings."""

        async def answer(request: Request) -> Response:
            self.reached.append((f"{request.method} {request.url.path}", httpx.Headers(request.headers.raw)))
            return JSONResponse({})

        async def echo(websocket: WebSocket) -> None:
            await websocket.accept(subprotocol="graphql-ws")
            self.reached.append((f"WS {websocket.url.path}", httpx.Headers(websocket.headers.raw)))
            await websocket.send_text(await websocket.receive_text())
            await websocket.close()

        methods = ["GET", "POST", "PUT", "DELETE"]
        return Starlette(routes=[WebSocketRoute("/graphql", echo), Route("/{path:path}", answer, methods=methods)])


@dataclass(frozen=True)
class Proxy:
    """nginx, and what is behind it."""

    port: int
    behind: Behind

    def ask(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        *,
        auth: tuple[str, str] | None = ANN,
        host: str = NAME,
        sni: str = NAME,
    ) -> int:
        """The status of a request."""
        with httpx.Client(verify=False, trust_env=False) as client:  # noqa: S501 - a certificate that guards nothing
            return client.request(
                method,
                f"https://127.0.0.1:{self.port}{path}",
                headers={"Host": host} | (headers or {}),
                auth=auth,
                extensions={"sni_hostname": sni},
            ).status_code

    @contextlib.contextmanager
    def websocket(self, path: str, headers: dict[str, str]) -> Iterator[ClientConnection]:
        """An open websocket as Ann's browser has it."""
        trust = ssl.create_default_context()
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
        authorization = httpx.BasicAuth(*ANN)._auth_header
        with connect(
            f"wss://{NAME}{path}",
            sock=socket.create_connection(("127.0.0.1", self.port)),
            ssl=trust,
            proxy=None,
            subprotocols=["graphql-ws"],  # type: ignore[list-item]
            additional_headers=headers | {"Authorization": authorization},
        ) as open_socket:
            yield open_socket


@pytest.fixture(scope="module")
def proxies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    program = demand(NGINX)
    behind, port, folder = Behind(), free_port(), tmp_path_factory.mktemp("nginx")
    (folder / "htpasswd").write_text(f"{ANN[0]}:{{PLAIN}}{ANN[1]}\n", encoding="utf-8")
    with LoopbackServer(behind.app()) as server:
        config = (PROJECT / "deploy/nginx/npf.conf").read_text(encoding="utf-8")
        for written, here in {
            "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
            "/etc/nginx/npf.pem": str(CERTIFICATES / "self-signed.pem"),
            "/etc/nginx/npf.key": str(CERTIFICATES / "key.pem"),
            "/etc/nginx/npf.htpasswd": str(folder / "htpasswd"),
            "http://127.0.0.1:3000": server.url,
            "http://127.0.0.1:3100": server.url,
        }.items():
            assert written in config
            config = config.replace(written, here)
        (folder / "npf.conf").write_text(config, encoding="utf-8")
        (folder / "nginx.conf").write_text(_around(folder), encoding="utf-8")
        process = subprocess.Popen(  # noqa: S603 - our own words
            [str(program), "-p", str(folder), "-e", "stderr", "-c", str(folder / "nginx.conf")]
        )
        try:
            _wait_for(port, process)
            yield Proxy(port, behind)
        finally:
            process.terminate()
            process.wait()


def _around(folder: Path) -> str:
    """What Debian's nginx.conf has around a site's file, everything it writes being in a folder of the test's."""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    folders = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    user = "user root;" if os.geteuid() == 0 else ""
    return (
        f"{user} daemon off; pid {folder}/pid; events {{}}\n"
        f"http {{ access_log off; {folders}\ninclude {folder}/npf.conf; }}\n"
    )


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _SECONDS_TO_START
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        else:
            return


@pytest.fixture
def proxy(proxies: Proxy) -> Proxy:
    proxies.behind.reached.clear()
    return proxies


@pytest.mark.parametrize("auth", [None, ("ann", "another"), ("bob", ANN[1])])
@pytest.mark.parametrize("path", ["/", "/graphql", "/reports/index.html", "/runs"])
def test_nobody_comes_in_without_a_password(proxy: Proxy, path: str, auth: tuple[str, str] | None) -> None:
    assert proxy.ask("POST" if path == "/graphql" else "GET", path, OWN, auth=auth) == 401
    assert proxy.behind.reached == []


def test_a_person_sees_the_ui_and_the_reports_and_the_password_stays_with_nginx(proxy: Proxy) -> None:
    assert proxy.ask("GET", "/runs") == 200
    assert proxy.ask("POST", "/graphql", OWN) == 200
    assert proxy.ask("GET", "/reports/acme.html") == 200
    assert [what for what, _ in proxy.behind.reached] == ["GET /runs", "POST /graphql", "GET /acme.html"]
    assert all("authorization" not in headers for _, headers in proxy.behind.reached)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"http://{NAME}", f"https://{NAME}.evil.example"])
@pytest.mark.parametrize(("method", "path"), [("POST", "/graphql"), ("POST", "/report_asset_materialization/a")])
def test_no_other_page_acts(proxy: Proxy, method: str, path: str, origin: str) -> None:
    assert proxy.ask(method, path, {"Origin": origin}) == 403
    assert proxy.behind.reached == []


@pytest.mark.parametrize(
    "path", ["/graphql", "/graphql/", "//graphql", "/%67raphql", "/x/../graphql", "/graphql?", "/graphql?a=1&"]
)
@pytest.mark.parametrize("headers", [{}, OWN, {"Upgrade": "websocket"}, {"Upgrade": "h2c", "Connection": "Upgrade"}])
def test_a_get_carries_out_nothing(proxy: Proxy, path: str, headers: dict[str, str]) -> None:
    query = str(httpx.QueryParams(query=MUTATION))
    assert proxy.ask("GET", path + ("" if path.endswith(("?", "&")) else "?") + query, headers) == 405
    assert proxy.ask("PUT", path, headers) == 405
    assert proxy.behind.reached == []


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "localhost", f"{NAME}.evil.example"])
def test_under_another_name_there_is_nothing(proxy: Proxy, host: str) -> None:
    assert proxy.ask("POST", "/graphql", host=host) == 421
    with pytest.raises(httpx.ConnectError):
        proxy.ask("POST", "/graphql", host=host, sni=host)
    assert proxy.behind.reached == []


def test_the_uis_websocket_passes(proxy: Proxy) -> None:
    with proxy.websocket("/graphql", OWN) as websocket:
        websocket.send("hello")
        assert websocket.recv() == "hello"
    ((what, headers),) = proxy.behind.reached
    assert what == "WS /graphql"
    assert "authorization" not in headers


@pytest.mark.parametrize(("path", "headers", "status"), [("/graphql", FOREIGN, 403), ("/graphql?query=x", OWN, 405)])
def test_no_other_websocket_passes(proxy: Proxy, path: str, headers: dict[str, str], status: int) -> None:
    with pytest.raises(InvalidStatus) as caught, proxy.websocket(path, headers):
        pass
    assert caught.value.response.status_code == status
    assert proxy.behind.reached == []

"""The proxy's configuration under the real nginx, in front of a server that says what has reached it."""

import contextlib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from npf_pipelines.loopback import LoopbackServer
from npf_pipelines_tests.deploy.nginx import ANN, NAME, running_nginx

MUTATION = 'mutation { terminateRun(runId: "1") { __typename } }'


@dataclass
class Behind:
    """A server in the place of the webserver and the reports.

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
    """nginx, and what is behind it: the servers without a cell, and the reports of a cell."""

    port: int
    behind: Behind
    cell: Behind

    @property
    def own(self) -> dict[str, str]:
        """The header that a browser sends with a request from one of the UI's own pages."""
        return {"Origin": f"https://{NAME}:{self.port}"}

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
    behind, cell, folder = Behind(), Behind(), tmp_path_factory.mktemp("nginx")
    with (
        LoopbackServer(behind.app()) as server,
        LoopbackServer(cell.app()) as cells_server,
        running_nginx(folder, webserver=server.url, reports=server.url, cell=cells_server.url) as port,
    ):
        yield Proxy(port, behind, cell)


@pytest.fixture
def proxy(proxies: Proxy) -> Proxy:
    proxies.behind.reached.clear()
    proxies.cell.reached.clear()
    return proxies


@pytest.mark.parametrize("auth", [None, ("ann", "another"), ("bob", ANN[1])])
@pytest.mark.parametrize("path", ["/", "/graphql", "/reports/index.html", "/reports/south/", "/runs"])
def test_nobody_comes_in_without_a_password(proxy: Proxy, path: str, auth: tuple[str, str] | None) -> None:
    assert proxy.ask("POST" if path == "/graphql" else "GET", path, proxy.own, auth=auth) == 401
    assert proxy.behind.reached + proxy.cell.reached == []


def test_a_person_sees_the_ui_and_the_reports_and_the_password_stays_with_nginx(proxy: Proxy) -> None:
    assert proxy.ask("GET", "/runs") == 200
    assert proxy.ask("POST", "/graphql", proxy.own) == 200
    assert proxy.ask("GET", "/reports/acme.html") == 200
    assert [what for what, _ in proxy.behind.reached] == ["GET /runs", "POST /graphql", "GET /acme.html"]
    assert all("authorization" not in headers for _, headers in proxy.behind.reached)


def test_a_cells_reports_are_those_of_its_own_server(proxy: Proxy) -> None:
    assert proxy.ask("GET", "/reports/south/acme.html") == 200
    ((what, headers),) = proxy.cell.reached
    assert what == "GET /acme.html"
    assert "authorization" not in headers
    assert proxy.behind.reached == []


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", f"http://{NAME}", f"https://{NAME}:1", f"https://{NAME}.evil.example"]
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/graphql"), ("POST", "/report_asset_materialization/a")])
def test_no_other_page_acts(proxy: Proxy, method: str, path: str, origin: str) -> None:
    assert proxy.ask(method, path, {"Origin": origin}) == 403
    assert proxy.behind.reached == []


@pytest.mark.parametrize(
    "path", ["/graphql", "/graphql/", "//graphql", "/%67raphql", "/x/../graphql", "/graphql?", "/graphql?a=1&"]
)
@pytest.mark.parametrize("headers", [{}, {"Upgrade": "websocket"}, {"Upgrade": "h2c", "Connection": "Upgrade"}])
def test_a_get_carries_out_nothing(proxy: Proxy, path: str, headers: dict[str, str]) -> None:
    query = str(httpx.QueryParams(query=MUTATION))
    assert proxy.ask("GET", path + ("" if path.endswith(("?", "&")) else "?") + query, headers) == 405
    assert proxy.ask("GET", path + ("" if path.endswith(("?", "&")) else "?") + query, headers | proxy.own) == 405
    assert proxy.ask("PUT", path, headers) == 405
    assert proxy.behind.reached == []


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "localhost", f"{NAME}.evil.example"])
def test_under_another_name_there_is_nothing(proxy: Proxy, host: str) -> None:
    assert proxy.ask("POST", "/graphql", host=host) == 421
    with pytest.raises(httpx.ConnectError):
        proxy.ask("POST", "/graphql", host=host, sni=host)
    assert proxy.behind.reached == []


def test_the_uis_websocket_passes(proxy: Proxy) -> None:
    with proxy.websocket("/graphql", proxy.own) as websocket:
        websocket.send("hello")
        assert websocket.recv() == "hello"
    ((what, headers),) = proxy.behind.reached
    assert what == "WS /graphql"
    assert "authorization" not in headers


@pytest.mark.parametrize(
    ("path", "origin", "status"), [("/graphql", {"Origin": "https://evil.example"}, 403), ("/graphql?query=x", {}, 405)]
)
def test_no_other_websocket_passes(proxy: Proxy, path: str, origin: dict[str, str], status: int) -> None:
    with pytest.raises(InvalidStatus) as caught, proxy.websocket(path, proxy.own | origin):
        pass
    assert caught.value.response.status_code == status
    assert proxy.behind.reached == []

"""The server of the pages for a browser of this machine: read-only, nothing but pages.

A browser follows no link from the UI to a file, hence a server. Not here: the socket (loopback.py).
"""

import re
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from npf_pipelines.reports.folder import CERTIFICATE_NAME, NAME, OVERVIEW, POLICY
from npf_pipelines.reports.links import with_addresses

PORT = 3100
_HEADERS = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def reports_app(read: Callable[[str], str | None], read_certificate: Callable[[str], str | None]) -> Starlette:
    """Serves `/NAME.html` for each client's id, the overview at `/`, and `/certificates/NAME-DAY.html`.

    Args:
        read: a page by its name; None if there is none.
        read_certificate: a certificate by its name; None if there is none.
    """

    def page(request: Request) -> Response:
        return _page(read, request.path_params.get("name", OVERVIEW), NAME, "npf run reports")

    def certificate(request: Request) -> Response:
        return _page(read_certificate, request.path_params["name"], CERTIFICATE_NAME, "npf client certify")

    return Starlette(
        routes=[Route("/", page), Route("/{name}.html", page), Route("/certificates/{name}.html", certificate)],
        # Another host name that resolves to this machine gets no page.
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])],
    )


def _page(read: Callable[[str], str | None], name: str, names: re.Pattern[str], command: str) -> Response:
    """A page; the answer to another name says which command makes a page."""
    content = read(name) if names.fullmatch(name) else None
    if content is None:
        said = f"There is no such page, or not yet: make it by  {command}\n"
        return PlainTextResponse(said, 404, headers=_HEADERS)
    return HTMLResponse(with_addresses(content), headers=_HEADERS)

"""The server of the pages for a browser of this machine: read-only, nothing but pages.

A browser follows no link from the UI to a file, hence a server. Not here: the socket (loopback.py).
"""

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from npf_pipelines.reports.folder import NAME, OVERVIEW, POLICY
from npf_pipelines.reports.links import with_addresses

PORT = 3100
_HEADERS = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def reports_app(read: Callable[[str], str | None]) -> Starlette:
    """Serves `/NAME.html` for each client's id, and the overview at `/`.

    Args:
        read: a page by its name; None if there is none.
    """

    def page(request: Request) -> Response:
        name = request.path_params.get("name", OVERVIEW)
        content = read(name) if NAME.fullmatch(name) else None
        if content is None:
            said = "There is no such page, or not yet: make it by  npf run reports\n"
            return PlainTextResponse(said, 404, headers=_HEADERS)
        return HTMLResponse(with_addresses(content), headers=_HEADERS)

    return Starlette(
        routes=[Route("/", page), Route("/{name}.html", page)],
        # Another host name that resolves to this machine gets no page.
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])],
    )

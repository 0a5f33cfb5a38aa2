"""The server of the pages for a browser of this machine: read-only, nothing but pages.

A browser follows no link from the UI to a file, hence a server. Not here: the socket (loopback.py).
"""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from npf_pipelines.reports.folder import NAME, OVERVIEW, POLICY, ReportFolder
from npf_pipelines.reports.links import with_addresses

PORT = 3100
_HEADERS = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def reports_app(folder: ReportFolder) -> Starlette:
    """Serves `/NAME.html` for each client's id, and the overview at `/`."""

    def page(request: Request) -> Response:
        name = request.path_params.get("name", OVERVIEW)
        try:
            content = folder.path(name).read_text(encoding="utf-8") if NAME.fullmatch(name) else None
        except FileNotFoundError:
            content = None
        if content is None:
            said = "There is no such page, or not yet: make it by  npf run reports\n"
            return PlainTextResponse(said, 404, headers=_HEADERS)
        return HTMLResponse(with_addresses(content), headers=_HEADERS)

    return Starlette(
        routes=[Route("/", page), Route("/{name}.html", page)],
        # Another host name that resolves to this machine gets no page.
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])],
    )

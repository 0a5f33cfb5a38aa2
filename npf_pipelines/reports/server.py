"""The server of the pages for a browser of this machine, and of the metrics for Prometheus: read-only, nothing else.

A browser follows no link from the UI to a file, hence a server.
Not here: the socket (loopback.py), the figures (metrics.py).
"""

import re
from collections.abc import Callable

import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from npf_pipelines.database import error_summary
from npf_pipelines.domain.text import clean_text
from npf_pipelines.errors import NpfError
from npf_pipelines.reports.folder import CERTIFICATE_NAME, NAME, OVERVIEW, POLICY
from npf_pipelines.reports.links import with_addresses
from npf_pipelines.reports.metrics import Metrics

PORT = 3100
_HEADERS = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def reports_app(
    read: Callable[[str], str | None], read_certificate: Callable[[str], str | None], metrics: Metrics
) -> Starlette:
    """Serves `/NAME.html` for each client's id, the overview at `/`, `/certificates/NAME-DAY.html` and `/metrics`.

    Args:
        read: a page by its name; None if there is none.
        read_certificate: a certificate by its name; None if there is none.
        metrics: the figures for Prometheus.
    """

    def page(request: Request) -> Response:
        return _page(read, request.path_params.get("name", OVERVIEW), NAME, "npf run reports")

    def certificate(request: Request) -> Response:
        return _page(read_certificate, request.path_params["name"], CERTIFICATE_NAME, "npf client certify")

    def scrape(request: Request) -> Response:
        return _figures(metrics, request.headers.get("accept", ""))

    return Starlette(
        routes=[
            Route("/", page),
            Route("/{name}.html", page),
            Route("/certificates/{name}.html", certificate),
            Route("/metrics", scrape),
        ],
        # Another host name that resolves to this machine gets no page.
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])],
    )


def _page(read: Callable[[str], str | None], name: str, names: re.Pattern[str], command: str) -> Response:
    """A page, or why there is none; the answer to another name says which command makes a page."""
    try:
        content = read(name) if names.fullmatch(name) else None
    except OSError as error:
        return PlainTextResponse(clean_text(f"The page can't be read: {error}\n"), 503, headers=_HEADERS)
    except NpfError as error:
        return PlainTextResponse(f"{error}\n", 503, headers=_HEADERS)
    if content is None:
        said = f"There is no such page, or not yet: make it by  {command}\n"
        return PlainTextResponse(said, 404, headers=_HEADERS)
    return HTMLResponse(with_addresses(content), headers=_HEADERS)


def _figures(metrics: Metrics, accepted: str) -> Response:
    """The figures; while they can't be read, an error, by which Prometheus sees that it has none."""
    try:
        figures, content_type = metrics.exposition(accepted)
    except (NpfError, sa.exc.SQLAlchemyError) as error:
        return PlainTextResponse(f"The figures can't be read: {error_summary(error)}\n", 503, headers=_HEADERS)
    return Response(figures, headers=_HEADERS | {"Content-Type": content_type})

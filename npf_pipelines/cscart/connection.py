"""The connection to one store: the address that a key may be sent to, certificates, no cookies, no redirects.

Not here: the calls over it (http.py).
"""

import ipaddress
import ssl
from functools import cache
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import httpx
from pydantic import SecretStr

KEPT_IDLE = 3.0
"""Seconds that an idle connection is kept. Apache closes one after 5 (documented), as late as httpx by default: the
outcome of a write sent at that moment is unknown."""


def open_client(api_user: str, api_key: SecretStr, *, concurrency: int, timeout: float) -> httpx.AsyncClient:
    """The HTTP client of one store, with its sign-in; it opens connections when they are needed.

    Args:
        api_user: the administrator's e-mail.
        api_key: the API key.
        concurrency: connections at a time.
        timeout: seconds without progress.
    """
    return httpx.AsyncClient(
        auth=httpx.BasicAuth(api_user, api_key.get_secret_value()),
        headers={"Accept": "application/json", "User-Agent": "npf_pipelines"},
        timeout=timeout,
        verify=_trusted_certificates(),
        limits=httpx.Limits(
            max_connections=concurrency, max_keepalive_connections=concurrency, keepalive_expiry=KEPT_IDLE
        ),
        follow_redirects=False,
        cookies=_NoCookies(),
        trust_env=_has_proxy(),
        event_hooks={"response": [_set_redirect_aside]},
    )


def checked_address(url: str) -> str:
    """The address without a slash at its end, if a key may be sent there; no text quotes it, as it may hold one."""
    parts = urlsplit(url)
    if not parts.hostname or parts.scheme not in {"http", "https"}:
        raise ValueError("The store's address must be like https://shop.example.")
    if parts.username is not None or parts.password is not None:
        raise ValueError("The store's address must not hold a user or a password.")
    if parts.query or parts.fragment:
        raise ValueError("The store's address must end with its path.")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError(f"The store at {parts.hostname} must be called by https: the key would be readable.")
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def certificate_failure(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    """The refusal of a certificate beneath the errors that the libraries made of it."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error
        error = error.__cause__ or error.__context__
    return None


@cache
def _trusted_certificates() -> ssl.SSLContext:
    """Whom to trust. Read once for all stores: it takes longer than a store's whole share of a run."""
    return httpx.create_ssl_context()


@cache
def _has_proxy() -> bool:
    """Whether the environment names a proxy. Read once: for each store httpx takes as long as for a request."""
    return bool(getproxies())


class _NoCookies(CookieJar):
    """PHP lets calls of one session wait for each other; without cookies each is on its own."""

    def extract_cookies(self, response: Any, request: Any) -> None:
        """Read none."""


async def _set_redirect_aside(response: httpx.Response) -> None:
    """Keep the target of a redirect from httpx, which builds its request even if none is followed."""
    if "Location" in response.headers:
        response.extensions["location"] = response.headers.pop("Location")

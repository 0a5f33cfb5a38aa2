"""The facts in the heads of a store's answers: how its clock differs, and until when its certificate is valid.

Not here: the answers themselves (answers.py), how much a clock may differ (rules/store_check/access.py).
"""

import ssl
import statistics
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

_HALF_A_SECOND = timedelta(seconds=0.5)
"""The header names whole seconds."""


class AnswerHeads:
    """The facts from the answers so far.

    Attributes:
        certificate_until: until when the store's certificate is valid; None without TLS.
    """

    def __init__(self) -> None:
        self.certificate_until: datetime | None = None
        self._ahead: list[timedelta] = []

    @property
    def clock_ahead(self) -> timedelta | None:
        """By how much the store's clock is ahead of this machine's, by most answers; None if none named its time.

        An answer may be long on its way, or be of one of several machines whose clock differs.
        """
        return statistics.median_low(self._ahead) if self._ahead else None

    async def note(self, response: httpx.Response) -> None:
        """Read an answer's head, while its connection is still open."""
        if self.certificate_until is None:
            self.certificate_until = _certificate_until(response)
        # A cache's copy has the time of its making.
        if "Age" not in response.headers:
            ahead = _ahead(response.headers.get("Date", ""), datetime.now(UTC))
            self._ahead += [] if ahead is None else [ahead]


def _ahead(date: str, now: datetime) -> timedelta | None:
    try:
        sent = parsedate_to_datetime(date)
        return sent.replace(tzinfo=sent.tzinfo or UTC) + _HALF_A_SECOND - now
    except (ValueError, TypeError, LookupError, OverflowError):
        return None


def _certificate_until(response: httpx.Response) -> datetime | None:
    stream = response.extensions.get("network_stream")
    tls = stream.get_extra_info("ssl_object") if stream else None
    if tls is None or not (certificate := tls.getpeercert()):
        return None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)

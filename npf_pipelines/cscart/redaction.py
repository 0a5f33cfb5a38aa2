"""The store's own words, made fit for a log: short, plain, without credentials.

Here: taking out and cutting. Not here: which words are worth repeating (answers.py).
"""

import base64
import re
from collections.abc import Iterable
from urllib.parse import quote

_LIMIT = 300
_REMOVED = "[removed]"
_TAG = re.compile(r"<[^>]*>")
_IN_URL = re.compile(r"//[^/\s@]+@")
_SCHEME = re.compile(r"\b(basic|bearer|digest)\s+\S+", re.IGNORECASE)
_NAMED = re.compile(
    r"""([\w-]*(?:passw|pwd|secret|token|key|credential|authorization)[\w-]*["']?\s*[:=]\s*)"""
    r"""("[^"]*"?|'[^']*'?|[^\s,;&}]+)""",
    re.IGNORECASE,
)


def secrets_of(user: str, key: str) -> tuple[str, ...]:
    """The spellings in which a user and key could come back: plain, in a URL, in a header."""
    token = base64.b64encode(f"{user}:{key}".encode()).decode()
    spellings = {user, key, quote(user, safe=""), quote(key, safe=""), token}
    return tuple(sorted(filter(None, spellings), key=len, reverse=True))


def clean_words(words: str, secrets: Iterable[str]) -> str:
    """The words on one line, without tags, secrets and anything like a credential, cut to 300 characters.

    Args:
        words: what the store said.
        secrets: what must not appear, longest first (`secrets_of`).
    """
    for secret in secrets:
        words = re.sub(re.escape(secret), _REMOVED, words, flags=re.IGNORECASE)
    words = _TAG.sub(" ", words)
    words = _IN_URL.sub(f"//{_REMOVED}@", words)
    words = _SCHEME.sub(rf"\1 {_REMOVED}", words)
    words = _NAMED.sub(rf"\1{_REMOVED}", words)
    words = " ".join(words.split())
    # The cut comes last: cut first, the head of a secret could be left standing.
    return words if len(words) <= _LIMIT else words[: _LIMIT - 1] + "…"

"""The store's own words, made fit for a log: short, plain, without credentials and e-mail addresses.

Here: taking out and cutting. Not here: which words are worth repeating (answers.py), which characters may pass
(npf_pipelines/text.py).
A store's error may be as long as its answer, so the text is cut before it is cleaned, and every pattern is linear: none
can begin again inside what it has already passed.
"""

import base64
import re
from collections.abc import Collection
from urllib.parse import quote

from npf_pipelines.domain.text import one_line

_LIMIT = 300
_READ = 2000
"""Characters of the store's words that are read; what is left of them is cut to the limit."""
_MARGIN = 200
"""Characters before the cut that aren't shown, at least: half a credential there wouldn't be recognised."""
_REMOVED = "[removed]"
_TAG = re.compile(r"<[^<>]*+>")
_IN_URL = re.compile(r"//[^/\s@]++@")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]++)++")
_SCHEME = re.compile(r"\b(basic|bearer|digest)\s++\S++", re.IGNORECASE)
_ASSIGNED = re.compile(
    r"""(?<![\w-])(?=[\w-]*(?:passw|pwd|secret|token|key|credential|authorization))"""
    r"""([\w-]++["']?+\s*+[:=]\s*+)("[^"]*+"?+|'[^']*+'?+|[^\s,;&}]++)""",
    re.IGNORECASE,
)


def secrets_of(user: str, key: str) -> tuple[str, ...]:
    """The spellings in which a user and key could come back: plain, in a URL, in a header."""
    token = base64.b64encode(f"{user}:{key}".encode()).decode()
    spellings = {user, key, quote(user, safe=""), quote(key, safe=""), token}
    return tuple(sorted(filter(None, spellings), key=len, reverse=True))


def clean_words(words: str, secrets: Collection[str]) -> str:
    """The words on one line of at most 300 characters, without tags, secrets, e-mail addresses and credentials.

    Args:
        words: what the store said.
        secrets: what must not appear, longest first (`secrets_of`).
    """
    margin = max([_MARGIN, *map(len, secrets)])
    is_cut = len(words) > _READ + margin
    words = one_line(words[: _READ + margin])
    for secret in secrets:
        words = re.sub(re.escape(secret), _REMOVED, words, flags=re.IGNORECASE)
    if is_cut:
        # A secret that the cut went through begins less than its length before the end; a URL's password has no blank.
        words = re.sub(r"(?<!\S)\S++\Z", "", words[:-margin])
    words = _TAG.sub(" ", words)
    words = _IN_URL.sub(f"//{_REMOVED}@", words)
    words = _EMAIL.sub(_REMOVED, words)  # A store may name a shopper by it.
    words = _SCHEME.sub(rf"\1 {_REMOVED}", words)
    words = _ASSIGNED.sub(rf"\1{_REMOVED}", words)
    words = " ".join(words.split())
    return words if len(words) <= _LIMIT and not is_cut else words[: _LIMIT - 1] + "…"

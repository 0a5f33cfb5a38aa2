r"""Cleaning of text from outside: a store's fields and error texts, the platform's columns, HTTP headers.

Here: the allowed characters, and the cut; every step is linear in the length. Not here: secrets
(cscart/redaction.py), how a value becomes text (cscart/fields.py).
A lone surrogate can't be encoded, a NUL no database takes, a control character moves a terminal's cursor, and a
direction override shows `exe.fdp` as `pdf.exe` (Unicode TR36). The joiners that other scripts and emoji need
(U+200C, U+200D) and the marks of direction (U+200E, U+200F) pass.
"""

import re

_LINE_BREAK = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_REMOVED = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_SCHEME = re.compile(r"([a-z][a-z0-9+-]*):", re.IGNORECASE)


def clean_text(text: str, longest: int | None = None) -> str:
    r"""The text without characters that break a database, a terminal or a reader's understanding.

    Line breaks of all kinds become `\n` and a tab a blank; a lone surrogate becomes `?`; other control characters,
    direction overrides and isolates are removed. Cleaning twice changes nothing more.

    Args:
        text: as it came.
        longest: characters that are kept at most; the last of them is `…` where something was cut.
    """
    if longest is not None and len(text) > longest:
        text = f"{text[: max(longest - 1, 0)]}…"
    if text.isascii() and text.isprintable():
        return text
    text = _LINE_BREAK.sub("\n", text).replace("\t", " ")
    return _REMOVED.sub("", _SURROGATE.sub("?", text))


def one_line(text: str, longest: int | None = None) -> str:
    """The same with a single blank for each run of blanks and line breaks."""
    return " ".join(clean_text(text, longest).split())


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 order`, `3 orders`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def passable_address(url: str) -> str:
    """A web address that may be passed on; empty for one that a browser would not open as a page.

    An address with a scheme other than http and https, such as `javascript:` or `data:`, is code or a file. One
    without any is passed on as it is: carriers write `www.carrier.example/123`.
    """
    url = clean_text(url).strip()
    scheme = _SCHEME.match("".join(url.split()))  # Browsers read over line breaks and tabs in it.
    return url if scheme is None or scheme[1].lower() in {"http", "https"} else ""

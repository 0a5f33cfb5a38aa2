"""The JSON in a body, also where a host prints warnings around it; in time that grows with the body's length only.

Not here: what an answer means (answers.py), how its bytes are read (body.py).
"""

import json
import re
from typing import Any

_DIGITS = 100
"""Python makes no number of more than 4,300 digits; long before, a number is only kept as its digits."""
_FALSE_STARTS = 50
_WORK = 4
"""Times a body's length that may be read in vain."""

# Behind a warning, JSON can only start behind a blank or a tag; the values inside it don't.
_START = re.compile(r"(?<=[\s>])[{\[]")
# Printed behind it by PHP: its own warnings, Xdebug's, a cache's comment (known behaviour).
_WARNING = re.compile(
    r"\s*+(?:<(?:br|b|font|pre|!--)[\s/>]"
    r"|(?:PHP )?(?:Warning|Notice|Deprecated|Fatal error|Parse error|Strict Standards): )",
)
_CUT = re.compile(r"[\w.\\+-]{0,8}\Z")
_WEB_PAGE = re.compile(r"<!doctype|<html", re.IGNORECASE)


def decode_json_text(text: str) -> Any:
    """The object or list in a text, also behind and before the warnings that some hosts print.

    Raises:
        ValueError: there is none, or it is cut short.
    """
    text = text.strip()
    if not text.startswith(("{", "[")):
        return _behind_warnings(text)
    try:
        value, end = _decode(text, 0)
    except (ValueError, RecursionError):
        # A later bracket is inside the first one's value, and half an answer is none.
        raise _no_json() from None
    if end == len(text) or _WARNING.match(text, end):
        return value
    raise _no_json()


def is_web_page(text: str) -> bool:
    """Whether a text begins as HTML."""
    return _WEB_PAGE.search(text, 0, 4096) is not None


def _behind_warnings(text: str) -> Any:
    """The first piece that reaches to the end; where warnings follow, the longest.

    If a longer one is broken or cut short there is none: a list in a warning must not pass for the answer.
    """
    length = len(text)
    found, found_length, broken_length = None, 0, 0
    false_starts = work = position = 0
    while start := _START.search(text, position):
        at = start.start()
        try:
            value, position = _decode(text, at)
        except json.JSONDecodeError as error:
            is_cut = error.msg.startswith("Unterminated string") or _CUT.match(text, error.pos)
            false_starts, work, position = false_starts + 1, work + error.pos - at, at + 1
            broken_length = max(broken_length, error.pos - at)
            if is_cut or false_starts > _FALSE_STARTS or work > _WORK * length:
                raise _no_json() from None
        except RecursionError:
            raise _no_json() from None
        else:
            if position == length:
                return value
            if position - at > found_length and _WARNING.match(text, position):
                found, found_length = value, position - at
    if found_length > broken_length and not is_web_page(text):
        return found
    raise _no_json()


def _no_json() -> ValueError:
    # Never the decoder's own error, which carries the body.
    return ValueError("no JSON")


def _decode(text: str, at: int) -> tuple[Any, int]:
    try:
        return _PLAIN.raw_decode(text, at)
    except json.JSONDecodeError:
        raise
    except ValueError:
        # One field with such a number is unreadable; its neighbours aren't.
        return _WITH_DIGITS.raw_decode(text, at)


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) < _DIGITS else digits


_PLAIN = json.JSONDecoder()
_WITH_DIGITS = json.JSONDecoder(parse_int=_whole)

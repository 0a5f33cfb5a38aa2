"""Sends a message to the webhook of the settings, in the JSON that Slack and compatible services accept.

Not here: the words of the message (rules/alert_words.py).
"""

import logging

import httpx
from pydantic import SecretStr

from npf_pipelines.errors import NpfError

_TIMEOUT = httpx.Timeout(10.0)
"""A message that is not acknowledged by then is sent again."""
# At INFO httpx logs the URL of each request, and everybody who knows the webhook's URL may write there.
logging.getLogger("httpx").setLevel(logging.WARNING)


class NotSent(NpfError):
    """The message was not delivered. The text doesn't name the webhook's address."""


def send(webhook: SecretStr, text: str) -> None:
    """Send a message.

    Raises:
        NotSent: its arrival was not acknowledged.
    """
    # In Slack these three are markup, by which a text could mention everybody (documented).
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    try:
        response = httpx.post(webhook.get_secret_value(), json={"text": plain}, timeout=_TIMEOUT)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NotSent(f"no answer from the webhook: {type(error).__name__}") from None
    if not response.is_success:
        raise NotSent(f"the webhook answers HTTP {response.status_code}")

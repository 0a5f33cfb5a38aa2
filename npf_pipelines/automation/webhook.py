"""A message to the webhook of the settings, in the JSON that Slack and its like take.

Not here: what is said (rules/alert_words.py).
"""

import logging

import httpx
from pydantic import SecretStr

_PATIENCE = httpx.Timeout(10.0)
"""What is taken but not answered by then is told again."""
# At INFO it quotes the URL of each request, and whoever knows the webhook's may write there.
logging.getLogger("httpx").setLevel(logging.WARNING)


class NotSent(Exception):
    """The message didn't get through; the text says why, without the webhook's address."""


def send(webhook: SecretStr, text: str) -> None:
    """Send a message.

    Raises:
        NotSent: there was no answer that it has arrived.
    """
    # Slack reads these three as its own signs, a mention of everybody among them (documented).
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    try:
        answer = httpx.post(webhook.get_secret_value(), json={"text": plain}, timeout=_PATIENCE)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NotSent(f"no answer from the webhook: {type(error).__name__}") from None
    if not answer.is_success:
        raise NotSent(f"the webhook answers HTTP {answer.status_code}")

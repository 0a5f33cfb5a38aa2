"""`npf client guide`: the steps by which a merchant makes the credentials, ready to send.

Not here: the steps (merchant_steps.py), the three forms (templates/).
"""

import enum
import sys
from typing import Annotated

import typer

from npf_pipelines.cli.client.merchant_steps import CREDENTIALS, RIGHTS, STEPS, TEST
from npf_pipelines.cli.client.rendering import render


class GuideFormat(enum.StrEnum):
    """The forms of the guide."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"


_TEMPLATES = {GuideFormat.TEXT: "guide.txt", GuideFormat.MARKDOWN: "guide.md", GuideFormat.HTML: "guide.html"}


def guide(
    form: Annotated[
        GuideFormat, typer.Option("--format", help="The form; HTML is one self-contained page.")
    ] = GuideFormat.TEXT,
) -> None:
    """Print what a merchant does in CS-Cart so that NPF can work with the store, ready to send."""
    sys.stdout.write(render(_TEMPLATES[form], steps=STEPS, rights=RIGHTS, credentials=CREDENTIALS, test=TEST))

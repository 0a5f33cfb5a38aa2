"""Text from outside for the terminal: no escape sequence of a store's, and no markup of Rich's in it."""

from rich.text import Text

from npf_pipelines.domain.text import clean_text


def plain(value: object) -> Text:
    """A value as it is written, whatever brackets are in it."""
    return Text(clean_text(str(value)))

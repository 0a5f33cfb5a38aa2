"""The hook that MkDocs calls for each page of the site."""

from typing import Any

from npf_pipelines_tests.docs.references import with_references


def on_page_markdown(markdown: str, **_: Any) -> str:
    """The page's Markdown with the references generated from the code."""
    return with_references(markdown)

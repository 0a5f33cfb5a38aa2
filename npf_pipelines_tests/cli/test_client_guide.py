"""`npf client guide`: the same steps in three forms."""

import html
import re

import pytest
from typer.testing import CliRunner

from npf_pipelines.cli import app
from npf_pipelines.cli.client.merchant_steps import CREDENTIALS, RIGHTS, STEPS, TEST


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_each_form_has_every_step_right_and_credential(form: str) -> None:
    result = CliRunner().invoke(app, ["client", "guide", "--format", form])
    assert result.exit_code == 0
    said = html.unescape(result.output)
    for words in (*STEPS, *TEST, *CREDENTIALS, *(right.name for right in RIGHTS), *(right.purpose for right in RIGHTS)):
        assert words in said, words
    assert said.endswith("\n")


def test_the_page_needs_nothing_from_elsewhere() -> None:
    page = CliRunner().invoke(app, ["client", "guide", "--format", "html"]).output
    assert page.startswith("<!DOCTYPE html>")
    assert not re.search(r"(src|href)=|@import|url\(|<script", page)

"""Tables that the UI shows at once: short, whatever is in them, and nothing in them is markup."""

from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.runs.inline_table import cell, inline_table


@given(st.lists(st.text(max_size=200), min_size=1, max_size=200))
def test_it_stays_short_and_says_how_many_more_there_are(texts: list[str]) -> None:
    rows = [(str(number), cell(text)) for number, text in enumerate(texts)]
    shown = str(inline_table(["number", "text"], rows).value)
    assert len(shown) < 1000
    _, _, *lines = shown.split("\n")
    whole = [line for line in lines if "more |" not in line or len(lines) == len(rows)]
    assert len(whole) == len(rows) or f"| {len(rows) - len(whole)} more | |" == lines[-1].replace("|  |", "| |")


def test_a_row_that_is_too_long_by_itself_is_shown_all_the_same() -> None:
    assert "x" * 2000 in str(inline_table(["a"], [["x" * 2000], ["y"]]).value)

"""Tests of npf_pipelines_tests.prose: it finds a planted word in each kind of prose, and nothing in code."""

from pathlib import Path

import pytest

from npf_pipelines_tests import prose
from npf_pipelines_tests.prose import WORDS, hits, main

PLANTED = {
    "a.py": '"""Says what became of it.\n\nThe brake is released.\n"""\n',
    "b.py": "x = 1  # Nobody is told.\n",
    "c.py": "# A comment over\n# two lines, which lets\n# go of it.\n",
    "d.py": 'y = f"the order {x} lies there"\n',
    "e.md": "# Stock\n\nThe house is quiet.\n",
    "f.html": "<p>Nothing to look at</p>\n",
    "g.py": '"""What is here."""\n',
    "h.py": '"""A table. What is in it is whole."""\n',
    "i.py": "# The days, and those that follow.\n",
}
CLEAN = {
    "a.py": 'walk = {"tell": "look"}\n"""`look` and `tells` are names; the outcome is \'braked\'."""\n',
    "b.md": "```\nnpf look --green\n```\n\nWhat is a partition? Tables in these columns.\n",
    "c.html": "<style>.green { color: green }</style>{% if stands %}<p>Orders</p>{% endif %}\n",
    "d.py": "# These columns are new, and fall back on the old ones.\n",
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_word_is_found(name: str) -> None:
    assert list(hits(Path(name), PLANTED[name]))


@pytest.mark.parametrize("name", CLEAN)
def test_code_and_plain_words_are_no_hits(name: str) -> None:
    assert list(hits(Path(name), CLEAN[name])) == []


def test_a_hit_names_its_line() -> None:
    (found,) = hits(Path("c.py"), PLANTED["c.py"])
    assert (found.line, found.word) == (2, "let go")


@pytest.mark.parametrize("word", WORDS)
def test_each_word_of_the_list_has_a_pattern_of_its_own(word: str) -> None:
    samples = {
        "these/those as a noun": "those that follow",
        "one as a noun": "the one that follows",
        "wanted as a noun": "more than wanted",
    }
    found = hits(Path("a.md"), f"An order: {samples.get(word, word)}.")
    assert word in {hit.word for hit in found}


def test_the_check_fails_on_a_planted_word_and_on_a_literal_phrase_that_nothing_uses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prose, "LITERAL", frozenset())
    folder = tmp_path / "npf_pipelines" / "rules"
    folder.mkdir(parents=True)
    (folder / "a.py").write_text('"""Plain words."""\n', encoding="utf-8")
    assert main(tmp_path) == 0
    (folder / "a.py").write_text(PLANTED["a.py"], encoding="utf-8")
    assert main(tmp_path) == 1
    assert "npf_pipelines/rules/a.py:3: brake" in capsys.readouterr().out
    monkeypatch.setattr(prose, "LITERAL", frozenset({"the brake is"}))
    assert main(tmp_path) == 0
    monkeypatch.setattr(prose, "LITERAL", frozenset({"the brake is", "the brake fell"}))
    assert main(tmp_path) == 1
    assert "no longer used, take it off the list: the brake fell" in capsys.readouterr().out

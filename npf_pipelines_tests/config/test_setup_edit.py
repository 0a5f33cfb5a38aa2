"""Tests of npf_pipelines.config.setup_edit: one line changes, and nothing else of the file."""

from pathlib import Path

import pytest

from npf_pipelines.config.master_setup import SetupError
from npf_pipelines.config.setup_edit import with_field, write_field

REST = "store:  # as the merchant gave it\n  url: https://shop.example\n  mode: not this one\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("id: acme\nmode: trial  # since May\n", "id: acme\nmode: live  # since May\n"),
        ("id: acme\nmode: 'trial'\n# end", "id: acme\nmode: live\n# end"),
        ("id: acme # ours\n", "id: acme # ours\nmode: live\n"),
        ("id: acme", "id: acme\nmode: live\n"),
        ("name: Acme\nid: acme\n", "name: Acme\nmode: live\nid: acme\n"),
        ("id: acme\nname: A\npaused: false  # or true\n", "id: acme\nname: A\npaused: false  # or true\nmode: live\n"),
        ("# A\r\nid: acme\r\n", "# A\r\nid: acme\r\nmode: live\r\n"),
        ("  id: acme\n", "  id: acme\n  mode: live\n"),
        ("id: acme\nname: >\n  two\n  words\nstock: x\n", "id: acme\nname: >\n  two\n  words\nmode: live\nstock: x\n"),
        ("{id: acme, mode: trial}", "{id: acme, mode: live}"),
    ],
)
def test_one_line_is_changed_or_added(before: str, after: str) -> None:
    assert with_field(before, "mode", "live") == after
    if not before.startswith(("{", " ")) and "\r" not in before and before.endswith("\n"):
        assert with_field(before + REST, "mode", "live") == after + REST


@pytest.mark.parametrize(
    "text",
    [
        "{id: acme, name: Acme}",
        "id: &word acme\nmode: *word\n",
        "mode: trial\nid: acme\nmode: trial\nmode: [\n",
        "- id: acme\n",
        "",
    ],
)
def test_a_file_in_which_more_would_change_is_left_alone(tmp_path: Path, text: str) -> None:
    assert with_field(text, "mode", "live") is None
    file = tmp_path / "acme.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SetupError, match=r"^acme.yaml: write the line `mode: live` by hand: "):
        write_field(file, "mode", "live")
    assert file.read_text(encoding="utf-8") == text
    assert list(tmp_path.iterdir()) == [file]


def test_a_link_and_the_rights_of_the_file_stay(tmp_path: Path) -> None:
    file, link = tmp_path / "shared.yaml", tmp_path / "acme.yaml"
    file.write_text("id: acme\n", encoding="utf-8")
    file.chmod(0o640)
    link.symlink_to(file)
    write_field(link, "mode", "live")
    assert link.is_symlink()
    assert file.read_text(encoding="utf-8") == "id: acme\nmode: live\n"
    assert file.stat().st_mode & 0o777 == 0o640

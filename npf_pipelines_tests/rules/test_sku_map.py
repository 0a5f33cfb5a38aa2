"""Which maps of codes are good, and what is said of the others."""

import pytest

from npf_pipelines.domain.sku_map import MapRow, SkuMap
from npf_pipelines.rules.sku_map import problems, sku_map

COUNTED = {"TEA", "CUP", "SPOON"}


def rows(*written: tuple[str, str, int]) -> list[MapRow]:
    """Rows of a file, the first on line 2."""
    return [MapRow(*row, f"acme.skus.csv, line {number}") for number, row in enumerate(written, 2)]


def test_an_alias_a_pack_a_kit_and_a_kit_of_packs() -> None:
    written = rows(("T", "TEA", 1), ("TEA6", "TEA", 6), ("SET", "CUP", 1), ("SET", "SPOON", 2), ("BIG", "TEA6", 2))
    written += rows(("BIG", "SET", 1), ("BIG", "TEA", 1))
    assert problems(written, COUNTED) == []
    made = sku_map(written)
    assert made.parts == {
        "T": {"TEA": 1},
        "TEA6": {"TEA": 6},
        "SET": {"CUP": 1, "SPOON": 2},
        "BIG": {"TEA": 13, "CUP": 1, "SPOON": 2},
    }
    assert made.units_of("SET", 3) == {"CUP": 3, "SPOON": 6}
    assert made.units_of("OTHER", 3) == {"OTHER": 3}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ([("BOX", "BOX", 2)], "line 2: a circle: BOX is made of itself"),
        ([("BOX", "TIN", 2), ("TIN", "BOX", 1)], "line 2: a circle: BOX is made of TIN, and that of BOX again"),
        ([("BOX", "GHOST", 2)], "line 2: the warehouse has no stock row of GHOST, which is in BOX"),
        ([("BOX", "TEA", 0)], "line 2: 0 of TEA in BOX: the quantity is below one"),
        ([("BOX", "TEA", 1), ("BOX", "TEA", 6)], "line 3: BOX is both an alias (TEA) and a kit (6 of TEA), see acme"),
        ([("BOX", "TEA", 6), ("BOX", "TEA", 6)], "line 3: BOX has the part TEA already, see acme.skus.csv, line 2"),
        ([("BOX", "", 6)], "line 2: a code is missing"),
        ([("BOX", "Test001", 1)], "line 2: Test001 is a test item"),
        ([("Test002", "TEA", 1)], "line 2: Test002 is a test item"),
    ],
)
def test_what_is_refused_and_where(written: list[tuple[str, str, int]], said: str) -> None:
    found = problems(rows(*written), COUNTED)
    assert found[0].startswith(f"acme.skus.csv, {said}")
    assert len(found) <= len(written)


def test_each_wrong_row_is_named() -> None:
    found = problems(rows(("A", "GHOST", 1), ("B", "TEA", -1), ("C", "TEA", 1), ("D", "D", 1)), COUNTED)
    assert [said.partition(":")[0].rpartition(" ")[2] for said in found] == ["3", "5", "2"]


def test_a_code_that_no_map_has_is_itself() -> None:
    assert SkuMap().parts_of("TEA") == {"TEA": 1}

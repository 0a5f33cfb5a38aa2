"""The file of a client's SKU map: its rows, and the line of each that can't be read."""

from pathlib import Path

from npf_pipelines.config.sku_file import SkuFile, SkuLine, parse_sku_file, read_sku_file


def test_columns_are_found_by_name_and_blank_lines_are_no_rows() -> None:
    text = 'quantity,Store_SKU, warehouse_sku,remark\r\n6,TEA6 ,TEA,"six, in one"\r\n\r\n,,,\r\n1,"a ""b""",C,\r\n'
    assert parse_sku_file("acme.skus.csv", text) == SkuFile(
        [
            SkuLine("acme.skus.csv, line 2", "TEA6", "TEA", 6),
            SkuLine("acme.skus.csv, line 5", 'a "b"', "C", 1),
        ],
        [],
    )


def test_a_row_that_cannot_be_read_is_named_by_its_line() -> None:
    file = parse_sku_file("acme.skus.csv", "store_sku,warehouse_sku,quantity\nA,B,1.5\nC,D\nE,F,2\n")
    assert file.errors == [
        "acme.skus.csv, line 2: the quantity '1.5' is not a whole number",
        "acme.skus.csv, line 3: the quantity '' is not a whole number",
    ]
    assert [line.store_sku for line in file.lines] == ["E"]


def test_a_file_without_the_columns_or_with_an_open_quote() -> None:
    (error,) = parse_sku_file("acme.skus.csv", "TEA6,TEA,6\n").errors
    assert error.startswith("acme.skus.csv, line 1: the first line names no column store_sku, warehouse_sku, quantity")
    (error,) = parse_sku_file("acme.skus.csv", 'store_sku,warehouse_sku,quantity\n"A,B,1\n').errors
    assert "line 2" in error


def test_a_missing_file_and_one_in_another_encoding(tmp_path: Path) -> None:
    assert "acme.skus.csv: is missing" in read_sku_file(tmp_path, "acme").errors[0]
    (tmp_path / "acme.skus.csv").write_bytes("store_sku,warehouse_sku,quantity\nÄ,B,1\n".encode("latin-1"))
    assert "acme.skus.csv: can't be read" in read_sku_file(tmp_path, "acme").errors[0]
    (tmp_path / "acme.skus.csv").write_text("\ufeffstore_sku,warehouse_sku,quantity\nÄ,B,1\n", encoding="utf-8")
    assert read_sku_file(tmp_path, "acme").lines == [SkuLine("acme.skus.csv, line 2", "Ä", "B", 1)]

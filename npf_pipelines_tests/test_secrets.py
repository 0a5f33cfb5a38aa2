"""No secret of a master setup or of an order detail is kept anywhere: lake, platform, logs, Dagster's databases."""

import gzip
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyarrow import parquet

from npf_pipelines.sandbox.planted import PLANTED_SECRETS
from npf_pipelines_tests.loop import API_KEY, Loop, copied_loop
from npf_pipelines_tests.shared_worlds import SharedWorlds, run_through


@pytest.fixture(scope="module")
def troubled(worlds: SharedWorlds, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    """A world that has gone through the loop and through failures, whose texts are kept, too."""
    with copied_loop(worlds.of(run_through), tmp_path_factory.mktemp("troubled")) as world:
        (world.settings.data / "stores.sqlite").unlink()
        world.stores["acme"].missing_rights = {"view_orders", "view_catalog"}
        world.stores["bolt"].loses_answers = True
        for family in ("orders", "shipments", "stock"):
            assert all(one.failure for one in world.run(family))
        yield world


def _kept(loop: Loop) -> Iterator[tuple[Path, str]]:
    """Every text that the world keeps, files unpacked."""
    for path in loop.settings.data.rglob("*"):
        if not path.is_file() or path.is_relative_to(loop.settings.data / "clients"):
            continue
        if path.suffix == ".parquet":
            yield path, str(parquet.read_table(path, partitioning=None).to_pylist())
        elif _is_sqlite(path):
            yield path, _dump(path)
        else:
            yield path, path.read_bytes().decode("utf-8", "replace")


def _is_sqlite(path: Path) -> bool:
    return path.read_bytes()[:15] == b"SQLite format 3"


def _dump(path: Path) -> str:
    with sqlite3.connect(path) as base:
        tables = [name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        cells = [cell for table in tables for row in base.execute(f'SELECT * FROM "{table}"') for cell in row]  # noqa: S608
    return "\n".join(_unpacked(cell) if isinstance(cell, bytes) else str(cell) for cell in cells)


def _unpacked(blob: bytes) -> str:
    for unpack in (zlib.decompress, gzip.decompress):
        try:
            return unpack(blob).decode("utf-8", "replace")
        except (zlib.error, OSError):
            continue
    return blob.decode("utf-8", "replace")


def test_the_search_finds_what_is_really_kept(troubled: Loop) -> None:
    imported = "raw_orders JOIN platform_orders USING (client, order_id)"
    (email,) = troubled.rows(f"SELECT any_value(email) FROM {imported} WHERE email <> ''")[0]  # noqa: S608
    found = {path.suffix for path, text in _kept(troubled) if email in text}
    assert {".parquet", ".sqlite"} <= found
    runs = [path for path, text in _kept(troubled) if "orders_job" in text]
    assert any("dagster" in path.parts for path in runs)


@pytest.mark.parametrize("secret", [API_KEY, *PLANTED_SECRETS])
def test_a_planted_secret_is_nowhere(troubled: Loop, secret: str) -> None:
    assert [str(path) for path, text in _kept(troubled) if secret in text] == []


def test_what_the_terminal_shows_holds_no_secret(loop: Loop, capfd: pytest.CaptureFixture[str]) -> None:
    loop.run_all()
    loop.stores["acme"].api_key = "another"
    loop.run("orders")
    shown = "".join(capfd.readouterr())
    assert "orders pulled" in shown
    assert not [secret for secret in (API_KEY, *PLANTED_SECRETS) if secret in shown]


def test_a_shoppers_address_is_in_no_metadata(troubled: Loop) -> None:
    (street,) = troubled.rows("SELECT any_value(ship_to.address_1) FROM raw_orders WHERE ship_to.address_1 <> ''")[0]
    dagster = [text for path, text in _kept(troubled) if "dagster" in path.parts]
    assert dagster
    assert not [text for text in dagster if street in text]

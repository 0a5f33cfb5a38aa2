"""A file of the lake that can't be read costs itself, and is made again where that can be done."""

import errno
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import dagster as dg
import duckdb
import pyarrow as arrow
import pytest
from typer.testing import CliRunner, Result

from npf_pipelines.cli import app
from npf_pipelines.lake.broken_files import CACHES, LEDGERS, BrokenFile
from npf_pipelines.lake.lake import Lake, NotWritten
from npf_pipelines.lake.table import Table
from npf_pipelines.lake.tables import (
    FILTERED_ORDERS,
    PLATFORM_ORDERS,
    RAW_ORDERS,
    SKU_MAP,
    SKU_MAP_PROBLEMS,
    STOCK_PUSH,
    STOCK_SNAPSHOTS,
    TABLES,
    TRACKING_PUSH,
)
from npf_pipelines.state.health import read_health
from npf_pipelines_tests.builders import NOON, row
from npf_pipelines_tests.loop import Loop, write_setup

DAY, NEXT = date(2026, 11, 20), date(2026, 11, 21)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _overwritten(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4 : len(content) // 3] = bytes(len(content) // 3 - 4)
    path.write_bytes(content)


def _other(path: Path) -> None:
    path.write_text("no Parquet file, and longer than the shortest of them", encoding="utf-8")


breakages = pytest.mark.parametrize("damage", [_empty, _half, _overwritten, _other])
tables = pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)


def _place(table: Table, client: str = "acme", day: date = DAY) -> dict[str, Any]:
    return {"client": client, "day": day} if table.by_day else {"client": client}


@breakages
def test_a_query_reads_the_other_files_and_names_the_broken_one(tmp_path: Path, damage: Any) -> None:
    lake = Lake(str(tmp_path))
    for client, day in (("acme", DAY), ("acme", NEXT), ("bolt", DAY)):
        lake.write(FILTERED_ORDERS, [row(FILTERED_ORDERS)], client=client, day=day)
    path = tmp_path / f"filtered_orders/client=acme/day={DAY}/part.parquet"
    damage(path)
    connection = lake.connect()
    found = connection.execute("SELECT * FROM filtered_orders ORDER BY ALL").rows
    assert [(client, day) for client, day, *_ in found] == [("acme", NEXT), ("bolt", DAY)]
    assert connection.broken == [str(path)]
    assert [error.path for error in lake.broken_files()] == [str(path)]
    assert len(lake.connect().execute("SELECT * FROM filtered_orders").rows) == 2


def test_views_are_made_without_opening_a_file(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    for client in ("acme", "bolt"):
        lake.write(STOCK_PUSH, [row(STOCK_PUSH)], client=client)
    _empty(tmp_path / "stock_push/client=acme/part.parquet")
    connection = lake.connect()
    assert connection.execute("SELECT client FROM stock_push WHERE client = 'bolt'").rows == [("bolt",)]
    assert not connection.broken


@tables
@breakages
def test_what_is_done_about_it_depends_on_the_table(tmp_path: Path, table: Table, damage: Any) -> None:
    lake, rows = Lake(str(tmp_path)), [row(table)]
    lake.write(table, rows, **_place(table))
    path = Path(lake.files.path(table.name, client="acme", day=DAY if table.by_day else None))
    damage(path)
    said = f"^{table.name} of acme{f' for {DAY}' if table.by_day else ''}: the file {path} is broken. "
    if table.name in LEDGERS:
        for reading in (lake.read, lake.read_if_written):
            with pytest.raises(BrokenFile, match=said + "It remembers what must not be done twice"):
                reading(table, **_place(table))
        with pytest.raises(BrokenFile, match=said):
            lake.is_unchanged(table, rows, **_place(table))
        with pytest.raises(BrokenFile, match=said):
            lake.columns(table, table.arrow_schema.names[:1], **_place(table))
        return
    assert lake.read_if_written(table, **_place(table)) == []
    assert lake.columns(table, table.arrow_schema.names[:1], **_place(table)).num_rows == 0
    assert not lake.is_unchanged(table, rows, **_place(table))
    with pytest.raises(NotWritten if table.name in CACHES else BrokenFile, match=said):
        lake.read(table, **_place(table))
    lake.write(table, rows, **_place(table))
    assert lake.read(table, **_place(table)) == rows


class _Unread:
    """A file that opens, and of which each reading fails."""

    def __init__(self, file: IO[bytes], failure: OSError) -> None:
        self._file, self._failure = file, failure

    def read(self, *_: int) -> bytes:
        raise self._failure

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@pytest.mark.parametrize(
    "failure",
    [
        TimeoutError("the bucket is slow"),
        ConnectionResetError("the bucket is gone"),
        PermissionError("the key is old"),
        OSError(errno.EIO, "the disk fails"),
    ],
    ids=lambda failure: type(failure).__name__,
)
def test_a_file_that_cannot_be_reached_is_not_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: OSError
) -> None:
    lake, rows = Lake(str(tmp_path)), [row(RAW_ORDERS)]
    lake.write(RAW_ORDERS, rows, **_place(RAW_ORDERS))

    def unread(path: str) -> arrow.PythonFile:
        return arrow.PythonFile(_Unread(Path(path).open("rb"), failure), mode="r")

    with monkeypatch.context() as failing:
        failing.setattr(arrow, "OSFile", unread)
        for reading in (lake.read, lake.read_if_written, lake.lacks_personal):
            with pytest.raises(type(failure)):
                reading(RAW_ORDERS, **_place(RAW_ORDERS))
        with pytest.raises(type(failure)):
            list(lake.broken_files())
        connection = lake.connect()
        with pytest.raises(duckdb.Error):
            connection.execute("SELECT error('it fails')")
        assert not connection.broken
    assert lake.read(RAW_ORDERS, **_place(RAW_ORDERS)) == rows


# Folders and files


def test_a_folder_with_a_pattern_in_its_name_is_a_lake(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake [1] *?"))
    for client in ("acme", "bolt"):
        lake.write(RAW_ORDERS, [row(RAW_ORDERS)], client=client, day=DAY)
        lake.write(STOCK_SNAPSHOTS, [row(STOCK_SNAPSHOTS)], client=client)
    assert lake.clients() == ["acme", "bolt"]
    assert lake.days(RAW_ORDERS, client="acme") == [DAY]
    assert lake.snapshots("acme") == [NOON]
    for connection in (lake.connect(), lake.connect("acme")):
        assert ("acme", DAY) in connection.execute("SELECT client, day FROM raw_orders").rows
    lake.drop_snapshot("acme", NOON)
    lake.rename_client("acme", "coda")
    assert lake.clients() == ["bolt", "coda"]
    assert lake.connect().execute("SELECT client FROM raw_orders ORDER BY ALL").rows == [("bolt",), ("coda",)]


def test_a_clients_folder_may_be_a_link(tmp_path: Path) -> None:
    lake, elsewhere = Lake(str(tmp_path / "lake")), tmp_path / "elsewhere"
    lake.write(RAW_ORDERS, [row(RAW_ORDERS)], client="acme", day=DAY)
    folder = tmp_path / "lake/raw_orders/client=acme"
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)
    assert lake.days(RAW_ORDERS, client="acme") == [DAY]
    assert lake.connect().execute("SELECT client, day FROM raw_orders").rows == [("acme", DAY)]
    lake.rename_client("acme", "bolt")
    assert lake.read(RAW_ORDERS, client="bolt", day=DAY) == [row(RAW_ORDERS)]
    assert lake.clients() == ["bolt"]


def test_two_snapshots_within_a_second_both_stay(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    moments = [NOON, NOON + timedelta(microseconds=1), NOON + timedelta(microseconds=900_000)]
    for moment in moments:
        lake.write(STOCK_SNAPSHOTS, [row(STOCK_SNAPSHOTS, taken_at=moment)], client="acme")
    assert lake.snapshots("acme") == moments
    query = "SELECT taken_at FROM stock_snapshots_history ORDER BY taken_at"
    assert lake.connect().execute(query).rows == [(moment,) for moment in moments]
    lake.drop_snapshot("acme", moments[1])
    assert lake.snapshots("acme") == [moments[0], moments[2]]


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[tuple[str, bool]] = []
    sync = os.fsync

    def noted(number: int) -> None:
        path = Path(f"/proc/self/fd/{number}").readlink()
        synced.append((path.name, (tmp_path / "stock_push/client=acme/part.parquet").exists()))
        sync(number)

    monkeypatch.setattr(os, "fsync", noted)
    Lake(str(tmp_path)).write(STOCK_PUSH, [row(STOCK_PUSH)], client="acme")
    (file, before), (folder, after) = synced
    assert file.endswith(".unfinished")
    assert (before, folder, after) == (False, "client=acme", True)


def test_what_killed_runs_left_is_deleted_after_a_day(fresh: Loop) -> None:
    lake = Path(fresh.settings.lake)
    day = next((lake / "raw_orders/client=acme").iterdir())
    old, young = day / ".old.unfinished", day / ".young.unfinished"
    elsewhere = [lake / ".first.unfinished", lake / "stock_push/client=acme/.stock.unfinished"]
    (snapshot, *_) = (lake / "stock_snapshots_history/client=acme").iterdir()
    elsewhere.append(snapshot / ".snapshot.unfinished")
    (fresh.settings.data / "reports").mkdir(exist_ok=True)
    elsewhere.append(fresh.settings.data / "reports" / ".acme.7.unfinished")
    for path in (old, young, *elsewhere):
        path.write_text("ann@home.example", encoding="utf-8")
        if path is not young:
            long_ago = (datetime.now(UTC) - timedelta(hours=25)).timestamp()
            os.utime(path, (long_ago, long_ago))
    result = fresh.defs.resolve_job_def("retention_job").execute_in_process(instance=fresh.instance)
    assert result.success
    assert [path for path in (old, young, *elsewhere) if path.exists()] == [young]


# Runs


def _newest(loop: Loop, table: Table) -> Path:
    paths = sorted((Path(loop.settings.lake) / table.name / "client=acme").rglob("part.parquet"))
    return max(paths, key=lambda path: (path.stat().st_size, str(path)))


_FLOWS = {
    "shipments": {"shipment_records", "tracking_push"},
    "stock": {"stock_snapshots", "stock_push", "pushed_skus", "old_holds", "store_products"},
}
"""By flow its tables; the others are of the orders."""


def _run(loop: Loop, table: Table) -> str:
    """Run the table's flow for all clients; what failed."""
    flow = next((flow for flow, names in _FLOWS.items() if table.name in names), "orders")
    (run,) = loop.run(flow, override_change_limit=True) if flow == "stock" else loop.run(flow)
    return run.failure


@tables
def test_a_broken_file_costs_no_other_client_anything_and_is_made_again_where_it_can_be(
    fresh: Loop, table: Table
) -> None:
    if table in (SKU_MAP, SKU_MAP_PROBLEMS):  # Read and written for a client with a map alone.
        clients = fresh.settings.clients
        write_setup(clients, "acme", fresh.url, orders={"skus": "file"})
        sku = min(fresh.services.platform.skus("acme"))
        (clients / "acme.skus.csv").write_text(f"store_sku,warehouse_sku,quantity\nPAIR,{sku},2\n", encoding="utf-8")
    if not list((Path(fresh.settings.lake) / table.name / "client=acme").rglob("*.parquet")):
        fresh.services.lake.write(table, [row(table)], **_place(table))
    path = _newest(fresh, table)
    whole = path.read_bytes()
    _half(path)
    failure = _run(fresh, table)
    reasons = {client: one.reason for (client, _), one in read_health(fresh.services.state).items() if one.reason}
    assert "bolt" not in reasons
    if table.name in LEDGERS:
        assert str(path) in failure
        assert str(path) in reasons["acme"]
        assert path.read_bytes() == whole[: len(whole) // 2]
        path.write_bytes(whole)
        assert _run(fresh, table) == ""
    else:
        assert (failure, reasons) == ("", {})
        assert list(fresh.services.lake.broken_files()) == []
    assert fresh.disagreements() == []


def test_a_day_whose_pushes_cannot_be_read_costs_itself(fresh: Loop) -> None:
    path = _newest(fresh, TRACKING_PUSH)
    broken_day = path.parent.name.removeprefix("day=")
    _empty(path)
    store = fresh.stores["acme"]
    (product, *_) = [one for one in store.products.values() if one.product_code]
    for _ in range(3):
        store.place_order([(product.product_id, 1)])
    fresh.run("orders")
    fresh.work()
    (run,) = fresh.run("shipments")
    assert broken_day in run.failure
    assert read_health(fresh.services.state)["acme", "shipments"].is_permanent
    (days,) = fresh.rows("SELECT count(DISTINCT day) FROM tracking_push WHERE client = 'acme'")[0]
    assert days == fresh.rows("SELECT count(DISTINCT day) FROM shipment_records WHERE client = 'acme'")[0][0] - 1


def test_a_day_of_orders_that_cannot_be_read_is_there_for_a_person(fresh: Loop) -> None:
    _empty(_newest(fresh, PLATFORM_ORDERS))
    assert _run(fresh, PLATFORM_ORDERS) != ""
    health = read_health(fresh.services.state)["acme", "orders"]
    assert health.is_permanent
    assert health.next_try_at is not None


@pytest.fixture
def shell(fresh: Loop, monkeypatch: pytest.MonkeyPatch) -> Loop:
    monkeypatch.setenv("NPF_DATA", str(fresh.settings.data))
    monkeypatch.setenv("DAGSTER_HOME", str(fresh.settings.data / "dagster"))
    return fresh


def npf(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})


def test_the_command_line_answers_and_names_the_file(shell: Loop) -> None:
    ((number,),) = shell.rows("SELECT order_number FROM platform_orders WHERE client = 'acme' LIMIT 1")
    path = _newest(shell, TRACKING_PUSH)
    _empty(path)
    counted = npf("sql", "SELECT client, count(*) FROM tracking_push GROUP BY ALL")
    assert counted.exit_code == 0, counted.output
    assert "bolt" in counted.output
    assert str(path) in counted.stderr
    story = npf("trace", "acme", number)
    assert story.exit_code == 0, story.output
    assert "Placed in the store" in story.stdout
    assert str(path) in story.stderr
    ran = npf("run", "orders")
    assert ran.exit_code == 0, ran.output


def test_the_checks_answer_and_list_the_file(fresh: Loop) -> None:
    path = _newest(fresh, RAW_ORDERS)
    _half(path)
    result = fresh.defs.resolve_job_def("audit_job").execute_in_process(instance=fresh.instance, raise_on_error=False)
    checks = {one.check_name: one for one in result.get_asset_check_evaluations()}
    assert result.success
    assert len(checks) == 13
    value = checks["broken_files"].metadata["broken"]
    assert isinstance(value, dg.TableMetadataValue)
    assert not checks["broken_files"].passed
    assert [record.data["client"] for record in value.records] == ["acme"]
    assert str(path) in str(value.records[0].data["what"])

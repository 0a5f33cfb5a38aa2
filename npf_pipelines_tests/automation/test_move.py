"""A client moves to another cell: nothing is pulled or pushed twice, and whatever ends the move, it goes on."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from typer.testing import CliRunner

from npf_pipelines.automation import move
from npf_pipelines.automation.move import CannotMove, move_client
from npf_pipelines.cli import app
from npf_pipelines.errors import NpfError
from npf_pipelines.lake.lake import Lake
from npf_pipelines.platform.tables import orders, shipments
from npf_pipelines.reports.folder import ReportFolder
from npf_pipelines.runs.cell import Cell
from npf_pipelines.runs.services import Services
from npf_pipelines.state.lease import Lease
from npf_pipelines.state.pauses import pause_clients, read_pauses
from npf_pipelines_tests.automation.ticks import clients, look, tick
from npf_pipelines_tests.cells import beside
from npf_pipelines_tests.loop import Loop, copied_loop, write_setup
from npf_pipelines_tests.shared_worlds import SharedWorlds, run_through


class Killed(BaseException):
    """The process is no more."""


STEPS: list[tuple[object, str]] = [
    (Lake, "copy_client"),
    (move, "copy_state"),
    (dg.DagsterInstance, "report_runless_asset_event"),
    (Path, "unlink"),
    (move, "leave_state"),
    (Lake, "drop_client"),
    (Cell, "forget"),
    (Cell, "register"),
    (move, "end_move"),
]
"""The steps of a move, at which it can die: before or after each."""


def content(loop: Loop, client: str) -> dict[str, object]:
    """All that a cell has of a client: rows of the tables, of the state, partitions."""
    with loop.services.lake.connect(client) as connection:
        lake = {
            table: connection.execute(f"SELECT * FROM {table} ORDER BY ALL").rows  # noqa: S608
            for table in ("raw_orders", "filtered_orders", "platform_orders", "tracking_push", "stock_push")
        }
    with loop.services.state.connect() as connection:
        state = {
            table: connection.exec_driver_sql(f"SELECT * FROM {table} WHERE client = '{client}' ORDER BY 1, 2").all()  # noqa: S608
            for table in ("health", "open_rows", "client_stores")
        }
    done = {
        key
        for key in loop.instance.get_materialized_partitions(loop.services.cell.key("raw_orders"))
        if key.startswith(client)
    }
    return {**lake, **state, "done": done}


def on_platform(loop: Loop) -> tuple[int, int]:
    with loop.services.platform_engine.connect() as connection:
        return tuple(connection.scalar(sa.select(sa.func.count()).select_from(table)) for table in (orders, shipments))  # type: ignore[return-value]


def runs_for(loop: Loop, client: str) -> bool:
    """Whether a night of the cell would work on the client."""
    look(loop, "clients_sensor")
    night = tick(loop, "nightly_stock")
    return isinstance(night, list) and client in clients(night)[0]


def test_a_moved_client_goes_on_where_it_was(fresh: Loop, tmp_path: Path) -> None:
    south = beside(fresh, "south")
    before, platform = content(fresh, "acme"), on_platform(fresh)
    store = fresh.stores["acme"]
    (fresh.settings.clients / "acme.skus.csv").write_text("store_sku,warehouse_sku,quantity\n", encoding="utf-8")
    for name in ("acme", "acme.skipped", "bolt", "certificates/acme-2026-11-05"):
        ReportFolder(fresh.settings.reports, "").write(name, "a page")
    shipped = set(store.shipments)
    environment = tmp_path / "south.env"
    settings = south.settings
    lines = {"CELL": "south", "DATA": settings.data, "CLIENTS": settings.clients, "LAKE": settings.lake}
    environment.write_text("".join(f"NPF_{name}={value}\n" for name, value in lines.items()), encoding="utf-8")
    home = {"NPF_DATA": str(fresh.settings.data), "DAGSTER_HOME": str(fresh.settings.data / "dagster")}
    moved = CliRunner().invoke(app, ["client", "move", "acme", "--to", str(environment)], env=home)
    assert moved.output == "acme is in the cell south now.\n"
    assert content(south, "acme") == before
    assert content(fresh, "acme") | {"done": set()} == {name: type(kept)() for name, kept in before.items()}
    assert [path.name for path in fresh.settings.clients.glob("*.skus.csv")] == []
    assert [path.name for path in settings.clients.glob("*.skus.csv")] == ["acme.skus.csv"]
    assert [path.name for path in fresh.settings.reports.rglob("*.html")] == ["bolt.html"]
    assert [path.name for path in settings.reports.rglob("*.html")] == ["acme-2026-11-05.html"]
    assert not runs_for(fresh, "acme")
    assert runs_for(south, "acme")

    south.stores = {"acme": store}
    assert south.run_all() == []
    assert south.disagreements() == []
    assert set(store.shipments) == shipped
    assert on_platform(fresh) == platform
    assert fresh.run("stock", "bolt")[0].failure == ""


@pytest.mark.parametrize("place", range(2 * len(STEPS)))
def test_a_move_that_dies_anywhere_goes_on(
    completed_move: tuple[Loop, Loop], place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    north, south = completed_move
    here, there = (north, south) if "acme" in north.services.cell.registered(north.instance) else (south, north)
    before = content(here, "acme")
    owner, name = STEPS[place // 2]
    _die_at(monkeypatch, owner, name, after=bool(place % 2))
    with pytest.raises(Killed):
        move_client(here.services, there.services, here.instance, "acme")
    monkeypatch.undo()
    assert [loop for loop in (here, there) if runs_for(loop, "acme")] in ([], [there]), "only a finished move"
    assert move_client(here.services, there.services, here.instance, "acme") is False
    assert content(there, "acme") == before
    assert not runs_for(here, "acme")
    assert runs_for(there, "acme")
    assert move_client(here.services, there.services, here.instance, "acme") is False, "again"
    assert content(there, "acme") == before


@pytest.fixture(scope="module")
def completed_move(worlds: SharedWorlds, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Loop, Loop]]:
    """A world that has been through the loop, with a cell beside it."""
    with copied_loop(worlds.of(run_through), tmp_path_factory.mktemp("moves")) as north:
        yield north, beside(north, "south")


def _die_at(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, *, after: bool) -> None:
    step: Callable[..., object] = getattr(owner, name)

    def dying(*values: Any, **named: Any) -> object:
        if after:
            step(*values, **named)
        raise Killed

    monkeypatch.setattr(owner, name, dying)


def test_a_client_at_work_stays_where_it_is(fresh: Loop) -> None:
    south = beside(fresh, "south")
    for cell in (fresh, south):
        lease = Lease(cell.services.state, "acme", "orders")
        lease.take()
        with pytest.raises(CannotMove, match="another run is at work on it"):
            move_client(fresh.services, south.services, fresh.instance, "acme")
        lease.give_back()
    run = fresh.instance.create_run_for_job(
        fresh.defs.resolve_job_def("stock_job"), run_config={"ops": {"stock": {"config": {"clients": ["acme"]}}}}
    )
    with pytest.raises(CannotMove, match="isn't over"):
        move_client(fresh.services, south.services, fresh.instance, "acme")
    fresh.instance.report_run_failed(run)
    assert read_pauses(fresh.services.state).by_client == {}
    with pytest.raises(CannotMove, match="neither a master setup nor a partition"):
        move_client(fresh.services, south.services, fresh.instance, "nobody")
    with pytest.raises(CannotMove, match="both settings are of"):
        move_client(fresh.services, fresh.services, fresh.instance, "acme")


def test_a_place_of_both_cells_is_found_in_any_spelling(fresh: Loop, link: Path) -> None:
    south, before = beside(fresh, "south"), content(fresh, "acme")
    for name, spelled in (
        ("clients", link / "clients"),
        ("lake", f"{fresh.settings.lake}/"),
        ("lake", f"{link}/lake"),
        ("lake", f"file://{fresh.settings.data}/./lake"),
        ("state_url", SecretStr(f"sqlite:///{link}/state.sqlite")),
    ):
        other = Services(south.settings.model_copy(update={name: spelled}))
        with pytest.raises(NpfError, match=f"NPF_{name.upper()}") as refused:
            move_client(fresh.services, other, fresh.instance, "acme")
        if name != "state_url":  # The mark of a state is found before.
            assert str(refused.value) == f"both cells have the same NPF_{name.upper()}: each cell needs its own"
        other.close_databases()
    assert content(fresh, "acme") == before


def test_platform_and_reports_of_both_cells_may_be_spelled_in_two_ways(fresh: Loop, link: Path) -> None:
    south = beside(fresh, "south")
    spelled = {"platform_url": SecretStr(f"sqlite:///{link}/platform.sqlite"), "reports": link / "reports"}
    certificates = ReportFolder(fresh.settings.reports, "").certificates
    certificates.write("acme-2026-11-05", "a page")
    other = Services(south.settings.model_copy(update=spelled))
    assert move_client(fresh.services, other, fresh.instance, "acme") is False
    assert runs_for(south, "acme")
    assert certificates.read("acme-2026-11-05") == "a page"
    other.close_databases()


@pytest.fixture
def link(fresh: Loop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A link to the data folder of the world."""
    path = tmp_path_factory.mktemp("links") / "link"
    path.symlink_to(fresh.settings.data)
    return path


def test_nothing_of_another_client_there_is_overwritten(fresh: Loop) -> None:
    south = beside(fresh, "south")
    here, there = (Path(str(cell.settings.clients)) for cell in (fresh, south))
    before = content(fresh, "acme")

    def refused(why: str) -> None:
        files = {path: path.read_bytes() for path in there.rglob("*") if path.is_file()}
        with pytest.raises(CannotMove, match=why):
            move_client(fresh.services, south.services, fresh.instance, "acme")
        assert {path: path.read_bytes() for path in there.rglob("*") if path.is_file()} == files
        assert content(fresh, "acme") == before
        assert read_pauses(fresh.services.state).by_client == {}

    # The file of acme has the name of another client's file there.
    (here / "acme.yaml").rename(here / "shop.yaml")
    write_setup(there, "coda", fresh.url)
    (there / "coda.yaml").rename(there / "shop.yaml")
    refused(r"south/clients/shop\.yaml is another file than that of acme")
    (here / "shop.yaml").rename(here / "acme.yaml")
    for folder, text in ((here, "store_sku,warehouse_sku,quantity\n"), (there, "another\n")):
        (folder / "acme.skus.csv").write_text(text, encoding="utf-8")
    refused(r"south/clients/acme\.skus\.csv is another file than that of acme")
    (there / "acme.skus.csv").unlink()
    write_setup(there, "acme", fresh.url)
    (there / "acme.yaml").rename(there / "own.yaml")
    refused(r"acme has a master setup there, .*own\.yaml")
    (there / "own.yaml").unlink()

    # A client of that id is there, or was, with tables.
    fresh.instance.add_dynamic_partitions("clients_south", ["acme"])
    refused("acme is a client of the cell south already")
    fresh.instance.delete_dynamic_partition("clients_south", "acme")
    fresh.services.lake.copy_client("acme", south.services.lake)
    (there / "removed").mkdir()
    (there / "removed" / "acme-20260101T000000Z.yaml").write_text("", encoding="utf-8")
    refused("a client acme was removed from the cell south, and its tables would be deleted")
    south.services.lake.drop_client("acme")
    assert move_client(fresh.services, south.services, fresh.instance, "acme") is False
    assert content(south, "acme") == before


def test_a_client_that_a_person_has_paused_stays_paused(fresh: Loop) -> None:
    south = beside(fresh, "south")
    pause_clients(fresh.services.state, ["acme"], "ann", "stocktaking")
    assert move_client(fresh.services, south.services, fresh.instance, "acme") is True
    assert read_pauses(south.services.state).by_client["acme"].reason == "stocktaking"
    assert "moved to the cell south" in read_pauses(fresh.services.state).by_client["acme"].words
    with pytest.raises(CannotMove, match="run the command there"):
        move_client(fresh.services, beside(fresh, "east").services, fresh.instance, "acme")

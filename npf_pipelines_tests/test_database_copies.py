"""`npf state copy` and `npf platform copy`: from the databases of one machine into the databases of several."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from npf_pipelines.cli import app
from npf_pipelines.database import UtcDateTime
from npf_pipelines.platform import tables as platform_tables
from npf_pipelines.platform.database import create_platform
from npf_pipelines.state import cell_mark, earlier_release
from npf_pipelines.state.database import open_state
from npf_pipelines.state.hold_actions import held_orders
from npf_pipelines.state.lease import Lease
from npf_pipelines.state.pauses import pause_clients, read_pauses
from npf_pipelines.state.tables import cell, leases, metadata
from npf_pipelines.state.unknown_ends import read_unknown_ends

SOON = datetime.now(UTC).replace(microsecond=250_000) + timedelta(hours=4)
Rows = dict[str, list[tuple[Any, ...]]]
PLATFORM = [*platform_tables.metadata.sorted_tables, *platform_tables.optional_metadata.sorted_tables]


def value(column: sa.Column[Any], number: int) -> Any:
    """A value for a column; NULL in every second row where it may be."""
    if column.nullable and number % 2:
        return None
    match column.type:
        case UtcDateTime():
            return SOON
        case sa.Boolean():
            return bool(number % 2)
        case sa.Numeric():
            return Decimal("12.5")
        case sa.Integer() | sa.Float():
            return 3 + number
    return f"{column.name} {number} Zoë"


def fill(engine: sa.Engine, tables: list[sa.Table]) -> None:
    """Two rows in each table."""
    with engine.begin() as connection:
        for table in tables:
            rows = [{column.name: value(column, number) for column in table.c} for number in (0, 1)]
            connection.execute(sa.insert(table), rows)


def rows_of(engine: sa.Engine, tables: list[sa.Table]) -> Rows:
    with engine.connect() as connection:
        return {table.name: sorted(map(tuple, connection.execute(sa.select(table)).all()), key=str) for table in tables}


class Move:
    """One machine's data folder, and the databases of several machines."""

    def __init__(self, folder: Path, url: str) -> None:
        self.url, self.file = url, folder / "npf.env"
        self.data = folder / "old"
        self.data.mkdir()
        self.environment = {
            "NPF_DATA": str(folder / "new"),
            "NPF_PLATFORM_URL": f"sqlite:///{folder / 'of-all.sqlite'}",
        }
        self.environment |= {"NPF_STATE_URL": url}
        self.file.write_text(
            f"NPF_DATA={self.data}\nNPF_ALERTS_WEBHOOK='https://planted.example/secret'\n", encoding="utf-8"
        )
        self.old = open_state(f"sqlite:///{self.data / 'state.sqlite'}")
        self.new = open_state(url)

    def copy(self, what: str = "state", **environment: str) -> tuple[int, str]:
        words = [what, "copy", "--from", str(self.file)]
        result = CliRunner().invoke(app, words, env=self.environment | environment)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result.exit_code, result.output

    def refused(self, said: str, **environment: str) -> None:
        before = rows_of(self.new, metadata.sorted_tables)
        code, output = self.copy(**environment)
        assert code == 1
        (line,) = output.splitlines()
        assert said in line
        assert rows_of(self.new, metadata.sorted_tables) == before


@pytest.fixture
def move(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Move]:
    for name in [name for name in os.environ if name.startswith("NPF_")]:
        monkeypatch.delenv(name)
    made = Move(tmp_path, url)
    yield made
    made.old.dispose()
    made.new.dispose()


def test_every_row_but_the_leases_is_in_the_new_state(move: Move) -> None:
    tables = [table for table in metadata.sorted_tables if table not in (leases, cell)]
    fill(move.old, tables)
    cell_mark.mark(move.old, "")
    pause_clients(move.old, ["acme"], "ana", "doubled shipments")
    with move.old.begin() as connection:  # A run that was killed long ago.
        past = {"client": "acme", "flow": "orders", "holder": "x", "expires_at": SOON - timedelta(days=1)}
        connection.execute(sa.insert(leases).values(past))
    before = rows_of(move.old, metadata.sorted_tables)
    code, output = move.copy()
    assert code == 0, output
    assert "pauses 3" in output
    after = rows_of(move.new, metadata.sorted_tables)
    assert after.pop("leases") == []
    assert rows_of(move.old, metadata.sorted_tables) == before
    before.pop("leases")
    assert after == before
    assert all(after.values())
    # As the runs read them.
    assert read_pauses(move.new).by_client["acme"].reason == "doubled shipments"
    assert held_orders(move.new, "client 1 Zoë") == {"order_id 1 Zoë"}
    assert read_unknown_ends(move.new, "client 1 Zoë")
    move.refused("the state that NPF_STATE_URL names has rows already (alerts, ")


def test_a_copy_that_would_lose_or_mix_rows_is_refused(move: Move, tmp_path: Path) -> None:
    move.refused("the old state has no rows: name the file of the environment in which runs have worked")
    cell_mark.mark(move.old, "")
    cell_mark.mark(move.new, "")  # npf init does so.
    pause_clients(move.old, ["acme"], "ana", "")
    for engine, which in ((move.old, "old"), (move.new, "new")):
        lease = Lease(engine, "acme", "orders")
        lease.take()
        move.refused(f"a run is at work with the {which} state (acme, orders)")
        lease.give_back()
    move.refused(
        "the old environment is of the code location without a cell, this one of the cell south: ",
        NPF_CELL="south",
    )
    pause_clients(move.new, ["bolt"], "ben", "")
    move.refused("has rows already (pauses): stop every process")
    with move.new.begin() as connection:
        connection.execute(sa.text("DELETE FROM pauses"))
    assert move.copy()[0] == 0
    assert rows_of(move.new, [cell]) == {"cell": [("",)]}
    move.file.write_text(f"NPF_DATA={tmp_path / 'elsewhere'}\n", encoding="utf-8")
    move.refused(f"{tmp_path / 'elsewhere' / 'state.sqlite'} is not there")
    assert not (tmp_path / "elsewhere").exists()


def test_the_state_that_an_earlier_release_left_on_the_platform_is_not_mixed_in(move: Move, tmp_path: Path) -> None:
    platform = create_platform(move.environment["NPF_PLATFORM_URL"])
    with platform.begin() as connection:
        earlier_release.metadata.create_all(connection)
        values = {"client": "gone", "kind": "x", "day": "", "flow": "orders", "rows": 1, "first": ""}
        connection.execute(sa.insert(earlier_release.metadata.tables["open_rows"]).values(values))
    pause_clients(move.old, ["acme"], "ana", "")
    new_state = f"sqlite:///{tmp_path / 'untouched.sqlite'}"
    assert move.copy(NPF_STATE_URL=new_state)[0] == 0
    assert rows_of(open_state(new_state), metadata.sorted_tables)["open_rows"] == []


def test_a_platform_that_was_a_file_is_copied_whole(move: Move, url: str, tmp_path: Path) -> None:
    shared = {"NPF_PLATFORM_URL": url, "NPF_STATE_URL": f"sqlite:///{tmp_path / 'state.sqlite'}"}
    old = create_platform(f"sqlite:///{move.data / 'platform.sqlite'}")
    new = create_platform(url)
    fill(old, PLATFORM)
    lease = Lease(move.old, "acme", "orders")
    lease.take()
    code, output = move.copy("platform", **shared)
    assert code == 1
    assert "a run is at work with the old state (acme, orders)" in output
    lease.give_back()
    code, output = move.copy("platform", **shared)
    assert code == 0, output
    assert rows_of(new, PLATFORM) == rows_of(old, PLATFORM)
    code, output = move.copy("platform", **shared)
    assert code == 1
    assert "has rows already (kits, order_lines, orders, shipment_lines, shipments, stock)" in output
    old.dispose()
    new.dispose()

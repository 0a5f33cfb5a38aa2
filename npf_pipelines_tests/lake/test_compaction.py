"""Tests of npf_pipelines.lake.compaction: each row exactly once, before, during, after, and after a kill anywhere."""

import functools
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as arrow
import pytest

from npf_pipelines.lake.broken_files import BrokenFile
from npf_pipelines.lake.compaction import Compaction
from npf_pipelines.lake.connection import LakeConnection
from npf_pipelines.lake.files import LakeFiles
from npf_pipelines.lake.lake import Lake, NotWritten
from npf_pipelines.lake.months import month_of
from npf_pipelines.lake.tables import FILTERED_ORDERS, PLATFORM_ORDERS, RAW_ORDERS, TABLES, TRACKING_PUSH
from npf_pipelines_tests.builders import row

TODAY = datetime.now(UTC).date()
MONTH = month_of(month_of(TODAY - timedelta(days=50)) - timedelta(days=1))
"""A month that ended before the look-back."""
DAYS = [MONTH, MONTH + timedelta(days=1), MONTH + timedelta(days=9)]
OTHER_MONTH = month_of(MONTH - timedelta(days=1))
ALL = "SELECT client, day, order_number FROM platform_orders ORDER BY ALL"

Rows = dict[tuple[str, date], list[str]]
"""The numbers of the orders by client and day."""


class Killed(BaseException):
    """The process ends here: nothing that it would do next is done."""


@pytest.fixture(params=["folder", "memory"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    """In a folder with a name such as people give, and in a substitute for a bucket."""
    return Lake(
        (str(tmp_path) if request.param == "folder" else f"memory://{uuid.uuid4()}") + "/Ann's [1st] lake, 100%25*?"
    )


def write(lake: Lake, rows: Rows) -> None:
    for (client, day), numbers in rows.items():
        found = [row(PLATFORM_ORDERS, order_id=number, order_number=number) for number in numbers]
        content = arrow.Table.from_pylist(found, schema=PLATFORM_ORDERS.arrow_schema)
        lake.files.put(content, lake.files.path(PLATFORM_ORDERS.name, client=client, day=day))


def world(lake: Lake) -> Rows:
    """Three days of a month, one of them without orders, an earlier month, today, and another client."""
    rows: Rows = {
        ("acme", DAYS[0]): ["1", "2"],
        ("acme", DAYS[1]): [],
        ("acme", DAYS[2]): ["3"],
        ("acme", OTHER_MONTH): ["0"],
        ("acme", TODAY): ["9"],
        ("bolt", DAYS[0]): ["1"],
    }
    write(lake, rows)
    return rows


def compaction(lake: Lake, client: str = "acme") -> Compaction:
    return Compaction(lake.files, PLATFORM_ORDERS, client)


def compact(lake: Lake, *, clean: bool = True) -> None:
    """Compact as the job does, without a pause for readers."""
    for client in lake.clients():
        for month in compaction(lake, client).unfinished(TODAY):
            compaction(lake, client).commit(month, TODAY)
            if clean:
                compaction(lake, client).clean(month, lambda: None)


def flat(rows: Rows) -> list[tuple[str, date, str]]:
    return sorted((client, day, number) for (client, day), numbers in rows.items() for number in numbers)


def assert_readers_find(lake: Lake, rows: Rows) -> None:
    """Each way to read the tables finds each row exactly once."""
    assert lake.connect().execute(ALL).rows == flat(rows)
    of_acme = {place: numbers for place, numbers in rows.items() if place[0] == "acme"}
    assert lake.connect("acme").execute(ALL).rows == flat(of_acme)
    assert [("acme", day) for day in lake.days(PLATFORM_ORDERS, client="acme")] == sorted(of_acme)
    for (client, day), numbers in rows.items():
        found = lake.read(PLATFORM_ORDERS, client=client, day=day)
        assert [order["order_number"] for order in found] == numbers
        assert lake.has_rows(PLATFORM_ORDERS, client=client, day=day) == bool(numbers)


def new_lake(like: Lake) -> Lake:
    """An empty lake in the same kind of file system."""
    beside = f"{like.files.root}{uuid.uuid4()}"
    return Lake(f"memory:/{beside}" if like.files.system.protocol == "memory" else beside)


def test_a_client_s_part_of_a_run_finds_what_is_compacted_after_it_has_listed(lake: Lake) -> None:
    """Retention deletes the days' files at once; a run that reads another flow's tables keeps its listing."""
    rows = world(lake)
    part = lake.remembering()
    assert part.days(PLATFORM_ORDERS, client="acme")
    connection = part.connect("acme")
    compact(lake)
    of_acme = {place: numbers for place, numbers in rows.items() if place[0] == "acme"}
    assert connection.execute(ALL).rows == flat(of_acme)
    for (client, day), numbers in of_acme.items():
        assert part.has_rows(PLATFORM_ORDERS, client=client, day=day) == bool(numbers)
        assert len(part.read(PLATFORM_ORDERS, client=client, day=day)) == len(numbers)
    assert part.connect("acme").execute(ALL).rows == flat(of_acme)


def test_a_day_whose_columns_were_nullable_otherwise_is_compacted(lake: Lake) -> None:
    rows = world(lake)
    path = lake.files.path(PLATFORM_ORDERS.name, client="acme", day=DAYS[0])
    content = lake.rows(PLATFORM_ORDERS, client="acme", day=DAYS[0])
    lake.files.put(
        content.cast(arrow.schema([content.schema.field(0).with_nullable(False), *[*content.schema][1:]])), path
    )
    compact(lake)
    assert not lake.files.system.exists(path)
    assert_readers_find(lake, rows)


# Kills


class Steps:
    """Calls a function before and after each change of a file, and when a new one is written but not in place."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.call: Callable[[], None] = lambda: None
        for name in ("put_with", "_put_in_place", "delete"):
            monkeypatch.setattr(LakeFiles, name, self._around(getattr(LakeFiles, name)))

    def _around(self, real: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(real)
        def around(*given: Any, **named: Any) -> None:
            self.call()
            real(*given, **named)
            self.call()

        return around


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    return Steps(monkeypatch)


class Killer:
    """Kills a process at its nth step; a dead process takes no further one."""

    def __init__(self, at: int) -> None:
        self.left, self.is_dead = at, False

    def __call__(self) -> None:
        self.left -= 1
        self.is_dead |= self.left == 0
        if self.is_dead:
            raise Killed


def _nights(lake: Lake, rows: Rows) -> Iterator[Callable[[], None]]:
    """Nights of a lake; between them an old day is run again, and gets other rows or none."""
    yield lambda: compact(lake, clean=False)
    yield lambda: compact(lake)
    for numbers in (["5", "6"], []):
        rows["acme", DAYS[1]] = numbers
        write(lake, {("acme", DAYS[1]): numbers})
        yield lambda: compact(lake)


def test_a_kill_anywhere_leaves_every_row_exactly_once(lake: Lake, steps: Steps) -> None:
    for at in range(1, 100):
        other, killer = new_lake(lake), Killer(at)
        rows: Rows = {("acme", DAYS[0]): ["1", "2"], ("acme", DAYS[1]): [], ("acme", TODAY): ["9"]}
        write(other, rows)
        for night in _nights(other, rows):
            steps.call = killer
            with suppress(Killed):
                night()
            steps.call = lambda: None
            if killer.is_dead:
                assert other.connect().execute(ALL).rows == flat(rows)
                killer.is_dead = False
        compact(other)
        assert other.connect().execute(ALL).rows == flat(rows)
        assert other.days(PLATFORM_ORDERS, client="acme") == [*DAYS[:2], TODAY]
        assert compaction(other).unfinished(TODAY) == []
        if killer.left > 0:
            break
    assert at > 10


def test_readers_during_a_compaction_find_every_row_exactly_once(lake: Lake, steps: Steps) -> None:
    rows: Rows = {("acme", DAYS[0]): ["1", "2"], ("acme", DAYS[1]): [], ("acme", TODAY): ["9"]}
    write(lake, rows)
    begun: list[LakeConnection] = []

    def read() -> None:
        assert lake.connect("acme").execute(ALL).rows == flat(rows)
        assert len(lake.read(PLATFORM_ORDERS, client="acme", day=DAYS[1])) == len(rows["acme", DAYS[1]])
        for connection in begun:  # Its files were listed at an earlier step, and some are deleted.
            assert connection.execute(ALL).rows == flat(rows)
        begun[:] = [lake.connect()]
        begun[0].execute("SELECT 1 FROM platform_orders")

    for night in _nights(lake, rows):
        begun.clear()
        steps.call = read
        night()
        steps.call = lambda: None
    assert_readers_find(lake, rows)


# Reading and rewriting


@pytest.fixture
def compacted(lake: Lake) -> Lake:
    """The world, with the old days in their months' files alone."""
    world(lake)
    compact(lake)
    return lake


def test_old_days_share_a_file_and_recent_ones_do_not(compacted: Lake) -> None:
    root = compacted.files.root
    found = sorted(path.removeprefix(root) for path in compacted.files.system.find(root))
    assert found == [
        f"/platform_orders/client=acme/day={TODAY}/part.parquet",
        f"/platform_orders/client=acme/month={OTHER_MONTH:%Y-%m}/000001-00000001.parquet",
        f"/platform_orders/client=acme/month={MONTH:%Y-%m}/000001-00000203.parquet",
        f"/platform_orders/client=bolt/month={MONTH:%Y-%m}/000001-00000001.parquet",
    ]
    assert_readers_find(compacted, world(new_lake(compacted)))


def test_no_recent_day_is_moved_whatever_is_asked_for(lake: Lake) -> None:
    rows: Rows = {("acme", TODAY - timedelta(days=13)): ["1"]}
    write(lake, rows)
    assert compaction(lake).unfinished(TODAY) == []
    assert compaction(lake).commit(month_of(TODAY - timedelta(days=13)), TODAY) == 0


def test_a_day_in_a_months_file_is_known_again(compacted: Lake) -> None:
    rows = [row(PLATFORM_ORDERS, order_id=number, order_number=number) for number in ("1", "2")]
    place: dict[str, Any] = {"client": "acme", "day": DAYS[0]}
    assert compacted.is_unchanged(PLATFORM_ORDERS, rows, **place)
    assert not compacted.is_unchanged(PLATFORM_ORDERS, rows[:1], **place)
    assert compacted.columns(PLATFORM_ORDERS, ["order_id"], **place).to_pydict() == {"order_id": ["1", "2"]}
    with pytest.raises(NotWritten):
        compacted.read(PLATFORM_ORDERS, client="acme", day=DAYS[0] + timedelta(days=2))


def test_a_condition_on_the_day_or_the_client_holds_for_months(compacted: Lake) -> None:
    connection = compacted.connect()
    of_day = connection.execute("SELECT client, order_id FROM platform_orders WHERE day = $1 ORDER BY ALL", [DAYS[0]])
    assert of_day.rows == [("acme", "1"), ("acme", "2"), ("bolt", "1")]
    assert connection.execute("SELECT order_id FROM platform_orders WHERE client = 'bolt'").rows == [("1",)]
    assert connection.execute("SELECT typeof(day) FROM platform_orders LIMIT 1").rows == [("DATE",)]


@pytest.mark.parametrize("table", [table for table in TABLES.values() if table.by_day])
def test_all_tables_come_back_as_they_were(tmp_path: Path, table: Any) -> None:
    lake = Lake(str(tmp_path))
    lake.write(table, [row(table)], client="acme", day=MONTH)
    before = lake.connect().execute(f"FROM {table.name}").rows
    months = Compaction(lake.files, table, "acme")
    assert (months.commit(MONTH, TODAY), months.clean(MONTH, lambda: None)) == (1, 1)
    assert lake.read(table, client="acme", day=MONTH) == [row(table)]
    assert lake.connect().execute(f"FROM {table.name}").rows == before


def test_replaced_files_stay_for_readers_at_work(compacted: Lake) -> None:
    write(compacted, {("acme", DAYS[0]): ["8"]})
    months = compaction(compacted)
    months.commit(MONTH, TODAY)
    before = datetime.now(UTC) - timedelta(hours=1)
    assert months.clean(MONTH, lambda: None, before) == 0
    assert months.clean(MONTH, lambda: None, datetime.now(UTC) + timedelta(hours=1)) == 2
    assert months.unfinished(TODAY) == []


def test_a_lease_that_is_lost_ends_the_deletion(lake: Lake) -> None:
    rows = world(lake)
    compact(lake, clean=False)

    def lost() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        compaction(lake).clean(MONTH, lost)
    assert_readers_find(lake, rows)


# Personal data, renames


def test_personal_data_is_dropped_from_a_month_by_the_day(lake: Lake) -> None:
    for day in DAYS[:2]:
        lake.write(RAW_ORDERS, [row(RAW_ORDERS)], client="acme", day=day)
    months = Compaction(lake.files, RAW_ORDERS, "acme")
    months.commit(MONTH, TODAY)
    months.clean(MONTH, lambda: None)
    assert lake.drop_personal(RAW_ORDERS, client="acme", day=DAYS[0]) == 1
    for _ in range(2):  # Before and after the month's file is written again.
        assert lake.days_with_personal(RAW_ORDERS, client="acme") == [DAYS[1]]
        emails = lake.connect().execute("SELECT day, email IS NULL FROM raw_orders ORDER BY day").rows
        assert emails == [(DAYS[0], True), (DAYS[1], False)]
        months.commit(MONTH, TODAY)
        months.clean(MONTH, lambda: None)
    assert not lake.is_unchanged(RAW_ORDERS, [row(RAW_ORDERS)], client="acme", day=DAYS[0])


def test_a_renamed_client_keeps_its_days_and_the_new_ids_own_days_yield(compacted: Lake) -> None:
    write(compacted, {("new", DAYS[0]): ["other"], ("new", DAYS[1] + timedelta(days=1)): ["own"]})
    compact(compacted)
    compacted.rename_client("acme", "new")
    rows = {("new", day): numbers for (client, day), numbers in world(new_lake(compacted)).items() if client == "acme"}
    rows |= {("new", DAYS[1] + timedelta(days=1)): ["own"], ("bolt", DAYS[0]): ["1"]}
    for _ in range(2):
        assert compacted.connect().execute(ALL).rows == flat(rows)
        assert compacted.clients() == ["bolt", "new"]
        compact(compacted)


def test_a_rename_that_was_killed_anywhere_can_be_repeated(lake: Lake, steps: Steps) -> None:
    for at in range(1, 100):
        other, killer = new_lake(lake), Killer(at)
        rows: Rows = {("acme", DAYS[0]): ["1", "2"], ("acme", DAYS[1]): ["3"]}
        write(other, rows)
        compact(other)
        write(other, {("acme", DAYS[0]): ["4"]})
        steps.call = killer
        with suppress(Killed):
            other.rename_client("acme", "new")
        steps.call = lambda: None
        other.rename_client("acme", "new")
        assert other.connect().execute(ALL).rows == [("new", DAYS[0], "4"), ("new", DAYS[1], "3")]
        if killer.left > 0:
            break
    assert at > 5


# Broken files


def _damage(lake: Lake, path: str) -> None:
    with lake.files.system.open(path, "wb") as file:
        file.write(b"PAR1 broken")


def _path_of(lake: Lake, month: date) -> str:
    (path,) = lake.files.glob("platform_orders", "client=acme", f"month={month:%Y-%m}", "*")
    return str(path)


def test_a_broken_month_is_named_and_costs_itself_alone(compacted: Lake) -> None:
    path = _path_of(compacted, MONTH)
    _damage(compacted, path)
    connection = compacted.connect()
    assert connection.execute(ALL).rows == [("acme", OTHER_MONTH, "0"), ("acme", TODAY, "9"), ("bolt", DAYS[0], "1")]
    assert connection.broken == [path]
    (error,) = compacted.broken_files()
    assert (error.path, error.when, error.days) == (path, f"{MONTH:%Y-%m}", DAYS)
    with pytest.raises(BrokenFile, match=f"platform_orders of acme for {MONTH:%Y-%m}: the file .* is broken"):
        compacted.read(PLATFORM_ORDERS, client="acme", day=DAYS[2])
    assert compacted.days(PLATFORM_ORDERS, client="acme") == [OTHER_MONTH, *DAYS, TODAY]


def test_a_broken_month_is_written_again_when_all_its_days_are(compacted: Lake) -> None:
    _damage(compacted, _path_of(compacted, MONTH))
    write(compacted, {("acme", DAYS[0]): ["1", "2"], ("acme", DAYS[1]): []})
    with pytest.raises(BrokenFile):
        compaction(compacted).commit(MONTH, TODAY)
    with pytest.raises(BrokenFile):
        compaction(compacted).clean(MONTH, lambda: None)
    write(compacted, {("acme", DAYS[2]): ["3"]})
    compact(compacted)
    assert_readers_find(compacted, world(new_lake(compacted)))
    assert list(compacted.broken_files()) == []


def test_a_day_that_cannot_be_read_stays_beside_its_month(lake: Lake) -> None:
    world(lake)
    path = lake.files.path("platform_orders", client="acme", day=DAYS[2])
    _damage(lake, path)
    compact(lake)
    assert [error.path for error in lake.broken_files()] == [path]
    with pytest.raises(BrokenFile, match=f"for {DAYS[2]}: the file"):
        lake.read(PLATFORM_ORDERS, client="acme", day=DAYS[2])


@pytest.mark.parametrize(
    ("table", "what"),
    [
        (FILTERED_ORDERS, f"npf run orders --client acme --from {DAYS[0]} --to {DAYS[1]}"),
        (TRACKING_PUSH, "restore it from a backup"),
    ],
)
def test_what_to_do_about_a_broken_month(tmp_path: Path, table: Any, what: str) -> None:
    path = f"{tmp_path}/{table.name}/client=acme/month={MONTH:%Y-%m}/000001-00000003.parquet"
    assert what in str(Lake.broken_file(path))


def test_a_broken_month_whose_personal_data_is_due_is_deleted_whole(compacted: Lake) -> None:
    write(compacted, {("acme", DAYS[1]): ["7"]})
    compact(compacted, clean=False)
    compacted.files.delete(compacted.files.path("platform_orders", client="acme", day=DAYS[1]))
    compacted.drop_broken(PLATFORM_ORDERS, client="acme", day=DAYS[0])
    assert compacted.days(PLATFORM_ORDERS, client="acme") == [OTHER_MONTH, TODAY]

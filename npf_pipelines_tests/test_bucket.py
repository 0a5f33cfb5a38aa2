"""The lake on a bucket: few requests, no change of another process overlooked, and one sentence when it is away."""

import dataclasses
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import fsspec
import pytest

from npf_pipelines.assets import changed_days
from npf_pipelines.lake import cell_mark
from npf_pipelines.lake.lake import Lake
from npf_pipelines.lake.tables import RAW_ORDERS, STOCK_PUSH, STOCK_SNAPSHOTS, TRACKING_PUSH
from npf_pipelines.runs.failures import failure_reason
from npf_pipelines.state.health import read_health
from npf_pipelines_tests.automation.ticks import look
from npf_pipelines_tests.buckets import SECRET, Bucket, Refusal, opened_bucket
from npf_pipelines_tests.builders import NOON, row
from npf_pipelines_tests.loop import Loop, small_loop, write_setup

FLOWS = ("orders", "shipments", "stock")
DAY, NEXT = date(2026, 11, 20), date(2026, 11, 21)
MOST_IDLE, MOST_NEW = 10, 40
"""Requests for each client and flow."""
NEW_DAYS = 5
"""Days that are new at once."""

FULL = Refusal("507 Insufficient Storage", "InsufficientStorage", methods=("PUT",))
AWAY = Refusal("503 Service Unavailable", "SlowDown")
LOCKED = Refusal("403 Forbidden", "AccessDenied")


@pytest.fixture(scope="module")
def server() -> Iterator[Bucket]:
    with opened_bucket() as opened:
        yield opened


@pytest.fixture
def bucket(server: Bucket) -> Iterator[Bucket]:
    """The server as it usually is, without noted requests."""
    server.requests.clear()
    yield server
    server.refusal = None


@pytest.fixture
def lake(bucket: Bucket, tmp_path: Path) -> Lake:
    """A lake of the test's own in the bucket, below a name that is a pattern, too."""
    return Lake(f"s3://{bucket.name}/{tmp_path.name} [new]*?")


def methods(bucket: Bucket) -> list[str]:
    """The methods of the requests since the last call."""
    found = [method for method, _ in bucket.requests]
    bucket.requests.clear()
    return found


# Requests


def test_a_file_is_written_and_read_by_one_request_each(lake: Lake, bucket: Bucket) -> None:
    lake.write(TRACKING_PUSH, [row(TRACKING_PUSH)], client="acme", day=DAY)
    assert methods(bucket) == ["PUT"]
    assert lake.read(TRACKING_PUSH, client="acme", day=DAY) == [row(TRACKING_PUSH)]
    assert methods(bucket) == ["GET"]
    assert lake.read_if_written(TRACKING_PUSH, client="acme", day=NEXT) == []
    assert methods(bucket) == ["GET"]
    assert lake.days(TRACKING_PUSH, client="acme") == [DAY]
    assert lake.days(TRACKING_PUSH, client="other") == []
    assert methods(bucket) == ["GET", "GET"]


def test_a_client_run_requests_no_file_twice_and_forgets_on_request(lake: Lake, bucket: Bucket) -> None:
    remembering = lake.remembering()
    for number in range(5):
        assert remembering.read_if_written(RAW_ORDERS, client="acme", day=DAY + timedelta(days=number)) == []
    assert methods(bucket) == ["GET", "GET"]  # The file, and then the listing of the client's days.
    remembering.write(RAW_ORDERS, [row(RAW_ORDERS)], client="acme", day=DAY)
    assert remembering.read(RAW_ORDERS, client="acme", day=DAY) == [row(RAW_ORDERS)]
    assert remembering.days(RAW_ORDERS, client="acme") == [DAY]
    assert methods(bucket) == ["PUT"]
    lake.write(RAW_ORDERS, [], client="acme", day=DAY)
    lake.write(RAW_ORDERS, [], client="acme", day=NEXT)
    assert remembering.read(RAW_ORDERS, client="acme", day=DAY) == [row(RAW_ORDERS)]
    remembering.forget(client="acme")
    assert remembering.read(RAW_ORDERS, client="acme", day=DAY) == []
    assert remembering.days(RAW_ORDERS, client="acme") == [DAY, NEXT]


def test_a_day_that_another_process_wrote_is_seen(lake: Lake, bucket: Bucket) -> None:
    lake.write(RAW_ORDERS, [row(RAW_ORDERS)], client="acme", day=DAY)
    assert lake.days(RAW_ORDERS, client="acme") == [DAY]
    assert lake.clients() == ["acme"]
    assert len(lake.connect().execute("SELECT * FROM raw_orders").rows) == 1
    other = fsspec.filesystem("s3", skip_instance_cache=True)  # As another process has it.
    for client, day in (("acme", NEXT), ("bolt", DAY)):
        written = [lake.files.path(RAW_ORDERS.name, client=of, day=at) for of, at in (("acme", DAY), (client, day))]
        other.cp_file(*written)
    assert lake.days(RAW_ORDERS, client="acme") == [DAY, NEXT]
    assert lake.clients() == ["acme", "bolt"]
    assert len(lake.connect().execute("SELECT * FROM raw_orders").rows) == 3
    assert lake.read(RAW_ORDERS, client="bolt", day=DAY) == [row(RAW_ORDERS)]


def test_what_is_kept_too_long_is_deleted_and_a_client_is_renamed(lake: Lake) -> None:
    lake.write(RAW_ORDERS, [row(RAW_ORDERS)], client="acme", day=DAY)
    for moment in (NOON, NOON + timedelta(hours=1)):
        lake.write(STOCK_SNAPSHOTS, [row(STOCK_SNAPSHOTS, taken_at=moment)], client="acme")
    lake.drop_snapshot("acme", NOON)
    assert lake.drop_personal(RAW_ORDERS, client="acme", day=DAY) == 1
    assert lake.lacks_personal(RAW_ORDERS, client="acme", day=DAY)
    lake.rename_client("acme", "coda")
    assert lake.clients() == ["coda"]
    assert lake.days(RAW_ORDERS, client="coda") == [DAY]
    assert lake.snapshots("coda") == [NOON + timedelta(hours=1)]
    assert lake.read(STOCK_SNAPSHOTS, client="coda") == [row(STOCK_SNAPSHOTS, taken_at=NOON + timedelta(hours=1))]
    assert list(lake.broken_files()) == []
    lake.drop_client("coda")
    assert lake.clients() == []


# Failures


ACTIONS: dict[str, Callable[[Lake], object]] = {
    "read": lambda lake: lake.read_if_written(TRACKING_PUSH, client="acme", day=DAY),
    "write": lambda lake: lake.write(STOCK_PUSH, [row(STOCK_PUSH)], client="acme"),
    "list a client's days": lambda lake: lake.days(RAW_ORDERS, client="acme"),
    "list the clients": Lake.clients,
}


def _sentence(lake: Lake, action: str) -> str:
    with pytest.raises(OSError, match="bucket") as raised:
        ACTIONS[action](lake)
    return failure_reason(raised.value)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_bucket_that_fails_is_named_and_never_taken_for_an_empty_one(
    lake: Lake, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, action: str
) -> None:
    caplog.set_level(logging.DEBUG, "npf_pipelines")
    said = []
    for refusal in (AWAY, LOCKED, dataclasses.replace(FULL, methods=("PUT", "GET"))):
        bucket.refusal = refusal
        said.append(_sentence(lake, action))
        assert refusal.code in said[-1]
    bucket.refusal = None
    missing = f"s3://{bucket.name}-missing/lake"
    said.append(_sentence(Lake(missing), action))
    assert "NoSuchBucket" in said[-1]
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        lake.files.system.clear_instance_cache()
        said.append(_sentence(Lake(f"s3://{bucket.name}/lake"), action))
        lake.files.system.clear_instance_cache()
    assert "Could not connect" in said[-1]
    for sentence in said:
        assert sentence.startswith(f"s3://{bucket.name}")
        assert "\n" not in sentence
        assert SECRET not in sentence
    assert SECRET not in caplog.text


def test_small_files_beside_the_tables_cost_no_listing(lake: Lake, bucket: Bucket) -> None:
    lake.write(RAW_ORDERS, [row(RAW_ORDERS)], client="acme", day=DAY)
    lake.keep_first_day(DAY)
    cell_mark.mark(lake.files, "south")
    methods(bucket)
    assert lake.clients() == ["acme"]
    assert methods(bucket) == ["GET", "GET"]  # The lake's folder, and the table's.
    assert cell_mark.read_mark(lake.files) == "south"


def _busiest(found: dict[str, list[str]]) -> list[str]:
    """The requests of the client that had the most."""
    return max((requests for client, requests in found.items() if client), key=len)


def test_nothing_is_lost_when_the_bucket_is_mended_and_requests_are_few(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_loop(tmp_path, lake=bucket.url) as world:
        for client in world.stores:
            first = datetime.now(UTC).date() - timedelta(days=NEW_DAYS - 1)
            write_setup(world.settings.clients, client, world.url, orders={"start_date": first})
        bucket.refusal = FULL
        (run,) = world.run("orders")
        reasons = [one.reason for one in read_health(world.services.state).values()]
        for said in (run.failure, *reasons):
            assert f"s3://{bucket.name}/here/" in said
            assert "InsufficientStorage" in said
            assert "fault of the program" not in said
        bucket.refusal = None
        new = _requests(world, bucket, works=True)
        assert [requests for requests in new.values() if len(requests) > MOST_NEW] == []
        assert world.disagreements() == []
        # Orders that shipments have just changed are read once more, and once a day the store says what it can list.
        today = world.days[1]
        assert [run.failure for run in world.run("orders", days=(today, today))] == [""]
        monkeypatch.setattr(changed_days, "_OVERLAP", timedelta())
        idle = _requests(world, bucket, (today, today))
        assert [requests for requests in idle.values() if len(requests) > MOST_IDLE] == []
        bucket.refusal = AWAY
        assert "SlowDown" in world.run("shipments")[0].failure
        assert "the lake can't be read: s3://" in look(world, "clients_sensor")[2]
        bucket.refusal = None
        assert [run.failure for run in world.run("shipments")] == [""]
        assert world.disagreements() == []


def _requests(
    world: Loop, bucket: Bucket, days: tuple[date, date] | None = None, *, works: bool = False
) -> dict[str, list[str]]:
    """The requests of each flow for the client that has the most, after runs that succeed."""
    counted = {}
    for flow in FLOWS:
        if works and flow == "shipments":
            world.work()
        bucket.by_client()
        (run,) = world.run(flow, days=days, **({"override_change_limit": True} if flow == "stock" else {}))
        assert run.failure == ""
        found = bucket.by_client()
        counted[flow] = _busiest(found)
        if not works:  # Once for a process: the definitions are loaded in it, and then it runs.
            assert [request.partition(" ")[0] for request in found[""] if "/cell.txt" in request] == ["GET"]
    return counted

"""Fixtures and settings for all tests."""

import atexit
import contextlib
import gc
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest

from npf_pipelines_tests.dagster_speed import quick_dagster
from npf_pipelines_tests.loop import Loop, copied_loop, small_loop
from npf_pipelines_tests.midnight import seconds_to_wait
from npf_pipelines_tests.shared_worlds import SharedWorlds, run_through
from npf_pipelines_tests.stock_steps import push_fifty
from npf_pipelines_tests.store_versions import leave_one_to_the_long_suite

pytest_plugins = ["npf_pipelines_tests.databases"]

# No test is timed: a busy machine is no fault of the code.
hypothesis.settings.register_profile("untimed", deadline=None, max_examples=50)
hypothesis.settings.load_profile("untimed")


@atexit.register
def _say_nothing_after_the_end() -> None:
    """Hypothesis keeps objects of DuckDB until the interpreter's very end, where DuckDB's bindings list them."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


_LONGEST = (
    "ui/",
    "day/",
    "platform/test_restart.py",
    "cli/test_demo.py",
    "test_killed_backfill.py",
    "runs/test_isolation.py",
    "cli/",
    "test_late_and_ahead.py",
    "test_shipments_over_time.py",
    "test_statuses_over_time.py",
    "test_stock_history.py",
)
"""Where the tests are that take longest. They start first, so that no worker ends alone with one of them."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest tests first; of tests of two versions of a store, leave one to the long suite."""
    leave_one_to_the_long_suite(items)
    folder = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        path = item.path.relative_to(folder).as_posix()
        return next((number for number, start in enumerate(_LONGEST) if path.startswith(start)), len(_LONGEST))

    items.sort(key=place)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """A test ends on the day on which it began."""
    time.sleep(seconds_to_wait(datetime.now(UTC)))


@pytest.fixture(scope="session", autouse=True)
def _quick_databases() -> Iterator[None]:
    with quick_dagster():
        yield


@pytest.fixture(scope="session", autouse=True)
def _collect_no_modules() -> None:
    """Spare the garbage collector all that was imported."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio."""
    return "asyncio"


@pytest.fixture(autouse=True)
def _umask_as_it_was() -> Iterator[None]:
    """A command that runs inside the tests' process sets that process's umask."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[Loop]:
    """A world of two clients in which nothing has happened yet."""
    with small_loop(tmp_path) as world:
        yield world


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedWorlds]:
    """The worlds that tests share."""
    with contextlib.ExitStack() as opened:
        yield SharedWorlds(lambda: opened.enter_context(small_loop(tmp_path_factory.mktemp("world"))))


@pytest.fixture
def completed(worlds: SharedWorlds) -> Loop:
    """A world that has been through the whole loop once. Leave it as it is."""
    return worlds.of(run_through)


@pytest.fixture
def stocked(worlds: SharedWorlds, tmp_path: Path) -> Iterator[Loop]:
    """A store without orders, whose stock was pushed once: each SKU has 50 in store and warehouse."""
    with copied_loop(worlds.of(push_fifty), tmp_path) as loop:
        yield loop


@pytest.fixture
def fresh(completed: Loop, tmp_path: Path) -> Iterator[Loop]:
    """A copy of the world that has been through the loop, to be changed."""
    with copied_loop(completed, tmp_path) as world:
        yield world

"""What all tests share."""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from npf_pipelines_tests.loop import Loop, copied_loop, small_loop

pytest_plugins = ["npf_pipelines_tests.databases"]

# No test is timed: a busy machine is no fault of the code.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


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
def completed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    """A world that has been through the whole loop once. Leave it as it is."""
    with small_loop(tmp_path_factory.mktemp("walked")) as world:
        assert world.run_all() == []
        yield world


@pytest.fixture
def fresh(completed: Loop, tmp_path: Path) -> Iterator[Loop]:
    """A copy of the world that has been through the loop, to be changed."""
    with copied_loop(completed, tmp_path) as world:
        yield world

"""Shared by the tests of the state."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from npf_pipelines.state.database import open_state


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    """The state's database, its tables empty."""
    opened = open_state(url)
    yield opened
    opened.dispose()

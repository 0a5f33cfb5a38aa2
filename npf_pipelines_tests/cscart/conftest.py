"""What all tests of the client share: repeats without their pauses."""

from collections.abc import Iterator

import pytest
import stamina

from npf_pipelines.cscart.repeats import ATTEMPTS


@pytest.fixture(autouse=True)
def _no_pauses() -> Iterator[None]:
    with stamina.set_testing(True, attempts=ATTEMPTS):
        yield

"""How long an amount may stay wrong: by the usual interval of stock, or by the client's own."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from npf_pipelines.automation.stock_checks import _is_between_pushes
from npf_pipelines.config.setup_files import load_master_setups
from npf_pipelines_tests.loop import write_setup

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minutes", "wrong_for", "is_between"),
    [(None, 91, False), (60, 91, False), (240, 91, True), (240, 360, True), (240, 361, False), (240, -60, False)],
)
def test_a_client_with_longer_intervals_has_longer(
    tmp_path: Path, minutes: int | None, wrong_for: int, *, is_between: bool
) -> None:
    write_setup(tmp_path, "acme", "https://shop.example", stock={"every_minutes": minutes} if minutes else {})
    setup = load_master_setups(tmp_path)["acme"]
    row = {"client": "acme", "since": str(NOW - timedelta(minutes=wrong_for))}
    assert _is_between_pushes(setup, row, NOW) is is_between
    assert not _is_between_pushes(None, row, NOW)

"""`npf dev`: the UI answers, and once interrupted no process stays behind."""

import signal
from pathlib import Path

import pytest

from npf_pipelines_tests.dev_server import start_dev


@pytest.mark.parametrize("end", [pytest.param(signal.SIGINT, marks=pytest.mark.long), signal.SIGTERM])
def test_dev_serves_the_ui_and_leaves_nothing_behind(tmp_path: Path, end: signal.Signals) -> None:
    dev = start_dev(tmp_path)
    assets = dev.assets()
    code = dev.end(end)
    assert assets >= {"raw_orders", "tracking_push", "stock_push", "npf_platform"}
    assert code == 0
    assert dev.left_behind() == []

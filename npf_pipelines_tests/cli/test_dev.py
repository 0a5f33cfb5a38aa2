"""`npf dev`: the UI answers, and once interrupted no process stays behind.

Not here: the same at SIGTERM, which the tests of the UI end with (npf_pipelines_tests/ui/conftest.py).
"""

import signal
from pathlib import Path

import pytest

from npf_pipelines_tests.dev_server import start_dev


@pytest.mark.long
def test_dev_serves_the_ui_and_leaves_nothing_behind(tmp_path: Path) -> None:
    dev = start_dev(tmp_path)
    assets = dev.assets()
    code = dev.end(signal.SIGINT)
    assert assets >= {"raw_orders", "tracking_push", "stock_push", "npf_platform"}
    assert code == 0
    assert dev.left_behind() == []

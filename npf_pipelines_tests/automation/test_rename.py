"""Tests of npf_pipelines.automation.rename: what has to be renamed by hand before."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from npf_pipelines.automation.rename import CannotRename, rename_client
from npf_pipelines.config.setup_files import load_master_setups
from npf_pipelines_tests.loop import write_setup


def test_a_sku_map_is_renamed_with_the_setup(tmp_path: Path) -> None:
    write_setup(tmp_path, "acorn", "https://shop.example", orders={"skus": "file"})
    (tmp_path / "acme.skus.csv").write_text("store_sku,warehouse_sku,quantity\n", encoding="utf-8")
    services: Any = SimpleNamespace(
        settings=SimpleNamespace(clients=tmp_path), setups=lambda: load_master_setups(tmp_path)
    )
    nothing: Any = None
    with pytest.raises(CannotRename, match=r"rename it to acorn\.skus\.csv first"):
        rename_client(services, nothing, "acme", "acorn")

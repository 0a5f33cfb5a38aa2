"""Tests of npf_pipelines.automation.rename: what has to be renamed by hand before."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from npf_pipelines.automation.rename import CannotRename, rename_client
from npf_pipelines.config.setup_files import load_master_setups
from npf_pipelines.platform.rename import has_orders
from npf_pipelines.runs.cell import InTwoCells
from npf_pipelines_tests.loop import Loop, write_setup


def test_a_sku_map_is_renamed_with_the_setup(tmp_path: Path) -> None:
    write_setup(tmp_path, "acorn", "https://shop.example", orders={"skus": "file"})
    (tmp_path / "acme.skus.csv").write_text("store_sku,warehouse_sku,quantity\n", encoding="utf-8")
    services: Any = SimpleNamespace(
        settings=SimpleNamespace(clients=tmp_path), setups=lambda: load_master_setups(tmp_path)
    )
    nothing: Any = None
    with pytest.raises(CannotRename, match=r"rename it to acorn\.skus\.csv first"):
        rename_client(services, nothing, "acme", "acorn")


@pytest.mark.parametrize("elsewhere", ["acme", "acorn"])
def test_a_client_of_another_cell_is_left_as_it_is(fresh: Loop, elsewhere: str) -> None:
    fresh.instance.add_dynamic_partitions("npf_cells", ["south"])
    fresh.instance.add_dynamic_partitions("clients_south", [elsewhere])
    (fresh.settings.clients / "acme.yaml").unlink()
    write_setup(fresh.settings.clients, "acorn", fresh.url)
    with pytest.raises(InTwoCells, match=f"{elsewhere} is in the cell south, too"):
        rename_client(fresh.services, fresh.instance, "acme", "acorn")
    assert fresh.services.lake.clients() == ["acme", "bolt"]
    assert has_orders(fresh.services.platform_engine, "acme")

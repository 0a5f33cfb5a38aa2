"""The assets and checks as a cell has them: the same, under keys that begin with the cell's name, over its own clients.

Not here: the assets (orders.py, shipments.py, stock.py, reports.py), what else carries the cell's name (runs/cell.py).
"""

from collections.abc import Sequence

import dagster as dg

from npf_pipelines.assets.reports import CLIENT_REPORT, OVERVIEW_ASSET
from npf_pipelines.assets.specs import OUTSIDE
from npf_pipelines.lake.tables import TABLES
from npf_pipelines.runs.cell import Cell
from npf_pipelines.runs.dagster_internals import with_keys
from npf_pipelines.runs.partitions import CLIENTS

_NAMES = (*TABLES, *(spec.key.to_user_string() for spec in OUTSIDE), CLIENT_REPORT, OVERVIEW_ASSET)
"""The names of all assets."""


def in_cell(
    cell: Cell, assets: Sequence[dg.AssetsDefinition], outside: Sequence[dg.AssetSpec]
) -> Sequence[dg.AssetsDefinition | dg.AssetSpec]:
    """The assets, and those outside, of a cell."""
    if not cell.name:
        return [*assets, *outside]

    def own(spec: dg.AssetSpec) -> dg.AssetSpec:
        partitions = cell.clients if spec.partitions_def == CLIENTS else spec.partitions_def
        links = (spec.description or "").replace("](/assets/", f"](/assets/{cell.name}/")
        return spec.replace_attributes(description=links, partitions_def=partitions)

    return [
        *(with_keys(definition.map_asset_specs(own), cell.key, _NAMES) for definition in assets),
        *(
            spec.replace_attributes(
                key=cell.key(spec.key.to_user_string()),
                deps=[cell.key(dep.asset_key.to_user_string()) for dep in spec.deps],
            )
            for spec in outside
        ),
    ]


def checks_in_cell(cell: Cell, checks: Sequence[dg.AssetsDefinition]) -> Sequence[dg.AssetsDefinition]:
    """The checks of a cell."""
    return [with_keys(check, cell.key, _NAMES) for check in checks] if cell.name else checks

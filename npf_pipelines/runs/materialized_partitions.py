"""Which partitions Dagster shows as made: what is found there again as it was need not be told again.

Not here: whether it is as it was (lake.py).
"""

from collections.abc import Collection, Iterator, Sequence

import dagster as dg

from npf_pipelines.domain.chunking import chunked

Materialized = Collection[tuple[str, str]]
"""Partitions, by asset and partition key."""

_AT_ONCE = 5000
"""Keys in one question to Dagster's database."""


def materialized_partitions(instance: dg.DagsterInstance, assets: Sequence[str], keys: Sequence[str]) -> Materialized:
    """Those of the partitions that were made, and that no run was about to make anew since.

    Args:
        instance: asked twice for each asset.
        assets: their names.
        keys: the partitions' keys.
    """
    return {
        (asset, key)
        for some in chunked(keys, _AT_ONCE)
        for asset in assets
        for key in _green(instance, asset, set(some))
    }


def _green(instance: dg.DagsterInstance, asset: str, keys: set[str]) -> Iterator[str]:
    made, planned = (
        instance.get_latest_storage_id_by_partition(dg.AssetKey(asset), kind, keys)
        for kind in (
            dg.DagsterEventType.ASSET_MATERIALIZATION,
            dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
        )
    )
    return (key for key, number in made.items() if number > planned.get(key, 0))

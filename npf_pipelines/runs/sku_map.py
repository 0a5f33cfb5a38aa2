"""A client's map of the store's codes, kept between runs as the table sku_map: the last map that was good.

A run of orders reads the map at its source and keeps it if it is good; otherwise it says what is wrong, as the table
sku_map_problems, and goes on with the kept one. Other flows use the kept map, so that all runs of a client agree.
Not here: which maps are good (rules/sku_map.py), what is done with them (rules/kits.py, kit_parcels.py, kit_stock.py).
"""

import itertools
from collections.abc import Collection, Sequence

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.config.sku_file import read_sku_file, sku_file_path
from npf_pipelines.domain.keys import as_stored
from npf_pipelines.domain.open_kinds import SKU_MAP_REFUSED
from npf_pipelines.domain.sku_map import NO_MAP, MapRow, SkuMap
from npf_pipelines.lake.tables import SKU_MAP, SKU_MAP_PROBLEMS
from npf_pipelines.rules.sku_map import problems, sku_map
from npf_pipelines.runs.client_run import ClientRun
from npf_pipelines.runs.failures import NoSkuMap
from npf_pipelines.runs.services import Services

_NAMED = 3
"""Problems that a message names."""
_MOST_KEPT = 200
"""Problems that are kept: of a file with thousands of wrong rows the first say enough."""


def read_sku_map(client_run: ClientRun) -> SkuMap:
    """The client's map for a run of orders: read, and kept if it is good and new.

    Raises:
        NoSkuMap: the map isn't good and none is kept, or the platform can't hold kits.
    """
    if client_run.setup.orders.skus is None:
        # A map that was taken out leaves no open problems behind, and most clients never had one.
        if SKU_MAP_REFUSED.key in client_run.open_days:
            _note_problems(client_run, [])
        return NO_MAP
    kept = _kept(client_run)
    rows, wrong = _source_rows(client_run.services, client_run.setup)
    if kept and not wrong and set(rows) == set(kept) and len(rows) == len(kept):
        _note_problems(client_run, [])
        return sku_map(kept)
    wrong += problems(rows, client_run.services.platform.skus(client_run.client))
    _note_problems(client_run, wrong if kept else ())
    if wrong:
        return _last_good(client_run, kept, wrong)
    client_run.tables.write_cache(SKU_MAP, [_cells(row) | {"read_at": client_run.now} for row in rows])
    return sku_map(rows)


def kept_sku_map(client_run: ClientRun) -> SkuMap:
    """The client's map for a run of another flow: the kept one, or the source's if no run of orders has kept any.

    Raises:
        NoSkuMap: none is kept and the source's isn't good, or the platform can't hold kits.
    """
    if client_run.setup.orders.skus is None:
        return NO_MAP
    if kept := _kept(client_run):
        return sku_map(kept)
    rows, wrong = _source_rows(client_run.services, client_run.setup)
    wrong += problems(rows, client_run.services.platform.skus(client_run.client))
    return _last_good(client_run, (), wrong) if wrong else sku_map(rows)


def map_at_source(
    services: Services, setup: MasterSetup, counted: Collection[str]
) -> tuple[SkuMap, Sequence[str] | None]:
    """The map at its source, for a check: what is wrong with it, or None for a client without a map."""
    if setup.orders.skus is None:
        return NO_MAP, None
    try:
        rows, wrong = _source_rows(services, setup)
    except NoSkuMap as error:
        return NO_MAP, [str(error)]
    wrong += problems(rows, counted)
    return (NO_MAP if wrong else sku_map(rows)), wrong


def _source_rows(services: Services, setup: MasterSetup) -> tuple[list[MapRow], list[str]]:
    """The rows of the map at its source, and a sentence about each that can't be read, or about a source without rows.

    A map without rows would let every kit through in the store's code, which the warehouse can't pick: it is far
    likelier that the source is being loaded, or is about another client.

    Raises:
        NoSkuMap: the platform can't hold kits, or has no table for them.
    """
    source, rows, wrong = _read_source(services, setup)
    if not rows and not wrong:
        wrong.append(f"{source} has no row of the client: write its codes there, or take orders.skus out of its setup")
    return rows, wrong


def _read_source(services: Services, setup: MasterSetup) -> tuple[str, list[MapRow], list[str]]:
    platform = services.platform
    if not platform.keeps_kits:
        raise NoSkuMap(
            f"{setup.id}: orders.skus: the platform's table order_lines lacks kit_sku and kit_quantity: let NPF add "
            "them, or leave orders.skus out"
        )
    if setup.orders.skus == "platform":
        if not platform.has_kits_table():
            raise NoSkuMap(
                f"{setup.id}: orders.skus: the platform has no table kits: let NPF add it, or write a file and "
                "orders.skus: file"
            )
        return "the platform's table kits", *platform.kit_rows(setup.id)
    file = read_sku_file(services.settings.clients, setup.id)
    rows = [
        MapRow(as_stored(line.store_sku), as_stored(line.warehouse_sku), line.quantity, line.place)
        for line in file.lines
    ]
    return sku_file_path(services.settings.clients, setup.id).name, rows, list(file.errors)


def _last_good(client_run: ClientRun, kept: Sequence[MapRow], wrong: Sequence[str]) -> SkuMap:
    more = f"; and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
    said = f"the SKU map is not good: {'; '.join(itertools.islice(wrong, _NAMED))}{more}"
    if not kept:
        raise NoSkuMap(f"{client_run.client}: orders.skus: {said}")
    client_run.log(f"{said}. The last good map is used")
    return sku_map(kept)


def _kept(client_run: ClientRun) -> Sequence[MapRow]:
    rows = client_run.tables.read_if_written(SKU_MAP)
    return [MapRow(row["store_sku"], row["warehouse_sku"], row["quantity"]) for row in rows]


def _cells(row: MapRow) -> dict[str, object]:
    return {"store_sku": row.store_sku, "warehouse_sku": row.warehouse_sku, "quantity": row.quantity}


def _note_problems(client_run: ClientRun, wrong: Sequence[str]) -> None:
    """Keep the problems, and queue their recount, if they differ from what is known."""
    before = client_run.tables.read_if_written(SKU_MAP_PROBLEMS)
    known = {row["problem"]: row["noticed_at"] for row in before}
    kept = list(dict.fromkeys(wrong))[:_MOST_KEPT]
    if known.keys() != set(kept) or client_run.tables.is_broken(SKU_MAP_PROBLEMS, before):
        client_run.recounts.queue([None])
        rows = [{"problem": problem, "noticed_at": known.get(problem, client_run.now)} for problem in kept]
        client_run.tables.write_cache(SKU_MAP_PROBLEMS, rows)
        client_run.recounts.note(SKU_MAP_PROBLEMS, rows)

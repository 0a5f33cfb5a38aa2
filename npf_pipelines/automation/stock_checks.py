"""The asset checks of stock: figures that add up, amounts that stay wrong, SKUs that only store or warehouse knows.

Not here: corrections (the assets, run again).
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import dagster as dg

from npf_pipelines.assets.specs import NPF_PLATFORM, STORE_AMOUNTS
from npf_pipelines.automation.check_results import lake_rows, listed_result
from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.clock import TOLERANCE
from npf_pipelines.domain.outcome import sql_list
from npf_pipelines.domain.outcomes import StockOutcome
from npf_pipelines.rules.orders import TEST_SKUS
from npf_pipelines.rules.stock_audit import imbalances
from npf_pipelines.runs.own_numbers import own_numbers
from npf_pipelines.runs.services import Services

DRIFT_AFTER = timedelta(minutes=90)
"""How long a store may have a wrong amount: stock is pushed every hour."""
_PUSHES = 1.5
"""The same in intervals of a client with its own."""
_READS = 3

_DRIFT = """
SELECT client, sku, product_id, wanted, before AS in_store, differs_since AS since, reason
FROM stock_push WHERE differs_since < $limit OR differs_since > $ahead ORDER BY since, client, sku
"""
UNKNOWN = f"""
SELECT client, sku, product_id, outcome, reason FROM stock_push
WHERE outcome IN {sql_list(outcome for outcome in StockOutcome if not outcome.is_pair)}
  AND NOT list_contains($tests, sku)
ORDER BY client, outcome, sku, product_id
"""  # noqa: S608 - made of constants


@dg.asset_check(
    asset=NPF_PLATFORM.key,
    name="stock_conservation",
    description="The units in process and on back order add up to the units of the open orders.",
)
def stock_conservation(services: dg.ResourceParam[Services]) -> dg.AssetCheckResult:
    """Add up the open orders of each SKU."""
    found = [
        {"client": client, "sku": sku, "what": what}
        for client in sorted(services.setups().clients)
        for sku, what in _imbalances(services, client)
    ]
    return listed_result(found, "imbalances", dg.AssetCheckSeverity.ERROR)


@dg.asset_check(
    asset=NPF_PLATFORM.key,
    name="order_skus_known",
    description="The warehouse has a stock row of every SKU on an open order.",
)
def order_skus_known(services: dg.ResourceParam[Services]) -> dg.AssetCheckResult:
    """List the SKUs of open orders without a stock row."""
    setups = services.setups().clients
    found = [
        {
            "client": unknown.client,
            "sku": unknown.sku,
            "orders": str(unknown.orders),
            "units": str(unknown.units),
            "first_order": unknown.first_order,
            "what_to_do": "have the warehouse take the SKU into its count, or correct the code in the store",
        }
        for unknown in services.platform.unknown_skus(setups, lambda client: own_numbers(services, setups[client]))
    ]
    return listed_result(found, "unknown_to_the_warehouse", dg.AssetCheckSeverity.WARN)


@dg.asset_check(
    asset=STORE_AMOUNTS.key,
    name="stock_drift",
    description=f"No amount in a store stays wrong for longer than {DRIFT_AFTER}, or {_PUSHES} times the client's own "
    "stock.every_minutes.",
)
def stock_drift(services: dg.ResourceParam[Services]) -> dg.AssetCheckResult:
    """List the differences of the last pushes that are too old."""
    now = datetime.now(UTC)
    # A time in the future counts as unknown, so it is drift.
    found = lake_rows(services, _DRIFT, limit=now - DRIFT_AFTER, ahead=now + TOLERANCE)
    setups = services.setups().clients
    found = [row for row in found if not _is_between_pushes(setups.get(row["client"]), row, now)]
    return listed_result(found, "drift", dg.AssetCheckSeverity.ERROR)


@dg.asset_check(
    asset=STORE_AMOUNTS.key,
    name="unknown_skus",
    description="Every SKU of a warehouse is one product of its store, and the other way round.",
)
def unknown_skus(services: dg.ResourceParam[Services]) -> dg.AssetCheckResult:
    """List the SKUs that the last pushes could not match."""
    return listed_result(lake_rows(services, UNKNOWN, tests=sorted(TEST_SKUS)), "unknown", dg.AssetCheckSeverity.WARN)


def _is_between_pushes(setup: MasterSetup | None, row: Mapping[str, str], now: datetime) -> bool:
    """Whether a client with longer intervals of its own may still have the difference."""
    interval = setup.interval("stock") if setup else None
    since = datetime.fromisoformat(row["since"])
    return interval is not None and since <= now + TOLERANCE and now - since <= _PUSHES * interval


def _imbalances(services: Services, client: str) -> list[tuple[str, str]]:
    """The client's imbalances that show in each of a few reads: orders move between two queries."""
    reads = []
    for _ in range(_READS):
        figures, _known = services.platform.count_stock(client, [])
        figures = [figure for figure in figures if not figure.unreadable]
        reads.append(imbalances(figures, services.platform.open_records(client).values()))
        if not reads[-1]:
            return []
    return [imbalance for imbalance in reads[0] if all(imbalance in read for read in reads)]


STOCK_CHECKS = [stock_conservation, order_skus_known, stock_drift, unknown_skus]

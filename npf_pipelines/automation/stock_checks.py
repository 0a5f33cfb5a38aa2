"""The asset checks of stock: figures that add up, amounts that stay wrong, SKUs that only one side knows.

Not here: what would put it right (the assets do, run again).
"""

from datetime import UTC, datetime, timedelta

import dagster as dg

from npf_pipelines.assets.specs import NPF_PLATFORM, STORE_AMOUNTS
from npf_pipelines.automation.check_results import lake_rows, listed_result
from npf_pipelines.domain.clock import TOLERANCE
from npf_pipelines.rules.orders import TEST_SKUS
from npf_pipelines.rules.stock_audit import imbalances
from npf_pipelines.runs.services import Services

DRIFT_AFTER = timedelta(minutes=90)
"""How long a store may have another amount than it should: stock is pushed every hour."""
_LOOKS = 3

_DRIFT = """
SELECT client, sku, product_id, wanted, before AS in_store, differs_since AS since, reason
FROM stock_push WHERE differs_since < $limit OR differs_since > $ahead ORDER BY since, client, sku
"""
_UNKNOWN = """
SELECT client, sku, product_id, outcome, reason FROM stock_push
WHERE outcome IN ('not_in_store', 'not_in_warehouse', 'left_warehouse', 'several_products', 'several_counts', 'no_code')
  AND NOT list_contains($tests, sku)
ORDER BY client, outcome, sku, product_id
"""


def stock_checks(services: Services) -> list[dg.AssetChecksDefinition]:
    """The four checks, each over all clients."""

    @dg.asset_check(
        asset=NPF_PLATFORM.key,
        name="stock_conservation",
        description="The units in process and on back order are those of the open orders.",
    )
    def stock_conservation() -> dg.AssetCheckResult:
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
    def order_skus_known() -> dg.AssetCheckResult:
        clients = services.setups().clients
        found = [
            {
                "client": one.client,
                "sku": one.sku,
                "orders": str(one.orders),
                "units": str(one.units),
                "first_order": one.first_order,
                "what_to_do": "have the warehouse take the SKU into its count, or correct the code in the store",
            }
            for one in services.platform.unknown_skus()
            if one.client in clients
        ]
        return listed_result(found, "unknown_to_the_warehouse", dg.AssetCheckSeverity.WARN)

    @dg.asset_check(
        asset=STORE_AMOUNTS.key,
        name="stock_drift",
        description=f"No amount in a store is another than wanted for longer than {DRIFT_AFTER}.",
    )
    def stock_drift() -> dg.AssetCheckResult:
        now = datetime.now(UTC)
        # A time in the future counts as unknown, so it is drift.
        found = lake_rows(services, _DRIFT, limit=now - DRIFT_AFTER, ahead=now + TOLERANCE)
        return listed_result(found, "drift", dg.AssetCheckSeverity.ERROR)

    @dg.asset_check(
        asset=STORE_AMOUNTS.key,
        name="unknown_skus",
        description="Every SKU of a warehouse is one product of its store, and the other way round.",
    )
    def unknown_skus() -> dg.AssetCheckResult:
        return listed_result(
            lake_rows(services, _UNKNOWN, tests=sorted(TEST_SKUS)), "unknown", dg.AssetCheckSeverity.WARN
        )

    return [stock_conservation, order_skus_known, stock_drift, unknown_skus]


def _imbalances(services: Services, client: str) -> list[tuple[str, str]]:
    """The client's imbalances that show in each of a few looks: orders move between two queries."""
    looks = []
    for _ in range(_LOOKS):
        figures, _known = services.platform.count_stock(client, [])
        figures = [figure for figure in figures if not figure.unreadable]
        looks.append(imbalances(figures, services.platform.open_records(client).values()))
        if not looks[-1]:
            return []
    return [one for one in looks[0] if all(one in look for look in looks)]

"""The asset checks of master setups and of the platform's exceptions, and the list of all checks.

All checks belong to the external assets, which are never materialized: the UI runs an asset's checks along with the
asset, even for one partition, and drops their result as soon as any partition of the asset is materialized.
Not here: the audit of the orders (gap_audit.py), the checks of the flows (flow_checks.py), of stock (stock_checks.py)
and of each store as a whole (store_checks.py), corrections (the assets, run again).
"""

import asyncio
import logging

import dagster as dg

from npf_pipelines.assets.specs import NPF_PLATFORM, STORE_ORDERS
from npf_pipelines.assets.store_facts import readable_statuses
from npf_pipelines.automation.check_results import lake_rows, listed_result, logged_reason
from npf_pipelines.automation.flow_checks import FLOW_CHECKS
from npf_pipelines.automation.gap_audit import gap_audit
from npf_pipelines.automation.stock_checks import STOCK_CHECKS
from npf_pipelines.automation.store_checks import store_fits
from npf_pipelines.rules.client_mode import mode_misfit
from npf_pipelines.rules.setup_check import misfits
from npf_pipelines.runs.client_mode import was_live
from npf_pipelines.runs.isolation import run_isolated
from npf_pipelines.runs.services import Services

_LOG = logging.getLogger(__name__)
_STORES_AT_ONCE = 100


@dg.asset_check(
    asset=NPF_PLATFORM.key,
    name="order_exceptions",
    description="No order differs between store and platform in a way that the platform can't follow by itself.",
)
def order_exceptions(services: dg.ResourceParam[Services]) -> dg.AssetCheckResult:
    """List the rows of the view order_exceptions."""
    records = lake_rows(services, "FROM order_exceptions ORDER BY since, client, order_number")
    return listed_result(records, "exceptions", dg.AssetCheckSeverity.WARN)


@dg.asset_check(
    asset=STORE_ORDERS.key,
    name="setups_fit",
    description="Every master setup fits its client's store, and names no status that gives stock back.",
)
def setups_fit(services: dg.ResourceParam[Services]) -> dg.AssetCheckResult:
    """Compare each master setup with its store's statuses."""
    # Nothing runs for a client whose setup can't be read; a setup that doesn't fit still runs as it says.
    severity = dg.AssetCheckSeverity.ERROR if services.setups().errors else dg.AssetCheckSeverity.WARN
    return listed_result(asyncio.run(_misfits(services)), "misfits", severity)


async def _misfits(services: Services) -> list[dict[str, str]]:
    setups = services.setups()

    async def check(client: str) -> list[str]:
        setup = setups.clients[client]
        async with services.store(setup) as store:
            statuses, were_read = await readable_statuses(store)
            found = misfits(setup, statuses, were_read=were_read) + [str(row) for row in store.unreadable]
        is_asked = setup.mode != "live"
        mode = mode_misfit(setup.mode, was_live=is_asked and await asyncio.to_thread(was_live, setup, services))
        return [*([mode] if mode else []), *found]

    outcomes = await run_isolated(setups.clients, check, at_once=_STORES_AT_ONCE)
    found = [{"client": "", "what": error} for error in setups.errors]
    for client, outcome in outcomes.items():
        sentences = [logged_reason(_LOG, client, outcome)] if isinstance(outcome, Exception) else outcome
        found += [{"client": client, "what": sentence} for sentence in sentences]
    return sorted(found, key=lambda record: (record["client"], record["what"]))


CHECKS = [gap_audit, order_exceptions, setups_fit, store_fits, *FLOW_CHECKS, *STOCK_CHECKS]

"""The asset checks: what must be true of the tables, asked anew, with the list of what isn't.

They all belong to the assets outside, which nobody materializes: the UI runs an asset's checks along with it, for
however few partitions, and forgets what they found as soon as any partition of it is made again.
Not here: those of the flows (flow_checks.py) and of stock (stock_checks.py), and what would put it right (the assets
do, run again).
"""

import asyncio
from datetime import UTC, datetime, timedelta

import dagster as dg

from npf_pipelines.assets.metadata import records_value
from npf_pipelines.assets.specs import NPF_PLATFORM, STORE_ORDERS
from npf_pipelines.assets.store_facts import readable_statuses
from npf_pipelines.automation.flow_checks import flow_checks
from npf_pipelines.automation.listing import lake_rows
from npf_pipelines.automation.stock_checks import stock_checks
from npf_pipelines.cscart.errors import StoreError
from npf_pipelines.cscart.models import OrderStub
from npf_pipelines.house import House
from npf_pipelines.master_setup import MasterSetup, SetupError
from npf_pipelines.partitions import LOOK_BACK
from npf_pipelines.rules.audit import Gap, gaps
from npf_pipelines.rules.days import day_of, start_of_day
from npf_pipelines.rules.setup_check import misfits

_PULLED_UNTIL = """
SELECT greatest(
  (SELECT max(pulled_at) FROM raw_orders WHERE client = $client),
  (SELECT max(changes_read_until) FROM store_facts WHERE client = $client)
)
"""


def all_checks(house: House) -> list[dg.AssetChecksDefinition]:
    """The checks of all families."""

    @dg.asset_check(
        asset=STORE_ORDERS.key,
        name="gap_audit",
        description="Every order of the last 30 days has a decision, and every accepted one is on the platform.",
    )
    def gap_audit() -> dg.AssetCheckResult:
        found, unread = asyncio.run(_audit(house))
        return dg.AssetCheckResult(
            passed=not found and not unread,
            metadata={
                "missing": records_value(
                    [{"client": gap.client, "order": gap.order, "what": gap.what} for gap in found]
                ),
                "not_audited": records_value([{"client": client, "why": why} for client, why in unread.items()]),
            },
        )

    @dg.asset_check(
        asset=NPF_PLATFORM.key,
        name="order_exceptions",
        description="No order differs between store and platform that the platform can't follow by itself any more.",
    )
    def order_exceptions() -> dg.AssetCheckResult:
        records = lake_rows(house, "FROM order_exceptions ORDER BY since, client, order_number")
        return dg.AssetCheckResult(
            passed=not records,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"exceptions": records_value(records)},
        )

    @dg.asset_check(
        asset=STORE_ORDERS.key,
        name="setups_fit",
        description="Every master setup fits its client's store, and names no status that gives stock back.",
    )
    def setups_fit() -> dg.AssetCheckResult:
        records = asyncio.run(_misfits(house))
        return dg.AssetCheckResult(
            passed=not records, severity=dg.AssetCheckSeverity.WARN, metadata={"misfits": records_value(records)}
        )

    return [gap_audit, order_exceptions, setups_fit, *flow_checks(house), *stock_checks(house)]


async def _misfits(house: House) -> list[dict[str, str]]:
    setups = house.setups()
    found = [{"client": "", "what": error} for error in setups.errors]

    async def check(setup: MasterSetup) -> None:
        try:
            async with house.store(setup) as store:
                statuses, were_read = await readable_statuses(store)
                sentences = misfits(setup, statuses, were_read=were_read)
        except (StoreError, SetupError) as error:
            sentences = [str(error)]
        found.extend({"client": setup.id, "what": sentence} for sentence in sentences)

    async with asyncio.TaskGroup() as checks:
        for setup in setups.clients.values():
            checks.create_task(check(setup))
    return sorted(found, key=lambda record: (record["client"], record["what"]))


async def _audit(house: House) -> tuple[list[Gap], dict[str, str]]:
    """What is missing, and the clients whose store couldn't be asked."""
    now = datetime.now(UTC)
    found: list[Gap] = []
    unread: dict[str, str] = {}
    lake = house.lake.connect()

    async def audit(setup: MasterSetup) -> None:
        (until,) = lake.execute(_PULLED_UNTIL, {"client": setup.id}).fetchone() or (None,)
        try:
            stubs = await _listed(house, setup, now, until or now)
        except (StoreError, SetupError) as error:
            unread[setup.id] = str(error)
            return
        query = "SELECT order_id, decision FROM filtered_orders WHERE client = $1"
        decisions = dict(lake.execute(query, [setup.id]).fetchall())
        records = house.platform.records_placed(setup.id, now - LOOK_BACK - timedelta(days=1), now)
        on_platform = {record.order.store_order_id for record in records.values()}
        found.extend(gaps(setup.id, [stub.order_id for stub in stubs], decisions, on_platform))

    async with asyncio.TaskGroup() as audits:
        for setup in house.setups().clients.values():
            audits.create_task(audit(setup))
    return sorted(found, key=lambda gap: (gap.client, gap.order)), unread


async def _listed(house: House, setup: MasterSetup, now: datetime, until: datetime) -> list[OrderStub]:
    """The orders that the store lists in the window, up to the last one pulled: younger ones aren't due yet."""
    first = max(setup.orders.start_date, day_of(now - LOOK_BACK, setup.zone))
    async with house.store(setup) as store:
        return [stub async for stub in store.order_stubs(start_of_day(first, setup.zone), until)]

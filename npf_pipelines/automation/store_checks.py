"""The asset check of the findings of `npf client check`, for all clients.

Not here: the check of one store (runs/store_check.py), the other checks (checks.py).
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import dagster as dg

from npf_pipelines.assets.specs import STORE_ORDERS
from npf_pipelines.automation.check_results import logged_reason
from npf_pipelines.domain.store_check import Finding, Level, StoreCheck
from npf_pipelines.runs.isolation import run_isolated
from npf_pipelines.runs.metadata import records_value
from npf_pipelines.runs.services import Services
from npf_pipelines.runs.store_check import check_store

_LOG = logging.getLogger(__name__)
_STORES_AT_ONCE = 20
"""Each asks several questions at a time."""
_LISTED = 500
"""The most findings that a result lists, errors first."""
_SHOWN = (Level.ERROR, Level.WARNING, Level.UNKNOWN)


@dg.asset_check(
    asset=STORE_ORDERS.key,
    name="store_fits",
    description="No store of a client that isn't paused has an error among the findings of npf client check: access, "
    "rights, user ID, clock, statuses, shipping methods, SKUs, stock locations.",
)
def store_fits(services: dg.ResourceParam[Services]) -> dg.AssetCheckResult:
    """Check each store."""
    return fits_result(asyncio.run(_checks(services)))


async def _checks(services: Services) -> list[StoreCheck]:
    setups = {client: setup for client, setup in services.setups().clients.items() if not setup.paused}

    async def check(client: str) -> StoreCheck:
        return await check_store(services, setups[client])

    outcomes = await run_isolated(setups, check, at_once=_STORES_AT_ONCE)
    return [
        _failed(client, outcome) if isinstance(outcome, Exception) else outcome for client, outcome in outcomes.items()
    ]


def _failed(client: str, failure: Exception) -> StoreCheck:
    return StoreCheck(client, datetime.now(UTC), [Finding("check", Level.ERROR, logged_reason(_LOG, client, failure))])


def fits_result(checks: Iterable[StoreCheck]) -> dg.AssetCheckResult:
    """The result of the checks: passed if no finding is an error; warnings and unknown things are listed, too."""
    checks = sorted(checks, key=lambda check: check.client)
    errors = sum(check.count(Level.ERROR) for check in checks)
    return dg.AssetCheckResult(
        passed=not errors,
        metadata={
            "clients": len(checks),
            "errors": errors,
            "warnings": sum(check.count(Level.WARNING) for check in checks),
            "unknown": sum(check.count(Level.UNKNOWN) for check in checks),
            "requests": sum(check.requests for check in checks),
            "by_client": records_value([_counts(check) for check in checks]),
            "findings": records_value(
                [
                    _record(check.client, finding)
                    for level in _SHOWN
                    for check in checks
                    for finding in check.findings
                    if finding.level is level
                ][:_LISTED]
            ),
        },
    )


def _counts(check: StoreCheck) -> Mapping[str, str]:
    counts = {level.value: str(check.count(level)) for level in Level}
    return {"client": check.client, "checked_at": f"{check.checked_at:%Y-%m-%d %H:%M:%S} UTC", **counts}


def _record(client: str, finding: Finding) -> Mapping[str, str]:
    return {
        "client": client,
        "level": finding.level.value,
        "topic": finding.topic,
        "finding": finding.sentence,
        "what_to_do": finding.what_to_do,
    }

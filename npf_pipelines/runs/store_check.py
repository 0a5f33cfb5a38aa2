"""One client's check, from its master setup to the findings.

Not here: the questions (reconcile/store_check.py), the judgement (rules/store_check/), how findings are shown
(cli/client/check.py, automation/store_checks.py).
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime

from npf_pipelines.config.master_setup import MasterSetup, SetupError
from npf_pipelines.domain.store_answers import WarehouseRead
from npf_pipelines.domain.store_check import StoreCheck
from npf_pipelines.reconcile.store_check import ask_store
from npf_pipelines.reports.issued_certificates import issued_certificate
from npf_pipelines.rules.store_check.access import no_key
from npf_pipelines.rules.store_check.findings import findings
from npf_pipelines.runs.own_numbers import own_numbers
from npf_pipelines.runs.services import Services
from npf_pipelines.runs.sku_map import map_at_source

_ATTEMPTS = 2


async def check_store(services: Services, setup: MasterSetup) -> StoreCheck:
    """Check a client's store. Nothing is written to it."""
    now = datetime.now(UTC)
    try:
        opened = services.store(setup, read_only=True, attempts=_ATTEMPTS)
    except SetupError as error:
        return StoreCheck(setup.id, now, [no_key(str(error))])

    def read_warehouse(order_ids: Collection[str]) -> WarehouseRead:
        platform = services.platform
        skus = frozenset(platform.skus(setup.id))
        sku_map, wrong = map_at_source(services, setup, skus)
        imported = frozenset(platform.states_of(setup.id, order_ids, own_numbers(services, setup)))
        return WarehouseRead(skus, imported, platform.takes_despatch_methods, sku_map, wrong)

    async with opened as store:
        answers = await ask_store(store, setup, read_warehouse, now)
        answers = replace(answers, certificate=issued_certificate(services.settings, setup))
        return StoreCheck(setup.id, now, findings(setup, answers, now), store.requests)

"""The days with an order that was held for want of a despatch code, and that the client's map knows by now.

Not here: the map (rules/despatch.py), the other days that are due (changed_days.py).
"""

import asyncio
from collections.abc import Collection
from datetime import date

from npf_pipelines.domain.open_kinds import open_key
from npf_pipelines.domain.outcomes import Rule
from npf_pipelines.domain.store_orders import ShippingMethod
from npf_pipelines.lake.tables import FILTERED_ORDERS, RAW_ORDERS
from npf_pipelines.rules.despatch import DespatchMap, NoDespatchCode
from npf_pipelines.runs.client_run import ClientRun
from npf_pipelines.state.open_items import days_with

_KIND = open_key(Rule.NO_DESPATCH_CODE)


async def mapped_days(client_run: ClientRun, despatch: DespatchMap | None) -> set[date]:
    """The days; none for a run that doesn't reach today.

    Args:
        client_run: the client's part of the run.
        despatch: the client's map; None if it has none any more.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the state's database can't be reached.
    """
    if client_run.today not in client_run.days:
        return set()
    return await asyncio.to_thread(_mapped, client_run, despatch)


def _mapped(client_run: ClientRun, despatch: DespatchMap | None) -> set[date]:
    held = days_with(client_run.services.state, client_run.client, [_KIND])
    return {day for day in held if despatch is None or _is_mapped(client_run, despatch, day)}


def _is_mapped(client_run: ClientRun, despatch: DespatchMap, day: date) -> bool:
    decided = client_run.tables.columns(FILTERED_ORDERS, ["order_id", "rule"], day).to_pylist()
    held = {row["order_id"] for row in decided if row["rule"] == Rule.NO_DESPATCH_CODE}
    pulled = client_run.tables.columns(RAW_ORDERS, ["order_id", "shipping"], day).to_pylist()
    return any(_has_code(despatch, row["shipping"] or ()) for row in pulled if row["order_id"] in held)


def _has_code(despatch: DespatchMap, methods: Collection[dict[str, object]]) -> bool:
    try:
        despatch.code_of([ShippingMethod.model_validate(method) for method in methods])
    except NoDespatchCode:
        return False
    return True

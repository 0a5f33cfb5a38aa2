"""The days with an order that waited for a despatch code, itself or its edit, and that the client's map knows by now.

Not here: the map (rules/despatch.py), the other days that are due (changed_days.py).
"""

from collections.abc import Callable, Collection
from datetime import date

from npf_pipelines.domain.open_kinds import open_key
from npf_pipelines.domain.outcomes import OrderOutcome, Rule
from npf_pipelines.domain.store_orders import ShippingMethod
from npf_pipelines.lake.broken_files import BrokenFile
from npf_pipelines.lake.tables import FILTERED_ORDERS, PLATFORM_ORDERS, RAW_ORDERS
from npf_pipelines.rules.despatch import MAP_FIELD, DespatchMap, NoDespatchCode
from npf_pipelines.runs.client_run import ClientRun

_HELD, _DIFFERS = open_key(Rule.NO_DESPATCH_CODE), open_key(OrderOutcome.DIFFERS)


def mapped_days(client_run: ClientRun, despatch: DespatchMap | None) -> set[date]:
    """The days; none for a run that doesn't reach today.

    Args:
        client_run: the client's part of the run.
        despatch: the client's map; None if it has none any more.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the state's database can't be reached.
    """
    if client_run.today not in client_run.days:
        return set()
    held = {day for day in client_run.days_with([_HELD]) if _is_due(client_run, despatch, day, _held)}
    return held | {day for day in client_run.days_with([_DIFFERS]) if _is_due(client_run, despatch, day, _unwritten)}


def _is_due(
    client_run: ClientRun, despatch: DespatchMap | None, day: date, waiting: Callable[[ClientRun, date], set[str]]
) -> bool:
    try:
        order_ids = waiting(client_run, day)
        return bool(order_ids) and _is_mapped(client_run, despatch, day, order_ids)
    except BrokenFile:  # The day is pulled, and its failure names the file.
        return True


def _held(client_run: ClientRun, day: date) -> set[str]:
    rows = client_run.tables.columns(FILTERED_ORDERS, ["order_id", "rule"], day).to_pylist()
    return {row["order_id"] for row in rows if row["rule"] == Rule.NO_DESPATCH_CODE}


def _unwritten(client_run: ClientRun, day: date) -> set[str]:
    """The imported orders whose edit, the address included, waits for the code of another shipping method."""
    rows = client_run.tables.columns(PLATFORM_ORDERS, ["order_id", "outcome", "reason"], day).to_pylist()
    return {row["order_id"] for row in rows if row["outcome"] == OrderOutcome.DIFFERS and MAP_FIELD in row["reason"]}


def _is_mapped(client_run: ClientRun, despatch: DespatchMap | None, day: date, order_ids: Collection[str]) -> bool:
    if despatch is None:
        return True
    pulled = client_run.tables.columns(RAW_ORDERS, ["order_id", "shipping"], day).to_pylist()
    return any(_has_code(despatch, row["shipping"] or ()) for row in pulled if row["order_id"] in order_ids)


def _has_code(despatch: DespatchMap, methods: Collection[dict[str, object]]) -> bool:
    try:
        despatch.code_of([ShippingMethod.model_validate(method) for method in methods])
    except NoDespatchCode:
        return False
    return True

"""The days with an order that a rule of the master setup held, and that the setup takes out of the rule by now.

Not here: the rules (rules/holds.py), the other days that are due (changed_days.py, mapped_days.py).
"""

from datetime import date

from npf_pipelines.assets.order_rows import order_of
from npf_pipelines.domain.open_kinds import open_key
from npf_pipelines.domain.outcomes import Rule
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.lake.broken_files import BrokenFile
from npf_pipelines.lake.tables import FILTERED_ORDERS, RAW_ORDERS
from npf_pipelines.rules.holds import HoldRules, held_by_rule
from npf_pipelines.runs.client_run import ClientRun

_KIND = open_key(Rule.HELD_BY_RULE)


def lifted_days(client_run: ClientRun, rules: HoldRules) -> set[date]:
    """The days; none for a run that doesn't reach today.

    Args:
        client_run: the client's part of the run.
        rules: the client's hold rules now.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the state's database can't be reached.
    """
    if client_run.today not in client_run.days:
        return set()
    held = client_run.days_with([_KIND])
    return {day for day in held if _is_due(client_run, rules, day)}


def _is_due(client_run: ClientRun, rules: HoldRules, day: date) -> bool:
    try:
        return _is_lifted(client_run, rules, day)
    except BrokenFile:  # The day is pulled, and its failure names the file.
        return True


def _is_lifted(client_run: ClientRun, rules: HoldRules, day: date) -> bool:
    tables = client_run.tables
    if tables.lacks_personal(RAW_ORDERS, day):  # Without the addresses nobody knows the country.
        return False
    decided = tables.columns(FILTERED_ORDERS, ["order_id", "rule"], day).to_pylist()
    held = {row["order_id"] for row in decided if row["rule"] == Rule.HELD_BY_RULE}
    orders = (order_of(row) for row in tables.read_if_written(RAW_ORDERS, day) if row["order_id"] in held)
    return any(isinstance(order, Order) and not held_by_rule(order, rules) for order in orders)

"""Deletes old actions of people on held orders from the state: a reason may name a shopper.

Not here: which of them are old (rules/retention.py), their table (state/hold_actions.py), when it is done
(retention.py). The moments of release stay until a run has dealt with them (state/due_decisions.py).
"""

from datetime import datetime

from npf_pipelines.domain.outcomes import Decision, OrderOutcome
from npf_pipelines.rules.retention import old_hold_actions
from npf_pipelines.runs.services import Services
from npf_pipelines.state.hold_actions import forget_old_holds, read_hold_actions

_HELD = f"""
SELECT order_id FROM filtered_orders WHERE list_contains($ids, order_id) AND decision = '{Decision.HELD}'
"""  # noqa: S608 - a constant
_IMPORTED = f"""
SELECT order_id FROM platform_orders
WHERE list_contains($ids, order_id) AND imported_at IS NOT NULL AND outcome <> '{OrderOutcome.CANCELLED}'
"""  # noqa: S608 - a constant


def drop_old_holds(services: Services, client: str, before: datetime) -> int:
    """Delete the client's actions from before a moment that nobody needs; the number of orders.

    Raises:
        duckdb.Error: the tables can't be read, so nothing was deleted.
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    actions = read_hold_actions(services.state, client)
    old = [action for action in actions.values() if action.acted_at < before]
    if not old:
        return 0
    ids = {"ids": [action.order_id for action in old]}
    with services.lake.connect(client) as lake:
        held, imported = ({row[0] for row in lake.execute(query, ids).rows} for query in (_HELD, _IMPORTED))
    gone, without_reason = old_hold_actions(old, held, imported, before)
    forget_old_holds(services.state, client, before, actions=gone, reasons=without_reason)
    return len(gone) + len(without_reason)

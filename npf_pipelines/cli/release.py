"""`npf release`: a held order may go, whatever holds it but the want of a despatch code.

Not here: holding an order (hold.py), what follows for the order (rules/holds.py).
"""

from datetime import UTC, datetime
from typing import Annotated

import typer

from npf_pipelines.cli.hold import LONGEST_REASON
from npf_pipelines.cli.order_hold import found_order, note_due_now, the_user
from npf_pipelines.cli.output import fail, stdout
from npf_pipelines.cli.plain import plain
from npf_pipelines.config.settings import Settings
from npf_pipelines.domain.hold_actions import HoldAction
from npf_pipelines.domain.outcomes import Decision, Rule
from npf_pipelines.domain.text import one_line
from npf_pipelines.runs.services import Services
from npf_pipelines.state.hold_actions import keep_hold_action, read_hold_actions


def release(
    client: Annotated[str, typer.Argument(help="The client's id.")],
    order_number: Annotated[str, typer.Argument(help="The order's number, with or without the order prefix.")],
    *,
    reason: Annotated[str, typer.Option(help="Why: shown by npf trace.")] = "",
) -> None:
    """Release a held order: a person's hold, a rule's, or the rest of a grace period. The next run imports it."""
    services = Services(Settings())
    order = found_order(services, client, order_number)
    before = read_hold_actions(services.state, client).get(order.order_id)
    if before and not before.is_hold:
        fail(f"{client}: order {order.order_id} was {before.explained} already")
    if not before and order.decision != Decision.HELD:
        decided = f"the decision on it is: {order.decision}" if order.decision else "no run has decided on it"
        fail(f"{client}: order {order.order_id} is not held; {decided}")
    if not before and order.rule == Rule.NO_DESPATCH_CODE:
        fail(
            f"{client}: order {order.order_id} has no despatch code, which no release can give it. "
            f"{Rule.NO_DESPATCH_CODE.what_to_do}"
        )
    action = HoldAction(order.order_id, False, datetime.now(UTC), the_user(), one_line(reason, LONGEST_REASON))
    keep_hold_action(services.state, client, action)
    note_due_now(services, client, order)
    when = "within two minutes while the automation runs" if order.days else "as soon as a run pulls it"
    stdout().print(plain(f"{client}: order {order.order_id} is {action.explained}. It is decided on again {when}."))

"""`npf hold`: an order that must not come to the warehouse before a person releases it.

Not here: its release (release.py), what follows for the order (rules/holds.py).
"""

import time
from datetime import UTC, datetime
from typing import Annotated

import typer

from npf_pipelines.cli.order_hold import found_order, note_due_now, the_user
from npf_pipelines.cli.output import fail, stdout
from npf_pipelines.cli.plain import plain
from npf_pipelines.cli.program import program
from npf_pipelines.config.settings import Settings
from npf_pipelines.domain.hold_actions import HoldAction
from npf_pipelines.domain.platform_orders import OrderState, OrderStatus
from npf_pipelines.domain.text import one_line
from npf_pipelines.runs.services import Services
from npf_pipelines.state.hold_actions import forget_hold_action, keep_hold_action, read_hold_actions
from npf_pipelines.state.lease import held_now

LONGEST_REASON = 200
_SECONDS_OF_AN_IMPORT = 2.0
"""How long an import may take that a run began before it could see the hold."""


def hold(
    client: Annotated[str, typer.Argument(help="The client's id.")],
    order_number: Annotated[str, typer.Argument(help="The order's number, with or without the order prefix.")],
    *,
    reason: Annotated[str, typer.Option(help="Why: shown with the order.")] = "",
) -> None:
    """Hold an order until npf release; also one that no run has pulled yet. Its units stay reserved."""
    services = Services(Settings())
    order = found_order(services, client, order_number)
    if imported := _imported(services, client, order.order_id):
        fail(_too_late(client, imported))
    before = read_hold_actions(services.state, client).get(order.order_id)
    if before and before.is_hold:
        stdout().print(plain(f"{client}: order {order.order_id} is {before.words}. It stays so."))
        return
    action = HoldAction(order.order_id, True, datetime.now(UTC), the_user(), one_line(reason, LONGEST_REASON))
    keep_hold_action(services.state, client, action)
    if client in held_now(services.state, "orders"):
        time.sleep(_SECONDS_OF_AN_IMPORT)
    if imported := _imported(services, client, order.order_id):
        forget_hold_action(services.state, client, order.order_id)
        fail(_too_late(client, imported))
    note_due_now(services, client, order)
    unknown = "" if order.days else " No run has pulled it yet: check the number."
    stdout().print(
        plain(
            f"{client}: order {order.order_id} is {action.words}.{unknown} "
            f"To let it go: {program()} release {client} {order.order_id}"
        )
    )


def _imported(services: Services, client: str, order_id: str) -> OrderState | None:
    """The order on the platform; a cancelled one may be taken up again, and can be held before."""
    states = services.platform.states_of(client, [order_id]).get(order_id, ())
    on_the_way = [state for state in states if state.status is not OrderStatus.CANCELLED]
    return max(on_the_way, key=lambda state: state.imported_at, default=None)


def _too_late(client: str, state: OrderState) -> str:
    return (
        f"{client}: order {state.order_number} can't be held: it has been on the platform since "
        f"{state.imported_at:%Y-%m-%d %H:%M} UTC, and is {state.status.replace('_', ' ')} there. "
        "To stop it, cancel it in the store, or ask the warehouse."
    )

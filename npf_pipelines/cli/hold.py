"""`npf hold`: an order that must not come to the warehouse before a person releases it.

Not here: its release (release.py), what follows for the order (rules/holds.py).
"""

import time
from datetime import UTC, datetime
from typing import Annotated

import typer

from npf_pipelines.cli.exit_codes import LEASE_HELD
from npf_pipelines.cli.order_hold import found_order, note_due_now, the_user
from npf_pipelines.cli.output import fail, stderr, stdout
from npf_pipelines.cli.plain import plain
from npf_pipelines.cli.program import program
from npf_pipelines.config.settings import Settings
from npf_pipelines.domain.hold_actions import HoldAction
from npf_pipelines.domain.own_numbers import OwnNumbers
from npf_pipelines.domain.platform_orders import OrderState, OrderStatus
from npf_pipelines.domain.text import one_line
from npf_pipelines.runs.own_numbers import own_numbers
from npf_pipelines.runs.services import Services
from npf_pipelines.state.hold_actions import forget_hold_action, keep_hold_action, read_hold_actions
from npf_pipelines.state.lease import holder_of

LONGEST_REASON = 200
_PAUSE = 0.5
"""Seconds between two questions whether the run is still at work."""
_QUIET_SECONDS = 2.0
"""How long to wait for it without a word: most imports are done then."""
_LONGEST_WAIT = 600.0


def hold(
    client: Annotated[str, typer.Argument(help="The client's id.")],
    order_number: Annotated[str, typer.Argument(help="The order's number, with or without the order prefix.")],
    *,
    reason: Annotated[str, typer.Option(help="Why: shown by npf trace.")] = "",
) -> None:
    """Hold an order until npf release; also one that no run has pulled yet. Its units stay reserved.

    A run at work may have begun to import the order: the command waits until it is known.
    """
    services = Services(Settings())
    order = found_order(services, client, order_number)
    own = own_numbers(services, services.setups()[client])
    if imported := _imported(services, client, order.order_id, own):
        fail(_too_late(client, imported))
    action = read_hold_actions(services.state, client).get(order.order_id)
    if is_new := action is None or not action.is_hold:
        action = HoldAction(order.order_id, True, datetime.now(UTC), the_user(), one_line(reason, LONGEST_REASON))
        keep_hold_action(services.state, client, action)
        note_due_now(services, client, order)
    is_known = _wait_for_run(services, client, order.order_id, own)
    if imported := _imported(services, client, order.order_id, own):
        forget_hold_action(services.state, client, order.order_id)
        fail(_too_late(client, imported))
    if not is_known:
        stderr().print(plain(_unknown(client, order.order_id)), style="yellow")
        raise typer.Exit(LEASE_HELD)
    stays = "" if is_new else " It stays so."
    unknown = "" if order.days else " No run has pulled it yet: check the number."
    stdout().print(
        plain(
            f"{client}: order {order.order_id} is {action.explained}.{stays}{unknown} "
            f"To let it go: {program()} release {client} {order.order_id}"
        )
    )


def _wait_for_run(services: Services, client: str, order_id: str, own: OwnNumbers) -> bool:
    """Wait for the end of a run that began before the hold: it may be importing the order.

    Returns:
        Whether the run is over, or has imported the order. A run that begins later sees the hold.
    """
    holder = holder_of(services.state, client, "orders")
    began, has_said = time.monotonic(), False
    while holder and holder_of(services.state, client, "orders") == holder:
        waited = time.monotonic() - began
        if _imported(services, client, order_id, own):
            break
        if waited > _LONGEST_WAIT:
            return False
        if waited > _QUIET_SECONDS and not has_said:
            has_said = True
            stderr().print(
                plain(
                    f"{client}: a run of orders is at work, and may have begun to import order {order_id}: waiting for "
                    f"its end, {_LONGEST_WAIT / 60:.0f} minutes at most. The hold is set, also if you end the wait."
                ),
                style="yellow",
            )
        time.sleep(_PAUSE)
    return True


def _imported(services: Services, client: str, order_id: str, own: OwnNumbers) -> OrderState | None:
    """The order on the platform; a cancelled one may be taken up again, and can be held before."""
    states = services.platform.states_of(client, [order_id], own).get(order_id, ())
    on_the_way = [state for state in states if state.status is not OrderStatus.CANCELLED]
    return max(on_the_way, key=lambda state: state.imported_at, default=None)


def _unknown(client: str, order_id: str) -> str:
    return (
        f"{client}: the hold on order {order_id} is set, but a run of orders that began before it is still at work: it "
        f"may have begun to import the order. Run this again when it is over, to see what came of it: {program()} hold "
        f"{client} {order_id}"
    )


def _too_late(client: str, state: OrderState) -> str:
    return (
        f"{client}: order {state.order_number} can't be held: it has been on the platform since "
        f"{state.imported_at:%Y-%m-%d %H:%M} UTC, and is {state.status.replace('_', ' ')} there. "
        "To stop it, cancel it in the store, or ask the warehouse."
    )

"""`npf trace`: one order's whole history from the tables, in a form that can be sent to the merchant.

Not here: the history (lake/order_history.py), the page (reports/history_page.py).
"""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from npf_pipelines.cli.broken_files import name_broken
from npf_pipelines.cli.output import AsCsv, AsJson, OutputFormat, fail, output_format, print_json, print_rows, stdout
from npf_pipelines.cli.plain import plain
from npf_pipelines.cli.program import program
from npf_pipelines.config.settings import Settings
from npf_pipelines.domain.hold_actions import HoldAction
from npf_pipelines.lake.connection import LakeConnection
from npf_pipelines.lake.order_history import OrderHistory, read_history
from npf_pipelines.runs.services import Services
from npf_pipelines.state.hold_actions import read_hold_actions


def trace(
    client: Annotated[str, typer.Argument(help="The client's id.")],
    order_number: Annotated[str, typer.Argument(help="The order's number, with or without the order prefix.")],
    *,
    html: Annotated[
        Path | None, typer.Option(help="Write a page to this file instead, for example to send it.")
    ] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show an order's history in order of time: placed, each decision, imported, lodged, pushed, with reasons."""
    form = output_format(as_json=as_json, as_csv=as_csv)
    services = Services(Settings())
    setup = services.setups()[client]
    lake = services.lake.connect(client)
    history = read_history(lake, client, order_number, setup.orders.prefix)
    name_broken(lake)
    if history is None:
        fail(
            f"{client}: no order {order_number} has been pulled. Days pulled so far: {_days(lake, client)}. "
            f"Pull it alone: {program()} run orders --client {client} --order {order_number}"
        )
    if html:
        # Only drawing needs the templates.
        from npf_pipelines.reports.history_page import history_page  # noqa: PLC0415

        html.write_text(history_page(setup, history, datetime.now(UTC)), encoding="utf-8")
        stdout().print(plain(f"The history of order {history.number} is in {html}."))
    else:
        action = read_hold_actions(services.state, client).get(history.order_id)
        _print(_explained(history, action), form, setup.name, setup.zone, setup.store.time_zone)


def _explained(history: OrderHistory, action: HoldAction | None) -> OrderHistory:
    """With the reason of the latest hold or release, for the data team: the page that is sent doesn't have it."""
    if action is None:
        return history
    events = [replace(event, what=event.what.replace(action.words, action.explained)) for event in history.events]
    return replace(history, events=events)


def _print(history: OrderHistory, form: OutputFormat, name: str, zone: ZoneInfo, time_zone: str) -> None:
    events = [{"when": event.at and event.at.astimezone(zone), "what": event.what} for event in history.events]
    if form is OutputFormat.JSON:
        print_json({"order": history.number, "store_order": history.order_id, "time_zone": time_zone, "events": events})
    elif form is OutputFormat.CSV:
        print_rows(events, ("when", "what"), form)
    else:
        shown = [{**event, "when": event["when"] and f"{event['when']:%Y-%m-%d %H:%M}"} for event in events]
        print_rows(shown, ("when", "what"), title=f"Order {history.number} of {name}")
        stdout().print(plain(f"Times are in {time_zone}."))


def _days(lake: LakeConnection, client: str) -> str:
    query = "SELECT min(day), max(day) FROM raw_orders WHERE client = $1"
    first, last = lake.execute(query, [client]).fetchone() or (None, None)
    return f"{first} to {last}" if first else "none"

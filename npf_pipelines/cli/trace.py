"""`npf trace`: one order's whole story from the tables, in a form that can be sent to the merchant."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from npf_pipelines.cli.broken_files import name_broken
from npf_pipelines.cli.plain import plain
from npf_pipelines.config.master_setup import SetupError
from npf_pipelines.config.settings import Settings
from npf_pipelines.domain.outcomes import PushOutcome
from npf_pipelines.lake.connection import LakeConnection
from npf_pipelines.runs.services import Services

_CONSOLE = Console(highlight=False)

_ORDER = """
SELECT f.*, r.pulled_at FROM filtered_orders f LEFT JOIN raw_orders r USING (client, day, order_id)
WHERE f.client = $client AND (f.order_number = $number OR f.order_id IN ($number, $id))
ORDER BY f.order_number = $number DESC, f.decided_at DESC LIMIT 1
"""
_ON_PLATFORM = "FROM platform_orders WHERE client = $client AND order_number = $number"
_SHIPMENTS = """
FROM shipment_records FULL JOIN tracking_push USING (client, day, shipment_id, order_number)
WHERE client = $client AND order_number = $number ORDER BY day, lodged_at, shipment_id
"""
"""What was withdrawn since is in tracking_push only."""

_BECAME = {
    PushOutcome.WAITING: "Waits for the store",
    PushOutcome.REFUSED: "Refused by the store",
    PushOutcome.WITHDRAWN: "No longer lodged",
    PushOutcome.SET_ASIDE: "Set aside for a person",
}
"""What to say of a shipment that isn't in the store as it is lodged."""

Event = tuple[datetime | None, str]


def trace(
    client: Annotated[str, typer.Argument(help="The client's id.")],
    order_number: Annotated[str, typer.Argument(help="The order's number, with or without the order prefix.")],
) -> None:
    """Tell what happened to an order: placed, decided, imported, lodged, pushed, with times and reasons."""
    services = Services(Settings())
    try:
        setup = services.setups()[client]
    except SetupError as error:
        _CONSOLE.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from None
    lake = services.lake.connect(client)
    # The order may have got its number under an earlier prefix.
    order_id = order_number.removeprefix(setup.orders.prefix)
    found = _rows(lake, _ORDER, client=client, number=order_number, id=order_id)
    if not found:
        name_broken(lake)
        _CONSOLE.print(
            f"{client}: no order {order_number} has been pulled. Days pulled so far: {_days(lake, client)}. "
            "Run orders for the day on which it was placed.",
            markup=False,
        )
        raise typer.Exit(1)
    order = found[0]
    number = order["order_number"]
    story = Table("when", "what", title=plain(f"Order {number} of {setup.name}"), title_justify="left", show_lines=True)
    for when, what in [
        *_until_import(order, _rows(lake, _ON_PLATFORM, client=client, number=number)),
        *_since_lodgement(_rows(lake, _SHIPMENTS, client=client, number=number)),
    ]:
        story.add_row(_shown(when, setup.zone), plain(what))
    name_broken(lake)
    _CONSOLE.print(story)
    _CONSOLE.print(f"Times are those of {setup.store.time_zone}.", markup=False)


def _until_import(order: dict[str, Any], on_platform: list[dict[str, Any]]) -> Iterator[Event]:
    yield order["placed_at"], f"Placed in the store as order {order['order_id']}"
    yield order["decided_at"], f"{order['decision'].replace('_', ' ').capitalize()}: {order['reason']}"
    for row in on_platform:
        if row["imported_at"]:
            yield row["imported_at"], "Imported into the warehouse"
        if row["outcome"] != "imported":
            yield row["differs_since"], f"{row['outcome'].capitalize()}: {row['reason']}"


def _since_lodgement(shipments: list[dict[str, Any]]) -> Iterator[Event]:
    for row in shipments:
        if row["lodged_at"]:
            contents = ", ".join(f"{one['quantity']} of {one['sku']}" for one in row["quantities"])
            number = f"Tracking number {row['tracking_number']}"
            yield row["lodged_at"], f"Lodged as {row['shipment_id']} with {row['carrier']}: {contents}. {number}"
            yield row["lodged_at"], f"To follow the parcel: {row['tracking_url']}"
        if row["outcome"] in _BECAME:
            yield row["pushed_at"], f"{_BECAME[row['outcome']]} ({row['shipment_id']}): {row['reason']}"
        elif row["outcome"]:
            differs = f": {row['reason']}" if row["outcome"] == PushOutcome.DIFFERS_IN_STORE else ""
            yield row["confirmed_at"], f"In the store as shipment {row['store_shipment_id']}{differs}"
        else:
            yield None, "Not pushed to the store yet"
        if row["status_outcome"] and row["outcome"] != PushOutcome.WITHDRAWN:
            outcome = row["status_outcome"].replace("_", " ")
            yield (
                row["pushed_at"],
                f"Order status {row['order_status'] or 'unknown'} ({outcome}): {row['status_reason']}",
            )


def _rows(lake: LakeConnection, query: str, **values: str) -> list[dict[str, Any]]:
    answer = lake.execute(query, values)
    names = [column[0] for column in answer.description or []]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def _days(lake: LakeConnection, client: str) -> str:
    (days,) = _rows(lake, "SELECT min(day) AS first, max(day) AS last FROM raw_orders WHERE client = $c", c=client)
    return f"{days['first']} to {days['last']}" if days["first"] else "none"


def _shown(moment: datetime | None, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M") if moment else ""

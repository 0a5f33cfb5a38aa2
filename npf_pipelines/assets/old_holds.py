"""The orders in flight of one client that need a person because of their age, kept between runs as the table old_holds.

Not here: which orders these are (rules/order_age.py).
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta

from npf_pipelines.lake.lake import NotWritten
from npf_pipelines.lake.tables import OLD_HOLDS
from npf_pipelines.rules.order_age import HoldWindow, OldHold
from npf_pipelines.runs.client_run import ClientWalk


def hold_window(walk: ClientWalk) -> HoldWindow:
    """How long the client's orders hold their units, with what the push before noticed."""
    length = timedelta(days=walk.setup.stock.in_flight_days)
    try:
        rows = walk.house.lake.read(OLD_HOLDS, client=walk.client)
    except NotWritten:
        return HoldWindow(length, {}, is_new=True)
    known = {row["order_id"]: OldHold(**{**row, "skus": tuple(row["skus"])}) for row in rows}
    return HoldWindow(length, known, is_new=False)


def keep_holds(walk: ClientWalk, window: HoldWindow, found: Mapping[str, OldHold]) -> None:
    """Keep what was found, and have it counted among what needs a person, if it differs from what is known."""
    if window.is_new or found != window.known:
        walk.note([None])
        walk.keep(OLD_HOLDS, [asdict(hold) | {"skus": list(hold.skus)} for hold in found.values()])

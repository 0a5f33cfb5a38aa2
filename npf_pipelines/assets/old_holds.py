"""A client's orders in flight that need a person because of their age, kept between runs as the table old_holds.

Not here: which orders these are (rules/order_age.py).
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta

from npf_pipelines.lake.lake import NotWritten
from npf_pipelines.lake.tables import OLD_HOLDS
from npf_pipelines.rules.order_age import HoldWindow, OldHold
from npf_pipelines.runs.client_tables import ClientTables
from npf_pipelines.runs.open_items import Recounts


def hold_window(tables: ClientTables, in_flight_days: int) -> HoldWindow:
    """How long the client's orders hold their units, with what the push before has found."""
    length = timedelta(days=in_flight_days)
    try:
        rows = tables.read(OLD_HOLDS)
    except NotWritten:
        return HoldWindow(length, {}, is_new=True)
    known = {row["order_id"]: OldHold(**{**row, "skus": tuple(row["skus"])}) for row in rows}
    return HoldWindow(length, known, is_new=False)


def keep_holds(tables: ClientTables, recounts: Recounts, window: HoldWindow, found: Mapping[str, OldHold]) -> None:
    """Keep what was found, and queue its recount, if it differs from what is known."""
    if window.is_new or found != window.known:
        recounts.queue([None])
        rows = [asdict(hold) | {"skus": list(hold.skus)} for hold in found.values()]
        tables.write_cache(OLD_HOLDS, rows)
        recounts.note(OLD_HOLDS, rows)

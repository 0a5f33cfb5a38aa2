"""The orders in flight of one client that need a person because of their age, kept between runs as the table old_holds.

Not here: which orders these are (rules/order_age.py).
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta

from npf_pipelines.lake.lake import NotWritten
from npf_pipelines.lake.tables import OLD_HOLDS
from npf_pipelines.rules.order_age import HoldWindow, OldHold
from npf_pipelines.runs.client_run import ClientRun


def hold_window(client_run: ClientRun) -> HoldWindow:
    """How long the client's orders hold their units, with what the push before noticed."""
    length = timedelta(days=client_run.setup.stock.in_flight_days)
    try:
        rows = client_run.services.lake.read(OLD_HOLDS, client=client_run.client)
    except NotWritten:
        return HoldWindow(length, {}, is_new=True)
    known = {row["order_id"]: OldHold(**{**row, "skus": tuple(row["skus"])}) for row in rows}
    return HoldWindow(length, known, is_new=False)


def keep_holds(client_run: ClientRun, window: HoldWindow, found: Mapping[str, OldHold]) -> None:
    """Keep what was found, and have it counted among what needs a person, if it differs from what is known."""
    if window.is_new or found != window.known:
        client_run.queue_recount([None])
        client_run.write_cache(OLD_HOLDS, [asdict(hold) | {"skus": list(hold.skus)} for hold in found.values()])

"""The cut-offs that a client's orders missed, in the rows of platform_orders.

A missed cut-off stays as it was found: a later change of the setup's cut-off changes no earlier row.
Not here: which cut-off an order missed (rules/cut_off.py), its alert and its figure (lake/facts.py, reports/).
"""

from datetime import date, datetime
from typing import Any

from npf_pipelines.domain.open_kinds import MISSED_CUT_OFF
from npf_pipelines.lake.tables import FILTERED_ORDERS, PLATFORM_ORDERS
from npf_pipelines.rules.cut_off import missed_cut_off
from npf_pipelines.runs.client_run import ClientRun

Row = dict[str, Any]


def with_missed_cut_offs(client_run: ClientRun, day: date, rows: list[Row]) -> list[Row]:
    """The rows of a day, each with the cut-off that its order missed; none where the client has no cut-off.

    A test order misses none. Nor does an order that was due before the client's first import: it was backfilled.

    Args:
        client_run: the client's part of the run.
        day: the day, whose decisions are written.
        rows: the rows of platform_orders.
    """
    setup = client_run.setup
    cut_off = setup.orders.cut_off
    before: dict[str, Row] = {}
    if cut_off:
        before = {row["order_number"]: row for row in client_run.tables.read_if_written(PLATFORM_ORDERS, day)}
    new = [row for row in rows if cut_off and row["imported_at"] and not _imported_at(before.get(row["order_number"]))]
    wanted_since = _wanted_since(client_run, day) if new else {}
    missed: dict[str, datetime] = {}
    for row in new:
        since = wanted_since.get(row["order_id"])
        if cut_off and since and (due := missed_cut_off(since, row["imported_at"], cut_off, setup.zone)):
            missed[row["order_number"]] = due
    if missed:
        live_since = client_run.services.platform.first_import(client_run.client, setup.orders.prefix)
        missed = {number: due for number, due in missed.items() if live_since and live_since <= due}
    known = {number: row["missed_cut_off"] for number, row in before.items() if _imported_at(row)}
    return [row | {"missed_cut_off": (known | missed).get(row["order_number"])} for row in rows]


def recount_missed(client_run: ClientRun) -> None:
    """Have the days with missed cut-offs counted again: after half a day they are no longer open."""
    if client_run.setup.orders.cut_off and not client_run.dry_run:
        client_run.recounts.queue(client_run.days_with([MISSED_CUT_OFF.key]))


def _wanted_since(client_run: ClientRun, day: date) -> dict[str, datetime | None]:
    """Since when the day's orders were in a wanted status, by the store's id; without test orders."""
    decided = client_run.tables.columns(FILTERED_ORDERS, ["order_id", "wanted_since", "is_test"], day).to_pylist()
    return {row["order_id"]: row["wanted_since"] for row in decided if not row["is_test"]}


def _imported_at(row: Row | None) -> datetime | None:
    return row["imported_at"] if row else None

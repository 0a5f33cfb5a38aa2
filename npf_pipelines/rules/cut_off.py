"""A client's daily cut-off: its moments, and which of them an order missed.

An order that reaches the platform a minute after the cut-off ships a day late.
Not here: how often a client is swept before it (due.py), how it ends a grace period (holds.py).
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from npf_pipelines.domain.store_orders import Order

_DAY = timedelta(days=1)


def cut_off_after(moment: datetime, cut_off: time, zone: ZoneInfo) -> datetime:
    """The first cut-off after a moment, UTC.

    Args:
        moment: aware; a cut-off at this very moment is not after it.
        cut_off: the client's, in local time.
        zone: the client's.
    """
    today = moment.astimezone(zone).date()
    days = (today - _DAY, today, today + _DAY, today + 2 * _DAY)
    return min(at for day in days if (at := _on(day, cut_off, zone)) > moment)


def latest_cut_off(now: datetime, cut_off: time, zone: ZoneInfo) -> datetime:
    """The latest cut-off that is not after a moment, UTC. Arguments as for `cut_off_after`."""
    today = now.astimezone(zone).date()
    return max(
        at for day in (today - 2 * _DAY, today - _DAY, today, today + _DAY) if (at := _on(day, cut_off, zone)) <= now
    )


def wanted_since(order: Order, known: tuple[bool, datetime | None] | None, now: datetime) -> datetime | None:
    """Since when an order in a wanted status is known to be in one; None where that isn't known.

    Args:
        order: the order, which is in a status in which orders are imported.
        known: by the last run: whether the order was in such a status, and since when; None if no run saw it.
        now: when the order was read.
    """
    if known and known[0]:
        return known[1]
    if order.updated_at:
        return min(max(order.placed_at, order.updated_at), now)
    return now if known else min(order.placed_at, now)


def missed_cut_off(wanted_since: datetime, imported_at: datetime, cut_off: time, zone: ZoneInfo) -> datetime | None:
    """The cut-off that an order should have made and didn't, UTC; None if it made it.

    Args:
        wanted_since: since when the order is known to have been in a status in which orders are imported.
        imported_at: when the platform got it.
        cut_off: the client's, in local time.
        zone: the client's.
    """
    due = cut_off_after(wanted_since, cut_off, zone)
    return due if due < imported_at else None


def _on(day: date, cut_off: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, cut_off, zone).astimezone(UTC)

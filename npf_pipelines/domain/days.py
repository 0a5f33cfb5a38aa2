"""Days in a client's own time zone: where they begin and end, and which one a moment belongs to."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """00:00 of the day in the zone, as UTC."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The day's end, itself no longer part of it, as UTC: 23 or 25 hours on when the clocks change."""
    return start_of_day(day + timedelta(days=1), zone)


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """The day to which an aware moment belongs in the zone."""
    return moment.astimezone(zone).date()

"""The days of a nightly run on which nothing has changed in the store: they are worked on as they were pulled.

A store that lists its orders by their last change is asked for two short lists, numbers and statuses of all orders and
of those changed lately; whole orders are read of the other days alone, and of days on which an order differs from the
platform: the merchant may have shipped what the warehouse could not, and no list shows that. Any other store is read
whole: an edit that leaves the status as it is shows in nothing else.
Not here: the days outside a run that have changed (changed_days.py), the pulling (pull.py).
"""

from datetime import date, timedelta

from npf_pipelines.assets.store_facts import StoreFacts
from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.days import day_of, end_of_day, start_of_day
from npf_pipelines.domain.open_kinds import open_key
from npf_pipelines.domain.outcomes import OrderOutcome
from npf_pipelines.domain.store_orders import OrderStub
from npf_pipelines.lake.broken_files import BrokenFile
from npf_pipelines.lake.lake import NotWritten
from npf_pipelines.lake.tables import RAW_ORDERS
from npf_pipelines.runs.client_run import ClientRun
from npf_pipelines.state.open_items import open_days

_ALWAYS_READ = timedelta(days=1)
"""Today and yesterday: most of what changes is there."""
_OVERLAP = timedelta(days=1)
"""How much of what the runs by day have read of the changes is asked for again."""


async def unchanged_days(client_run: ClientRun, store: Store, facts: StoreFacts) -> set[date]:
    """The days of the run that need not be read; none for a run that a person has launched.

    Raises:
        StoreError: the store can't be asked.
    """
    zone, start = client_run.setup.zone, client_run.setup.orders.start_date
    old = [day for day in client_run.days if start <= day < client_run.today - _ALWAYS_READ]
    if not old or not client_run.is_automated or not await facts.knows_changes() or not facts.changes_read_until:
        return set()
    differing = open_days(client_run.services.state, client_run.client).get(open_key(OrderOutcome.DIFFERS), ())
    old = [day for day in old if day not in differing]
    if not old:
        return set()
    first, last = start_of_day(old[0], zone), end_of_day(old[-1], zone) - timedelta(seconds=1)
    listed: dict[date, dict[str, str]] = {day: {} for day in old}
    async for stub in store.order_stubs(first, last):
        if not isinstance(stub, OrderStub):  # Its day, or what it was, is not known.
            return set()
        listed.setdefault(day_of(stub.placed_at, zone), {})[stub.order_id] = stub.status
    changed: set[date] = set()
    async for stub in store.order_stubs(first, last, changed_since=facts.changes_read_until - _OVERLAP):
        if not isinstance(stub, OrderStub):
            return set()
        changed.add(day_of(stub.placed_at, zone))
    return {day for day in old if day not in changed and listed[day] == _pulled(client_run, day)}


def _pulled(client_run: ClientRun, day: date) -> dict[str, str] | None:
    """The statuses of the day's orders as pulled; None if the day can't be worked on without the store."""
    tables = client_run.tables
    try:
        if tables.lacks_personal(RAW_ORDERS, day):
            return None
        rows = tables.read(RAW_ORDERS, day)
    except (NotWritten, BrokenFile, FileNotFoundError):
        return None
    return None if any(row["unreadable"] for row in rows) else {row["order_id"]: row["status"] for row in rows}

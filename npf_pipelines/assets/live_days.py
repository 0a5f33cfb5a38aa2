"""The days whose orders are processed: from the order start date on, and days pulled before that date was moved.

The start date decides which orders are imported. Orders imported before it was moved are followed until they are
done, and their days' tables stay. Not here: how they are followed (orders.py, changed_days.py).
"""

from datetime import date

from npf_pipelines.lake.tables import PLATFORM_ORDERS, RAW_ORDERS
from npf_pipelines.runs.client_run import ClientRun


def is_live(client_run: ClientRun, day: date) -> bool:
    """Whether the store is asked for the day's orders, and the platform compared with them."""
    return day >= client_run.setup.orders.start_date or any(
        client_run.tables.has_rows(table, day) for table in (RAW_ORDERS, PLATFORM_ORDERS)
    )

"""The days whose orders are dealt with: from the order start date on, and days pulled before that date was moved.

The start date decides which orders are imported. The orders imported before it was moved are followed until they are
done, and their days' tables stay. Not here: the following (orders.py, late_orders.py).
"""

from datetime import date

from npf_pipelines.lake.tables import PLATFORM_ORDERS, RAW_ORDERS
from npf_pipelines.runs.client_run import ClientRun


def is_live(client_run: ClientRun, day: date) -> bool:
    """Whether the store is asked for the day's orders, and the platform compared with them."""
    return day >= client_run.setup.orders.start_date or any(
        client_run.services.lake.has_rows(table, client=client_run.client, day=day)
        for table in (RAW_ORDERS, PLATFORM_ORDERS)
    )

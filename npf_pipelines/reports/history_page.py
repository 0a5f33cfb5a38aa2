"""One order's history as a page that can be sent: one file, in which nothing leads to this machine.

Not here: the history (lake/order_history.py), how templates escape a store's texts (pages.py).
"""

from datetime import datetime

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.lake.order_history import OrderHistory
from npf_pipelines.reports.pages import render


def history_page(setup: MasterSetup, history: OrderHistory, now: datetime) -> str:
    """The page, its times in the client's zone."""
    return render("history.html", setup=setup, zone=setup.zone, history=history, now=now)

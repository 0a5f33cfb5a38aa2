"""One sandbox store: its state and the actions on it, without HTTP.

Not here: the actions (store_orders.py, store_shipments.py, store_stock.py), how the API reads requests (api/), how it
prints answers (answers.py), which orders a list shows (listing.py).
"""

from npf_pipelines.sandbox.store_orders import OrderActions
from npf_pipelines.sandbox.store_shipments import ShipmentActions


class SandboxStore(OrderActions, ShipmentActions):
    """A store with everything that the API can see or change; its attributes are in `StoreState`."""

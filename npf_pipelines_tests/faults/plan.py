"""The client of the campaign: its key, its statuses, what its master setup asks for.

Light to import, as every life of a pusher does it. Not here: its orders (world.py).
"""

from pydantic import SecretStr

from npf_pipelines.reconcile.tracking_work import TrackingPlan
from npf_pipelines.rules.order_status import StatusPlan

CLIENT = "acme"
API_USER = "api@acme.example"
API_KEY = SecretStr("planted-api-key-91c2")

IMPORTED_FROM = ("P", "O")
PARTIALLY_SHIPPED = "H"
"""A status of the merchant's own, which takes stock as the shipped ones do."""

PLAN = TrackingPlan(
    StatusPlan(imported_from=frozenset(IMPORTED_FROM), shipped="C", partially_shipped=PARTIALLY_SHIPPED),
    carriers={"StarTrack": "startrack"},
    # Every shipment mails its customer, so that one made twice shows in the mails too.
    notify_customer=True,
)

CARRIERS = ("Australia Post", "DHL Express", "StarTrack", "Couriers Please")
"""Two that every store knows, one that the master setup knows, and one unknown."""

WAITS = 3
"""The exit code of a life after which something waits for the next."""

"""The client whose tracking is pushed: its key, its statuses, its master setup.

Light to import, as every life of a pusher does it. Not here: its orders (tracking_world.py).
"""

from pydantic import SecretStr

CLIENT = "acme"
API_USER = "api@acme.example"
API_KEY = SecretStr("planted-api-key-91c2")

IMPORTED_FROM = ("P", "O")
SHIPPED = "C"
PARTIALLY_SHIPPED = "H"
"""A status of the merchant's own, which takes stock as the shipped ones do."""
SHORT_SHIPPED = "S"
"""Another."""

CARRIERS = ("Australia Post", "DHL Express", "StarTrack", "Couriers Please")
"""Two that every store knows, one that the master setup knows, and one unknown."""
DESPATCH_CODES = {"Custom shipping method": "STD"}
"""The despatch code of the only shipping method that the client's map knows."""
CARRIER_CODES = {"StarTrack": "startrack"}

SETUP = {
    "id": CLIENT,
    "name": "Acme",
    "store": {
        "url": "https://shop.acme.example",
        "api_user": API_USER,
        "api_key_env": "NPF_NOT_SET",
        "user_id": 1,
        "time_zone": "UTC",
    },
    "orders": {
        "start_date": "2026-11-01",
        "prefix": "CS",
        "statuses": IMPORTED_FROM,
        "hold_minutes": 30,
        "shipping_methods": DESPATCH_CODES,
    },
    "tracking": {
        "shipped_status": SHIPPED,
        "partially_shipped_status": PARTIALLY_SHIPPED,
        "short_shipped_status": SHORT_SHIPPED,
        # Every shipment mails its customer, so that one made twice shows in the mails too.
        "notify_customer": True,
        "carriers": CARRIER_CODES,
    },
    "stock": {"quantity": "off"},
}
"""The master setup; each life gets the store's address and key by itself."""

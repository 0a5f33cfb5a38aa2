"""The contents of a new store: carriers, order statuses, and the shopper who orders when nobody is named.

Not here: generated stores (generate.py), the documented orders (samples.py).
"""

from npf_pipelines.sandbox.model import Address, Customer, Status

CARRIERS = {
    "ups": ("UPS", "https://wwwapps.ups.com/WebTracking/track?track=yes&trackNums={}"),
    "usps": ("USPS", "https://tools.usps.com/go/TrackConfirmAction?tLabels={}"),
    "fedex": ("FedEx", "https://www.fedex.com/fedextrack/?trknbr={}"),
    "dhl": ("DHL", "https://www.dhl.com/en/express/tracking.html?AWB={}"),
    "can": ("Canada Post", "https://www.canadapost-postescanada.ca/track-reperage/en#/search?searchFor={}"),
    "aup": ("Australia Post", "https://auspost.com.au/mypost/track/#/details/{}"),
    "swisspost": ("Swiss Post", "https://service.post.ch/ekp-web/ui/entry/search/{}"),
}
"""The carriers that a new store has, by code: name and link. The addresses replace the real ones."""


_HOME = Address(
    firstname="Sam",
    lastname="Shopper",
    address="1 Example Street",
    city="Sydney",
    state="NSW",
    state_descr="New South Wales",
    country="AU",
    country_descr="Australia",
    zipcode="2000",
    phone="0491 570 156",
)
SOMEBODY = Customer(user_id=0, email="shopper@example.com", phone=_HOME.phone, company="", ship_to=_HOME, bill_to=_HOME)
"""The customer of orders that name none."""


def shipped_statuses(version: tuple[int, int, int]) -> list[Status]:
    """The statuses that a new store has, `N` and `T` left out as in its own list (documented).

    From when on newer stores say Paid and Canceled isn't known; 4.13 is an assumption.
    """
    newer = version >= (4, 13, 0)
    return [
        Status("P", "Paid" if newer else "Processed", "D"),
        Status("C", "Complete", "D"),
        Status("O", "Open", "D"),
        Status("F", "Failed", "I"),
        Status("D", "Declined", "I"),
        Status("B", "Backordered", "I"),
        Status("I", "Canceled" if newer else "Cancelled", "I"),
    ]

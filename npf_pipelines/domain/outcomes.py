"""Every outcome of an order, a shipment and a SKU.

The values are stored in tables and in the keys of alerts: they don't change. Not here: how an outcome is decided
(rules/, reconcile/).
"""

import enum


class Decision(enum.StrEnum):
    """What becomes of an order of the store."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    """The master setup, or the order's nature, keeps it out: nobody has to do anything."""
    SET_ASIDE = "set_aside"
    """It can't be judged or shipped as it is: a person has to look."""


class Rule(enum.StrEnum):
    """The rule that decided, one for each reason."""

    ALL_PASSED = "all_passed"
    ALREADY_IMPORTED = "already_imported"
    UNREADABLE = "unreadable"
    ID_USED_AGAIN = "id_used_again"
    START_DATE = "start_date"
    PARENT = "parent"
    INCOMPLETE = "incomplete"
    STATUS = "status"
    NOTHING_TO_SHIP = "nothing_to_ship"
    ALREADY_SHIPPED = "already_shipped"
    NO_PRODUCT_CODE = "no_product_code"
    TEST_ITEM_IN_REAL_ORDER = "test_item_in_real_order"
    PROBABLE_TEST_ITEM = "probable_test_item"
    ADDRESS_INCOMPLETE = "address_incomplete"
    COUNTRY_UNREADABLE = "country_unreadable"
    COUNTRY = "country"


class StatusOutcome(enum.StrEnum):
    """What became of the order status."""

    SET = "set"
    ALREADY_SET = "already_set"
    NOT_ASKED = "not_asked"
    """The master setup asks for none here."""
    LEFT_ALONE = "left_alone"
    """The merchant has moved the order on: never backwards."""
    REFUSED = "refused"
    """The store answered, but the order has not got the status."""
    PLANNED = "planned"
    """A dry run: it would be set."""
    WAITING = "waiting"
    """Not every shipment of the order is in the store yet."""


class PushOutcome(enum.StrEnum):
    """What became of a lodged shipment in the store."""

    CONFIRMED = "confirmed"
    """Created and read back."""
    ALREADY_THERE = "already_there"
    DIFFERS_IN_STORE = "differs_in_store"
    """It is in the store, but the shopper sees something else than was written: a person has to correct it there."""
    WAITING = "waiting"
    """The store didn't answer: the next run tries again."""
    REFUSED = "refused"
    """The store didn't take it, or took it otherwise."""
    WITHDRAWN = "withdrawn"
    """The warehouse has taken it back: it is no longer in the store."""
    PLANNED = "planned"
    """A dry run: it would be created, or deleted."""
    SET_ASIDE = "set_aside"
    """It doesn't fit the store's order: a person has to look."""


class StockOutcome(enum.StrEnum):
    """What became of one SKU."""

    CONFIRMED = "confirmed"
    """Written and read back."""
    ALREADY_RIGHT = "already_right"
    PLANNED = "planned"
    """A dry run: it would be written."""
    MOVED = "moved"
    """The store's amount moved while we worked: the next round counts anew."""
    OVER_LIMIT = "braked"
    """The push was stopped before its first write: a person has to say that it is right."""
    REFUSED = "refused"
    """The store answered, but the amount is not what was written."""
    WAITING = "waiting"
    """The store didn't answer: the next run tries again."""
    OFF = "off"
    """The master setup turns stock off."""
    NOT_TRACKED = "not_tracked"
    UNREADABLE = "unreadable"
    """The store's row of the product can't be read: a person has to correct it there."""
    UNCOUNTED = "uncounted"
    """The platform's count can't be read: the warehouse has to correct it."""
    SEVERAL_PRODUCTS = "several_products"
    """Several products have the code, and the master setup doesn't give the figure to all of them."""
    SEVERAL_COUNTS = "several_counts"
    """The platform counts several codes that differ only by blanks: which is the product's isn't known."""
    NO_CODE = "no_code"
    DOWNLOAD = "download"
    NOT_IN_STORE = "not_in_store"
    NOT_IN_WAREHOUSE = "not_in_warehouse"
    LEFT_WAREHOUSE = "left_warehouse"
    """The SKU was pushed before, and the warehouse no longer counts it."""


class OrderOutcome(enum.StrEnum):
    """Where an accepted order stands between store and platform."""

    IMPORTED = "imported"
    """On the platform, in agreement with the store."""
    CANCELLED = "cancelled"
    """Cancelled on both sides."""
    DIFFERS = "differs"
    """Store and platform differ, and it is too late for the platform to follow: a person has to see it."""
    REFUSED = "refused"
    """The platform doesn't take it."""
    HELD = "held"
    """One of very many at once that a run on its own would import or cancel: a person has to confirm it."""
    PLANNED = "planned"
    """A dry run: it would be imported, updated or cancelled."""

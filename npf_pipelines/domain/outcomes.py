"""Every outcome of an order, a shipment and a SKU.

The one home of outcomes: the sets of the rules, the SQL of reports and checks, the alerts and the words of the pages
are derived from the members. A new outcome is a new member here; the tests name what doesn't cover it yet.
The values are stored in tables and in the keys of alerts: they don't change. Not here: what a member carries
(outcome.py), how an outcome is decided (rules/, reconcile/), what is open without being an outcome (lake/backlog.py).
"""

import enum
from dataclasses import dataclass

from npf_pipelines.domain.outcome import FollowUp, Outcome, OutcomeMeaning


def _waits(words: str) -> OutcomeMeaning:
    return OutcomeMeaning(words, FollowUp.NEXT_RUN)


def _person(words: str, what_to_do: str) -> OutcomeMeaning:
    return OutcomeMeaning(words, FollowUp.PERSON, what_to_do)


_PLANNED = OutcomeMeaning("planned", FollowUp.REAL_RUN)
_AT_STORE = "waiting for the store"
_BY_STORE = "refused by the store"


class Decision(Outcome):
    """The decision on an order of the store."""

    ACCEPTED = "accepted", OutcomeMeaning("accepted")
    REJECTED = "rejected", OutcomeMeaning("rejected")
    """The master setup, or the order's nature, keeps it out: nobody has to do anything."""
    SET_ASIDE = (
        "set_aside",
        _person("set aside", "Correct what the reason names: the nightly pull reads the order again."),
    )
    """It can't be judged or shipped as it is: manual review. The rule says what to do."""
    HELD = "held", _person("held", "Do what the reason asks for: the order is imported by itself afterwards.")
    """It would be accepted, and waits until the reason is gone."""


@dataclass(frozen=True)
class RuleMeaning(OutcomeMeaning):
    """The meaning of a rule, and the decision that it leads to."""

    decision: Decision = Decision.ACCEPTED


def _rejects(words: str) -> RuleMeaning:
    return RuleMeaning(words, decision=Decision.REJECTED)


def _sets_aside(words: str, what_to_do: str) -> RuleMeaning:
    return RuleMeaning(words, FollowUp.PERSON, what_to_do, decision=Decision.SET_ASIDE)


def _holds(words: str, what_to_do: str) -> RuleMeaning:
    return RuleMeaning(words, FollowUp.PERSON, what_to_do, decision=Decision.HELD)


class Rule(Outcome):
    """The rule that decided on an order, one for each reason."""

    meaning: RuleMeaning

    ALL_PASSED = "all_passed", RuleMeaning("passes every rule")
    ALREADY_IMPORTED = "already_imported", RuleMeaning("imported before")
    UNREADABLE = (
        "unreadable",
        _sets_aside(
            "not readable", "Open the order in the store, complete it and save it: the nightly pull reads it again."
        ),
    )
    ID_USED_AGAIN = (
        "id_used_again",
        _sets_aside(
            "id of an order of another shop",
            "Give the new shop a client of its own: its order ids repeat an older shop's.",
        ),
    )
    START_DATE = "start_date", _rejects("before the order start date")
    PARENT = "parent", _rejects("parent of other orders")
    INCOMPLETE = "incomplete", _rejects("not finished by the shopper")
    STOREFRONT = "storefront", _rejects("of another storefront or vendor")
    NO_STOREFRONT = (
        "no_storefront",
        _sets_aside(
            "without its storefront or vendor",
            "Find out in the store which storefront or vendor the order is of. If it is the client's, enter it in the "
            "warehouse by hand.",
        ),
    )
    """The store doesn't say it, and another client may have the order."""
    STATUS = "status", _rejects("in a status that isn't imported")
    NOTHING_TO_SHIP = "nothing_to_ship", _rejects("nothing to ship")
    ALREADY_SHIPPED = "already_shipped", _rejects("already shipped in the store")
    NO_PRODUCT_CODE = (
        "no_product_code",
        _sets_aside("without a product code", "Give all of the order's products their codes in the store."),
    )
    TEST_ITEM_IN_REAL_ORDER = (
        "test_item_in_real_order",
        _sets_aside("test item in a real order", "Take the test item off the order in the store."),
    )
    PROBABLE_TEST_ITEM = (
        "probable_test_item",
        _sets_aside(
            "probably a test item",
            "Correct the product code in the store: the letter case and blanks of test items count.",
        ),
    )
    ADDRESS_INCOMPLETE = (
        "address_incomplete",
        _sets_aside(
            "delivery address incomplete",
            "Complete the order's delivery address in the store: a street, and a city or postcode.",
        ),
    )
    COUNTRY_UNREADABLE = (
        "country_unreadable",
        _sets_aside("country not readable", "Correct the country of the order's delivery address in the store."),
    )
    COUNTRY = "country", _rejects("to a country that isn't shipped to")
    NO_DESPATCH_CODE = (
        "no_despatch_code",
        _holds(
            "without a despatch code",
            "Map the shipping method under orders.shipping_methods: the next run imports the order.",
        ),
    )
    GRACE_PERIOD = "grace_period", RuleMeaning("in its grace period", decision=Decision.HELD)
    """It goes on by itself."""
    HELD_BY_RULE = (
        "held_by_rule",
        _holds(
            "held by a rule of the master setup",
            "Check the order. If it may go: npf release, with the client and the order.",
        ),
    )
    HELD_BY_PERSON = (
        "held_by_person",
        _holds("held by a person", "When the order may go: npf release, with the client and the order."),
    )

    @property
    def decision(self) -> Decision:
        """The decision that it leads to."""
        return self.meaning.decision


SELF_RELEASING = frozenset(rule for rule in Rule if rule.decision is Decision.HELD and not rule.needs_person)
"""The rules that hold an order for a time, and not for a person."""


class OrderOutcome(Outcome):
    """The state of an accepted order between store and platform."""

    IMPORTED = "imported", OutcomeMeaning("imported")
    """On the platform, in agreement with the store."""
    CANCELLED = "cancelled", OutcomeMeaning("cancelled")
    """Cancelled on both sides."""
    DIFFERS = (
        "differs",
        _person(
            "differs between store and warehouse",
            "Decide with the warehouse which side is right, and bring the other one to it.",
        ),
    )
    """Store and platform differ, and it is too late for the platform to follow."""
    REFUSED = (
        "refused",
        _person("refused by the platform", "Correct what the reason names, then run orders for that day again."),
    )
    """The platform doesn't take it."""
    HELD = (
        "held",
        _person(
            "held: too many changes at once",
            "Check whether a setting or the store was changed by mistake. If not, run npf run orders with "
            "--confirm-held.",
        ),
    )
    """Part of a mass change that no run may import or cancel without a person's confirmation."""
    PLANNED = "planned", _PLANNED
    """It would be imported, updated or cancelled."""


@dataclass(frozen=True)
class PushMeaning(OutcomeMeaning):
    """The meaning of a shipment's outcome, and whether the store is known to have the shipment."""

    in_store: bool = False


class PushOutcome(Outcome):
    """The result of a lodged shipment in the store."""

    meaning: PushMeaning

    CONFIRMED = "confirmed", PushMeaning("created in the store", in_store=True)
    """Created and read back."""
    ALREADY_THERE = "already_there", PushMeaning("in the store already", in_store=True)
    DIFFERS_IN_STORE = (
        "differs_in_store",
        PushMeaning(
            "shown otherwise in the store",
            FollowUp.PERSON,
            "Correct in the store what the reason names: the next runs notice it.",
            in_store=True,
        ),
    )
    """The shopper sees a different label."""
    WAITING = "waiting", PushMeaning(_AT_STORE, FollowUp.NEXT_RUN)
    """The store didn't answer."""
    REFUSED = (
        "refused",
        PushMeaning(
            _BY_STORE, FollowUp.PERSON, "Check the order in the store, and enter the shipment there if it is missing."
        ),
    )
    """The store didn't take it, or took it otherwise."""
    PART_OF_KIT = "part_of_kit", PushMeaning("parts of a kit that isn't whole")
    """It holds nothing but parts of kits whose rest is in other parcels: the store has no line for them."""
    WITHDRAWN = "withdrawn", PushMeaning("no longer lodged")
    """The warehouse has taken it back: it is no longer in the store."""
    PLANNED = "planned", PushMeaning("planned", FollowUp.REAL_RUN)
    """It would be created, or deleted."""
    SET_ASIDE = (
        "set_aside",
        PushMeaning(
            "set aside",
            FollowUp.PERSON,
            "Compare the order in the store with what was shipped, and correct what is wrong.",
        ),
    )
    """It doesn't fit the store's order."""

    @property
    def in_store(self) -> bool:
        """Whether the store is known to have the shipment."""
        return self.meaning.in_store


IN_STORE = frozenset(outcome for outcome in PushOutcome if outcome.in_store)
"""The store is known to have the shipment."""
SETTLED = IN_STORE | {PushOutcome.PART_OF_KIT}
"""Nothing more of the shipment has to come into the store: its order's status can follow."""


class StatusOutcome(Outcome):
    """The result of setting an order's status in the store."""

    SET = "set", OutcomeMeaning("set")
    ALREADY_SET = "already_set", OutcomeMeaning("already set")
    NOT_ASKED = "not_asked", OutcomeMeaning("not asked")
    """The master setup asks for none here."""
    LEFT_ALONE = "left_alone", OutcomeMeaning("left alone")
    """The merchant has moved the order on: never backwards."""
    REFUSED = "refused", _person(_BY_STORE, "Set the order's status in the store.")
    """The store answered, but the order has not got the status."""
    PLANNED = "planned", _PLANNED
    """It would be set."""
    WAITING = "waiting", _waits(_AT_STORE)
    """Not every shipment of the order is in the store yet."""


class Amount(enum.Enum):
    """Whether the store has the amount that it should have."""

    RIGHT = "right"
    WRONG = "wrong"
    """It has, or may have, another one."""
    NONE = "none"
    """It isn't asked to have one."""


@dataclass(frozen=True)
class StockMeaning(OutcomeMeaning):
    """The meaning of a SKU's outcome.

    Attributes:
        amount: whether the store has the amount that it should have.
        is_pair: whether the SKU is one of the warehouse and one product of the store. False where a side lacks it
            or has it more than once, so that there is nothing to compare.
    """

    amount: Amount = Amount.NONE
    is_pair: bool = True


def _stock_person(words: str, what_to_do: str, *, is_pair: bool = True) -> StockMeaning:
    return StockMeaning(words, FollowUp.PERSON, what_to_do, amount=Amount.WRONG, is_pair=is_pair)


class StockOutcome(Outcome):
    """The result of one SKU's amount in the store."""

    meaning: StockMeaning

    ALREADY_RIGHT = "already_right", StockMeaning("right already", amount=Amount.RIGHT)
    CONFIRMED = "confirmed", StockMeaning("corrected", amount=Amount.RIGHT)
    """Written and read back."""
    WAITING = "waiting", StockMeaning(_AT_STORE, FollowUp.NEXT_RUN, amount=Amount.WRONG)
    """The store didn't answer."""
    REFUSED = "refused", _stock_person(_BY_STORE, "Check the product in the store and set its amount there.")
    """The store answered, but the amount is not what was written."""
    OVER_LIMIT = (
        "braked",
        _stock_person(
            "over the change limit", "Check the amounts; if they are right, run stock with override_change_limit."
        ),
    )
    """The push was stopped before its first write: a person has to confirm it."""
    MOVED = (
        "moved",
        StockMeaning("moved during the push", FollowUp.NEXT_RUN, is_counted=False, amount=Amount.WRONG),
    )
    """The store's amount moved during the push: the next push counts again. A busy store always has a few."""
    PLANNED = "planned", StockMeaning("planned", FollowUp.REAL_RUN, amount=Amount.WRONG)
    """It would be written."""
    UNREADABLE = (
        "unreadable",
        _stock_person(
            "not readable in the store",
            "Correct the product's field that the reason names in the store: the next push takes it up.",
        ),
    )
    """The store's row of the product can't be read."""
    UNCOUNTED = (
        "uncounted",
        _stock_person(
            "not readable on the platform",
            "Ask the warehouse to correct the figure that the reason names: the next push takes it up.",
        ),
    )
    """The platform's count can't be read."""
    SEVERAL_PRODUCTS = (
        "several_products",
        _stock_person("several products with one code", "Give each product a code of its own.", is_pair=False),
    )
    """Several products have the code, and the master setup doesn't give the figure to all of them."""
    SEVERAL_COUNTS = (
        "several_counts",
        _stock_person(
            "several counts of one code",
            "Have the warehouse keep one of the codes that differ only by blanks.",
            is_pair=False,
        ),
    )
    """The platform counts several codes that differ only by blanks: which is the product's isn't known."""
    NO_CODE = (
        "no_code",
        StockMeaning(
            "without a code",
            FollowUp.PERSON,
            "Give the product a code in the store if the warehouse has it.",
            is_counted=False,
            is_pair=False,
        ),
    )
    """Many a store has a few products that no warehouse has and that nobody gave a code."""
    DOWNLOAD = "download", StockMeaning("a download")
    NOT_IN_STORE = (
        "not_in_store",
        _stock_person(
            "not in the store",
            "Give the product this code in the store: spelling and letter case count.",
            is_pair=False,
        ),
    )
    SOLD_AS = "sold_as", StockMeaning("sold under other codes", is_pair=False)
    """No product has the code: it is a part of kits, or has an alias (`orders.skus`)."""
    NOT_IN_WAREHOUSE = "not_in_warehouse", StockMeaning("not in the warehouse", is_pair=False)
    LEFT_WAREHOUSE = (
        "left_warehouse",
        _stock_person(
            "no longer in the warehouse's count",
            "Ask the warehouse whether it still has the SKU. If not, disable the product in the store.",
            is_pair=False,
        ),
    )
    """The SKU was pushed before, and the warehouse no longer counts it."""
    NOT_TRACKED = "not_tracked", StockMeaning("not counted by the store")
    OFF = "off", StockMeaning("turned off")
    """The master setup turns stock off."""

    @property
    def amount(self) -> Amount:
        """Whether the store has the amount that it should have."""
        return self.meaning.amount

    @property
    def is_pair(self) -> bool:
        """Whether the SKU is one of the warehouse and one product of the store."""
        return self.meaning.is_pair

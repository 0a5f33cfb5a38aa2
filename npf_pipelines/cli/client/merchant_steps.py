"""The steps of a merchant in CS-Cart's administration so that NPF can work with the store, from NPF's own guide.

The only place with these steps. Menus are named as CS-Cart names them (documented); a store may have other words.
Not here: how they are laid out (templates/guide.*).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Right:
    """A right of a user group, in a merchant's words, and what it is needed for."""

    name: str
    purpose: str


STEPS = (
    "Sign in to your store's administration.",
    (
        "Open Customers > Administrators, and choose the administrator that NPF is to use. "
        "One that nobody else uses is best: you can then see in the store what NPF has changed."
    ),
    "Point at the administrator, click the gear, and choose Edit.",
    'Open the tab API access, tick "Yes, allow this user to use the API", and save.',
    "The tab now shows the API key: copy it. The API user name is the administrator's e-mail address.",
    "Read the address bar of your browser while you are on this page. The number after user_id= is the user ID.",
    (
        "If the administrator belongs to a user group, open Customers > User groups, edit that group, "
        "and tick the rights below under Privileges."
    ),
)
RIGHTS = (
    Right("View orders", "to read new orders and their changes"),
    Right("Edit orders", "to add shipments with tracking numbers, and to set the order status"),
    Right("Manage order statuses", "to read what your statuses are called; none is changed"),
    Right("View catalogue", "to find your products by their codes"),
    Right("Manage catalogue", "to write the warehouse's stock to your products"),
    Right("View users", "to check the user ID above; nothing else is read"),
)
TEST = (
    (
        "Add three products with the product codes Test001, Test002 and Test003, exactly so written, "
        "with inventory tracking and at least 10 in stock each."
    ),
    (
        "When we ask you to, place two orders of these products alone, to an address in a country to which we ship "
        "for you: one with one unit of each of the three, and one with two units of Test001."
    ),
    "Set both orders to the status in which we are to ship your orders. Nothing leaves the warehouse for them.",
)
CREDENTIALS = (
    "Store URL: the address at which shoppers open your store",
    "API user name: the administrator's e-mail address",
    "API key: in a way that only the two of us can read, not in this e-mail's reply",
    "User ID: the number from the address bar",
)

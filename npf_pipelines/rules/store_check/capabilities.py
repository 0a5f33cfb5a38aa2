"""The capabilities of the store: version, lists, companies, shipping methods, carriers.

Not here: access (access.py), shipping methods (shipping.py), contents (statuses.py, orders.py, products.py).
"""

from collections.abc import Iterator, Mapping, Sequence

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.store_answers import StoreAnswers, Unanswered, Why
from npf_pipelines.domain.store_check import Finding
from npf_pipelines.domain.store_shipments import Shipment
from npf_pipelines.domain.text import counted
from npf_pipelines.rules.store_check.lines import first_few, ok, unanswered, unknown, warning
from npf_pipelines.rules.store_check.shipping import shipping_findings


def capability_findings(setup: MasterSetup, answers: StoreAnswers) -> Iterator[Finding]:
    """The findings about version, lists, companies, shipping methods and carriers."""
    version = answers.connection.version
    yield ok("version", f"{version}.") if version else unknown("version", "The store doesn't name its version.")
    yield _whole_orders(answers)
    yield _changed_orders(answers)
    yield _companies("storefronts", answers.storefronts, "storefront", setup.orders.storefronts)
    yield _companies("vendors", answers.vendors, "vendor", [setup.store.vendor] if setup.store.vendor else [])
    yield from shipping_findings(setup, answers)
    yield from _carriers(setup.tracking.carriers, answers.shipments)


def _whole_orders(answers: StoreAnswers) -> Finding:
    topic = "order lists"
    if isinstance(answers.orders, Unanswered):
        return unanswered(topic, answers.orders)
    match answers.orders.lists_are_whole:
        case None:
            return unknown(topic, "The store has no order since the order start date to show what its lists hold.")
        case True:
            return ok(topic, "Lists hold whole orders.")
        case False:
            return ok(topic, "Lists hold no whole orders: each order is a request of its own, and a backfill is slow.")


def _changed_orders(answers: StoreAnswers) -> Finding:
    topic = "changed orders"
    if isinstance(answers.lists_changes, Unanswered):
        return unanswered(topic, answers.lists_changes)
    match answers.lists_changes:
        case None:
            return unknown(topic, "The store has no order to show whether it lists changed orders.")
        case True:
            return ok(topic, "The store lists orders by their last change.")
        case False:
            return ok(
                topic,
                "The store can't list orders by their last change (before 4.13.2): statuses are compared instead.",
            )


def _companies(topic: str, found: Mapping[str, str] | Unanswered, noun: str, named: Sequence[int]) -> Finding:
    """The storefronts or vendors of the store, compared with the setup."""
    if isinstance(found, Unanswered):
        if found.why is Why.ABSENT:
            return ok(topic, f"The store has no list of {topic}.")
        if found.why is Why.FORBIDDEN:  # So do editions without them (documented).
            return unknown(topic, f"The store refuses its list of {topic} (403): it has none, or a right is missing.")
        return unanswered(topic, found)
    if named:
        return _named_companies(topic, found, noun, [str(number) for number in named])
    if len(found) <= 1:
        return ok(topic, f"The store has {counted(len(found), noun)}.")
    return warning(
        topic,
        f"The store has {counted(len(found), noun)}: {first_few(list(found.values()))}. The orders of all are pulled.",
        "Check that the warehouse ships for all of them.",
    )


def _named_companies(topic: str, found: Mapping[str, str], noun: str, named: Sequence[str]) -> Finding:
    if missing := [number for number in named if number not in found]:
        field = "store.vendor" if noun == "vendor" else "orders.storefronts"
        return warning(
            topic,
            f"The store lists no {noun} {first_few(missing)}: {field} imports no order of it.",
            f"Compare {field} with the orders of the store: each names its {noun}.",
        )
    names = first_few([found[number] for number in named])
    return ok(topic, f"{names} of {counted(len(found), noun)}: the orders of the others are left out.")


def _carriers(own: Mapping[str, str], shipments: Sequence[Shipment] | Unanswered) -> Iterator[Finding]:
    topic = "carriers"
    if isinstance(shipments, Unanswered):
        yield unanswered(topic, shipments)
        return
    links: dict[str, bool] = {}
    for shipment in shipments:
        if shipment.carrier and shipment.tracking_number:
            links[shipment.carrier] = links.get(shipment.carrier, False) or bool(shipment.tracking_url)
    linked = sorted(code for code, has_link in links.items() if has_link)
    without = sorted(code for code, has_link in links.items() if not has_link)
    read = counted(len(shipments), "shipment")
    if linked:
        yield ok(topic, f"Tracking links in the newest {read} for: {first_few(linked)}.")
    if without:
        yield ok(topic, f"No link for: {first_few(without)}. The URL goes into the comments instead.")
    for name, code in own.items():
        if code in without:
            yield warning(
                topic,
                f"tracking.carriers: the store builds no link for {code}, which {name} means.",
                "Correct the code, or switch the carrier on in the store.",
            )
        elif code not in linked:
            yield unknown(
                topic, f"tracking.carriers: no shipment shows whether the store builds a link for {code} ({name})."
            )
    if not links and not own:
        yield unknown(topic, f"None of the newest {read} shows for which carriers the store builds a tracking link.")

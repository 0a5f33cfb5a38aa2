"""The test orders of a certification: which they are, how they are placed, and what they wait for.

Not here: how they are found (reconcile/certification.py), what they prove (order_requirements.py).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from npf_pipelines.config.countries import country_name
from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.certification import Evidence, OrderEvidence, OrderSeen
from npf_pipelines.domain.platform_orders import OrderStatus
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.rules.orders import TEST_SKUS, lines_to_ship


@dataclass(frozen=True)
class Candidate:
    """A test order of the store, and how far it is in the warehouse.

    Attributes:
        is_due: whether it is on the platform, or in a status in which it will be imported.
        lodged: the units that the warehouse has lodged.
    """

    order: Order
    is_due: bool
    is_cancelled: bool
    lodged: int

    @property
    def units(self) -> int:
        """The units to ship."""
        return sum(units_of(self.order).values())


@dataclass(frozen=True)
class ChosenOrders:
    """The two test orders of a certification; None where the store has no such order."""

    full: Order | None = None
    part: Order | None = None

    def has(self, roles: Collection[str]) -> bool:
        """Whether there is an order for each of the roles (`full`, `part`)."""
        return all(getattr(self, role) is not None for role in roles)


def units_of(order: Order) -> dict[str, int]:
    """The units to ship, by SKU."""
    units: dict[str, int] = {}
    for line in lines_to_ship(order):
        units[line.sku] = units.get(line.sku, 0) + line.quantity
    return units


def choose(candidates: Iterable[Candidate], roles: Collection[str]) -> ChosenOrders:
    """The newest test order with all test items, and the newest other one that can still be shipped in part.

    Args:
        candidates: the store's test orders.
        roles: the roles for which an order is needed: `full`, `part` or both.
    """
    newest = sorted(
        (candidate for candidate in candidates if candidate.is_due and not candidate.is_cancelled),
        key=lambda candidate: (candidate.order.placed_at, candidate.order.order_id),
        reverse=True,
    )
    full = part = None
    if "full" in roles:
        full = next((one for one in newest if _is_whole(one) and one.lodged in {0, one.units}), None)
    if "part" in roles:
        part = next((one for one in newest if one is not full and one.units > max(one.lodged, 1)), None)
    return ChosenOrders(full.order if full else None, part.order if part else None)


def _is_whole(candidate: Candidate) -> bool:
    return units_of(candidate.order).keys() == TEST_SKUS


def first_part(ordered: Mapping[str, int]) -> dict[str, int]:
    """The units to lodge first of an order that is shipped in part: one unit of one SKU."""
    return {min(ordered): 1}


def how_to_place(setup: MasterSetup, evidence: Evidence) -> tuple[str, ...]:
    """The steps by which the merchant places the test orders that are missing.

    Args:
        setup: the client's master setup.
        evidence: everything seen so far.
    """
    lacks_part = evidence.part is None or _is_missed(evidence.part)
    if evidence.full and not lacks_part:
        return ()
    countries = setup.orders.countries
    where = f"an address in {' or '.join(map(country_name, sorted(countries)))}" if countries else "any address"
    begin = f"In the store, add an order with {where} and the status {' or '.join(setup.orders.statuses)}"
    steps = ["If the store sells only what it has, give each test item an amount of 10 or more."]
    if evidence.full is None:
        steps.append(f"{begin}: one unit of each of {', '.join(sorted(TEST_SKUS))}. It will be shipped in full.")
    if lacks_part:
        steps.append(f"{begin}: two units of {min(TEST_SKUS)}. One of them will be shipped first.")
    return (*steps, "Run certify again.")


def what_waits(evidence: Evidence) -> list[str]:
    """The lodgements that the warehouse has still to make, each as an order number with what to lodge."""
    waiting = []
    if evidence.full and evidence.full.pushed is None:
        waiting.append(f"{evidence.full.order_number} in full")
    part = evidence.part
    if part and part.pushed is None and not _is_missed(part):
        ordered = part.pulled.ordered if part.pulled else {min(TEST_SKUS): 2}
        parcel = ", ".join(f"{units} of {sku}" for sku, units in first_part(ordered).items())
        waiting.append(f"{part.order_number} in part ({parcel}, the rest on back order)")
    return waiting


def missing_orders(evidence: Evidence) -> tuple[str, ...]:
    """A sentence for each test order that the store lacks."""
    orders = {"in full": evidence.full, "in part": evidence.part}
    return tuple(f"The store has no test order to be shipped {how}." for how, order in orders.items() if order is None)


def waits_for_full(evidence: Evidence) -> tuple[str, ...]:
    """Why there is no evidence yet of an order shipped in full, in a sentence; none if there is."""
    order = evidence.full
    if order is None:
        return ("The store has no test order to be shipped in full.",)
    return () if order.pushed else (f"Waiting for lodgement of {order.order_number} in full.",)


def waits_for_part(evidence: Evidence) -> tuple[str, ...]:
    """The same of an order shipped in part."""
    order = evidence.part
    if order is None:
        return ("The store has no test order to be shipped in part.",)
    if order.pushed:
        return ()
    if _is_missed(order):
        return (f"{order.order_number} was shipped in full before its first part was seen. Place another test order.",)
    return (f"Waiting for lodgement of {order.order_number} in part.",)


def can_prove(role: str, order: OrderEvidence, seen: OrderSeen, wanted: Collection[str]) -> bool:
    """Whether an order has proven what its role asks, or still can.

    Args:
        role: `full` or `part`.
        order: the order over time.
        seen: the order now.
        wanted: the letters of the statuses in which an order is imported.
    """
    if order.pushed_again:
        return True
    if seen.imported is None:
        return seen.status in wanted
    if role == "part" and seen.is_lodged_in_full:
        return False
    return seen.imported.status != OrderStatus.CANCELLED


def _is_missed(part: OrderEvidence) -> bool:
    """Whether the order was lodged in full before the push of its first part was seen: it can prove nothing more."""
    seen = part.pulled_again or part.pulled
    return part.pushed is None and seen is not None and seen.is_lodged_in_full

"""Edits of imported orders that the import rules object to: a person decides, and nothing of them is written.

An objection that the order as it was imported would meet, too, is not brought about by an edit: an earlier release or
another master setup let the order in.
Not here: the rules (orders.py), the other edits (after_import.py).
"""

from collections.abc import Sequence

from npf_pipelines.domain.outcomes import Decision, Rule
from npf_pipelines.domain.platform_orders import OPEN_STATUSES, OrderStatus, PlatformLine, PlatformRecord
from npf_pipelines.domain.store_orders import Order, OrderLine, OrderMoney
from npf_pipelines.rules.after_import import Action, UpdatePlan
from npf_pipelines.rules.alike import alike
from npf_pipelines.rules.orders import OrderFilter, Verdict, lines_without_code, objections_to_content
from npf_pipelines.rules.shipped_before import has_methods_of_import


def unless_unfit(plan: UpdatePlan, order: Order, record: PlatformRecord, criteria: OrderFilter) -> UpdatePlan:
    """A plan that writes nothing to which an import rule objects.

    Args:
        plan: the plan by the differences alone.
        order: the store's present order, with the units that the warehouse is asked for.
        record: the platform's.
        criteria: the client's order rules.
    """
    if record.unreadable or not (objections := _brought_about(order, record, criteria)):
        return plan
    reasons = "; ".join(verdict.reason for verdict in objections)
    if record.status is OrderStatus.CANCELLED:
        return _cancelled(plan, objections, reasons)
    if plan.step is Action.UPDATE:
        return UpdatePlan(Action.REPORT, f"edited in the store ({plan.differs}): {reasons}. {_AS_IMPORTED}")
    if plan.step is Action.REPORT and record.status in OPEN_STATUSES:
        said = [plan.differs, *(verdict.reason for verdict in objections if verdict.rule not in _OF_ADDRESS)]
        return UpdatePlan(Action.REPORT, f"{'; '.join(said)}. {_AS_IMPORTED}")
    if plan.step is Action.NOTHING and any(verdict.rule is Rule.NO_PRODUCT_CODE for verdict in objections):
        # The platform has no such line, so that nothing differs.
        todo = _NOT_SHIPPED if record.status is OrderStatus.SHIPPED else _AS_IMPORTED
        return UpdatePlan(Action.REPORT, f"edited in the store: {reasons}. {todo}")
    return plan


def _cancelled(plan: UpdatePlan, objections: Sequence[Verdict], reasons: str) -> UpdatePlan:
    """The plan of an order that is cancelled on the platform: both sides agree on one that isn't imported."""
    if plan.step not in {Action.RESUME, Action.REPORT}:
        return plan
    if any(verdict.decision is Decision.REJECTED for verdict in objections):
        return UpdatePlan(Action.NOTHING, f"cancelled on the platform; in the store {reasons}")
    return UpdatePlan(Action.REPORT, f"{plan.differs}: {reasons}") if plan.step is Action.RESUME else plan


def _brought_about(order: Order, record: PlatformRecord, criteria: OrderFilter) -> Sequence[Verdict]:
    """The objections to the order that were none to it as it was imported."""
    # A line without a code that the merchant has shipped asks for nothing.
    lines = tuple(line for line in order.lines if line.sku or line.shipped < line.quantity)
    order = order.model_copy(update={"lines": lines})
    if not (objections := objections_to_content(order, criteria)):
        return ()
    at_import = objections_to_content(_as_imported(order, record, criteria), criteria)
    return [verdict for verdict in objections if verdict not in at_import]


def _as_imported(order: Order, record: PlatformRecord, criteria: OrderFilter) -> Order:
    """The store's order with all that the platform has kept of it."""
    imported = record.order
    address = {
        "name": imported.ship_to_name,
        "address_1": imported.address_1,
        "address_2": imported.address_2,
        "city": imported.city,
        "state": imported.state,
        "postcode": imported.postcode,
        "country_code": imported.country_code,
        "country": imported.country,
    }
    unknown_lines = lines_without_code(order) if _had_lines_without_code(order, record) else []
    return order.model_copy(
        update={
            "ship_to": order.ship_to.model_copy(update=address),
            "lines": (*map(_store_line, imported.lines), *unknown_lines),
            "shipping": order.shipping if has_methods_of_import(order, record) else (),
            "storefront_id": order.storefront_id if imported.storefront_id is None else imported.storefront_id,
            # The platform doesn't keep it.
            "company_id": criteria.vendor or order.company_id,
        }
    )


def _had_lines_without_code(order: Order, record: PlatformRecord) -> bool:
    """Whether the order was imported without its lines that have no code: it costs what it did.

    Lines that cost nothing don't show it: while the order is open, a person checks. A platform without sums doesn't
    show it either, but then an earlier release may have imported the order.
    """
    in_store, imported = order.money or OrderMoney(), record.order
    pairs = ((in_store.subtotal, imported.subtotal), (order.total, imported.total))
    known = [alike(now, before) for now, before in pairs if now is not None and before is not None]
    if known and not any(line.price for line in lines_without_code(order)):
        return record.status not in OPEN_STATUSES
    return not known or known[0]


def _store_line(line: PlatformLine) -> OrderLine:
    return OrderLine(
        item_id=line.line_id,
        product_id="",
        sku=line.sku,
        description=line.description,
        quantity=line.quantity,
        price=line.unit_price,
        is_download=False,
        shipped=0,
        to_ship=None,
    )


_OF_ADDRESS = frozenset({Rule.ADDRESS_INCOMPLETE, Rule.COUNTRY_UNREADABLE})
"""The rules whose objection such a plan says already: the platform can't take the order."""
_AS_IMPORTED = (
    "The warehouse has the order as it was before the edit: have it wait, and cancel the order there or correct it in "
    "the store"
)
_NOT_SHIPPED = "The warehouse has shipped the order without them: ship them from the store, or take them off the order"

"""The orders since the order start date: how many pass the rules of the setup, why the others don't, and where they go.

Not here: the rules themselves (rules/orders.py), reading the orders (reconcile/store_check.py).
"""

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from npf_pipelines.config.countries import UnknownCountry, country_name
from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.outcomes import Decision, Rule
from npf_pipelines.domain.store_answers import OrdersRead, StoreAnswers, Unanswered
from npf_pipelines.domain.store_check import Finding
from npf_pipelines.domain.store_orders import Order, UnreadableOrder
from npf_pipelines.domain.text import counted, one_line
from npf_pipelines.rules.addresses import IncompleteAddress, deliver_to
from npf_pipelines.rules.holds import hold_of, hold_rules
from npf_pipelines.rules.order_criteria import order_criteria
from npf_pipelines.rules.orders import Verdict, country_of, decide, is_test
from npf_pipelines.rules.status_meaning import StatusMeanings
from npf_pipelines.rules.status_names import named_statuses
from npf_pipelines.rules.store_check.lines import first_few, ok, unanswered, unknown, warning
from npf_pipelines.rules.store_check.statuses import known_statuses

_REASONS = 3
"""Reasons of a rule that are quoted."""
_LONGEST_REASON = 200


def order_findings(setup: MasterSetup, answers: StoreAnswers) -> Iterator[Finding]:
    """The findings about countries and orders."""
    read = answers.orders
    if isinstance(read, Unanswered):
        yield _countries(setup, ())
        yield unanswered("orders", read)
        return
    yield _countries(setup, read.orders)
    since = f"since {setup.orders.start_date}"
    if not read.orders:
        yield unknown("orders", f"The store has no order {since}.")
        return
    yield ok("orders", _extent(read, since))
    criteria = order_criteria(setup, _meanings(setup, answers))
    if not criteria.statuses:
        yield unknown("orders", "No order is judged, because no status of orders.statuses is known in the store.")
        return
    imported = frozenset() if isinstance(answers.warehouse, Unanswered) else answers.warehouse.imported
    verdicts = [(order, decide(order, criteria, imported=order.order_id in imported)) for order in read.orders]
    yield _accepted(verdicts)
    yield from _held(setup, [order for order, verdict in verdicts if verdict.rule is Rule.ALL_PASSED])
    for rule in Rule:
        if rule.decision is not Decision.ACCEPTED and (stopped := [pair for pair in verdicts if pair[1].rule is rule]):
            yield _stopped(rule, stopped)


def _extent(read: OrdersRead, since: str) -> str:
    if len(read.orders) >= read.total:
        return f"{counted(len(read.orders), 'order')} {since}, all read."
    why = " before the time was over" if read.is_cut else ""
    return f"{counted(read.total, 'order')} {since}; the newest {len(read.orders)} were read{why}."


def _meanings(setup: MasterSetup, answers: StoreAnswers) -> StatusMeanings:
    """As far as the names of the setup are known in the store: the unknown ones have a finding of their own."""
    statuses = known_statuses(answers)
    letters = named_statuses(setup, statuses).letters["orders.statuses"]
    return StatusMeanings(statuses=tuple(statuses), wanted=frozenset(letters))


def _accepted(verdicts: list[tuple[Order | UnreadableOrder, Verdict]]) -> Finding:
    accepted = [pair for pair in verdicts if pair[1].decision is Decision.ACCEPTED]
    before = sum(verdict.rule is Rule.ALREADY_IMPORTED for _, verdict in accepted)
    tests = sum(isinstance(order, Order) and is_test(order) for order, _ in accepted)
    said = f"{len(accepted)} of {counted(len(verdicts), 'order')} pass every rule"
    notes = [f"{tests} of them test orders"] if tests else []
    notes += [f"{before} of them imported before and judged no more"] if before else []
    said = f"{', '.join([said, *notes])}."
    if accepted:
        return ok("orders", said)
    return warning("orders", said, "Compare the reasons below with the master setup: statuses, countries, start date.")


def _held(setup: MasterSetup, accepted: Iterable[Order | UnreadableOrder]) -> Iterator[Finding]:
    """How many of the orders that pass the setup would hold; nothing where it has no holds."""
    rules = hold_rules(setup)
    if rules.grace:
        until = ", or until shortly before the cut-off" if rules.cut_off else ""
        yield ok("holds", f"Each order is held for {setup.orders.hold_minutes} minutes after its last change{until}.")
    if rules.total_above is None and not rules.countries:
        return
    orders = [order for order in accepted if isinstance(order, Order)]
    by_rule = replace(rules, grace=None)
    held = [order for order in orders if hold_of(order, by_rule, None, None, order.placed_at)]
    said = f"{len(held)} of {counted(len(orders), 'order')} would wait for npf release (orders.hold)."
    if len(held) * 2 > len(orders):
        yield warning("holds", said, "Check orders.hold: more than half of the orders would need a person.")
    else:
        yield ok("holds", said)


def _stopped(rule: Rule, stopped: list[tuple[Order | UnreadableOrder, Verdict]]) -> Finding:
    reasons = Counter(one_line(verdict.reason, _LONGEST_REASON) for _, verdict in stopped).most_common()
    said = "; ".join(f"{number}: {reason}" if len(reasons) > 1 else reason for reason, number in reasons[:_REASONS])
    more = f"; {len(reasons) - _REASONS} other reasons" if len(reasons) > _REASONS else ""
    ids = [order.order_id or "without a number" for order, _ in stopped]
    decided = f"{counted(len(stopped), 'order')} {rule.decision.words} ({rule.words})"
    sentence = f"{decided}: {said}{more}. Orders: {first_few(ids)}."
    if rule.decision is Decision.REJECTED:
        return ok("orders", sentence)
    return warning("orders", sentence, rule.what_to_do)


def _countries(setup: MasterSetup, orders: Iterable[Order | UnreadableOrder]) -> Finding:
    found: Counter[str] = Counter()
    for order in orders:
        if isinstance(order, Order):
            with contextlib.suppress(IncompleteAddress, UnknownCountry):
                found[country_of(deliver_to(order))] += 1
    named = setup.orders.countries
    said = "All countries." if named is None else f"{first_few([country_name(code) for code in named])}."
    going = [f"{country_name(code)} ({number})" for code, number in found.most_common()]
    left_out = [code for code in found if named is not None and code not in named]
    said += f" The orders go to {first_few(going)}." if going else ""
    if left_out and len(left_out) == len(found):
        todo = "Correct orders.countries, or leave the line out to ship to all countries."
        return warning("countries", f"{said} None of them is a country of orders.countries.", todo)
    return ok("countries", said)

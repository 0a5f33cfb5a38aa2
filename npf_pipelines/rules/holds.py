"""Which of the accepted orders are held before their import, and until when.

A person's action decides first, then the rules of the master setup, then the grace period: merchants edit orders
after they are placed, and the warehouse does not read edits once it has begun.
Not here: which orders are accepted (orders.py), where holds and times of release are kept (state/).
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from npf_pipelines.config.countries import country_name
from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.clock import unless_future
from npf_pipelines.domain.hold_actions import HoldAction
from npf_pipelines.domain.outcomes import Rule
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.rules.addresses import deliver_to
from npf_pipelines.rules.cut_off import cut_off_after
from npf_pipelines.rules.orders import country_of, is_test

BEFORE_CUT_OFF = timedelta(minutes=3)
"""How long before the cut-off a grace period ends: the import takes up to two minutes, and has to make it."""


@dataclass(frozen=True)
class HoldRules:
    """The rules by which a client's orders are held.

    Attributes:
        grace: how long after its last change an order is held; None for no such time.
        cut_off: the local time that ends a grace period; None if nothing ends it early.
        zone: the client's.
        total_above: orders with a greater total are held; None for no such limit.
        countries: orders to these countries are held, as two-letter codes.
    """

    grace: timedelta | None
    cut_off: time | None
    zone: ZoneInfo
    total_above: Decimal | None
    countries: frozenset[str]


class Version(NamedTuple):
    """The content of an order as a run saw it, and since when it is so."""

    content: str
    changed_at: datetime


@dataclass(frozen=True)
class Hold:
    """Why an order is held, and until when; no time of release where a person has to release it."""

    rule: Rule
    reason: str
    release_at: datetime | None = None


def hold_rules(setup: MasterSetup) -> HoldRules:
    """The hold rules of a master setup."""
    orders = setup.orders
    return HoldRules(
        grace=timedelta(minutes=orders.hold_minutes) if orders.hold_minutes else None,
        cut_off=None if orders.hold_past_cut_off else orders.cut_off,
        zone=setup.zone,
        total_above=orders.hold.total_above,
        countries=frozenset(orders.hold.countries or ()),
    )


def hold_of(
    order: Order, rules: HoldRules, action: HoldAction | None, changed_at: datetime | None, now: datetime
) -> Hold | None:
    """The hold on an accepted order that the platform doesn't have; None if it may be imported now.

    Test orders are held by a person only: they prove an integration, and nothing is dispatched.

    Args:
        order: the order.
        rules: the client's.
        action: the latest action of a person on the order; None if there was none.
        changed_at: when the order was last changed; None where no grace period is set.
        now: the moment of the decision.
    """
    if action:
        return Hold(Rule.HELD_BY_PERSON, action.words) if action.is_hold else None
    if is_test(order):
        return None
    if reason := held_by_rule(order, rules):
        return Hold(Rule.HELD_BY_RULE, f"{reason}: it waits for npf release")
    if rules.grace is None or changed_at is None:
        return None
    return _in_grace(rules, rules.grace, changed_at, now)


def version_of(order: Order, known: Version | None, now: datetime) -> Version:
    """The order's content and the time of its last change.

    The store's own time of the change counts, if it has one, but for a time in the future. Any other order counts as
    changed when it was placed, or when a run first saw it differ from what an earlier run had seen.

    Args:
        order: the order as it is now.
        known: the order as the last run saw it; None if none did.
        now: when the order was read.
    """
    content = _content(order)
    if told_at := unless_future(order.updated_at, now):
        changed_at = max(order.placed_at, told_at)
    elif known is None:
        changed_at = order.placed_at
    else:
        changed_at = known.changed_at if known.content == content else now
    return Version(content, min(changed_at, now))


def held_by_rule(order: Order, rules: HoldRules) -> str:
    """The rule of the master setup that holds the order, in words; empty if none does."""
    if rules.total_above is not None and order.total > rules.total_above:
        return f"the total {order.total:.2f} is above {rules.total_above} (orders.hold.total_above)"
    if rules.countries and (code := country_of(deliver_to(order))) in rules.countries:
        return f"goes to {country_name(code)} (orders.hold.countries)"
    return ""


def _in_grace(rules: HoldRules, grace: timedelta, changed_at: datetime, now: datetime) -> Hold | None:
    release_at, why = changed_at + grace, "orders.hold_minutes"
    if rules.cut_off is not None:
        at_cut_off = cut_off_after(changed_at, rules.cut_off, rules.zone) - BEFORE_CUT_OFF
        if at_cut_off < release_at:
            release_at, why = at_cut_off, "orders.hold_minutes, ended by orders.cut_off"
    if release_at <= now:
        return None
    return Hold(
        Rule.GRACE_PERIOD,
        f"placed or last changed at {changed_at:%Y-%m-%d %H:%M} UTC, is released at {release_at:%Y-%m-%d %H:%M} UTC "
        f"({why})",
        release_at,
    )


def _content(order: Order) -> str:
    """A hash of the order's kept fields; another one means that the order was changed."""
    fields = order.model_dump(exclude={"updated_at"})
    written = json.dumps(fields, sort_keys=True, default=_plain)
    return hashlib.sha256(written.encode()).hexdigest()[:16]


def _plain(value: object) -> str:
    # The lake gives amounts back with more zeros than the store.
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)

"""The requirements of a certificate that concern orders, lodgements, tracking and statuses.

Not here: the evidence (domain/certification.py), the requirements of stock (stock_requirements.py).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from npf_pipelines.domain.certification import Evidence, LodgedParcel, OrderEvidence, OrderSeen, StoreParcel
from npf_pipelines.domain.requirement import Judgement, judged, not_asked
from npf_pipelines.rules.certification_orders import missing_orders, waits_for_full, waits_for_part
from npf_pipelines.rules.status_meaning import StatusMeanings

_JudgeParcel = Callable[[LodgedParcel, StoreParcel | None], tuple[bool, str]]
"""Judges what the store shows of a lodged parcel: whether it is right, and a sentence without its end."""


def pull(evidence: Evidence, zone: ZoneInfo) -> Judgement:
    """Each test order is on the platform, with its units; times are in `zone`, as in the two below."""
    right, wrong = [], []
    for order in _orders(evidence):
        seen = order.pulled
        if problem := _why_not_pulled(seen):
            wrong.append(f"{order.order_number}: {problem}{_failed(evidence, 'orders')}.")
        elif seen and seen.imported:
            right.append(
                f"{order.order_number}: imported at {_time(seen.imported.imported_at, zone)} as a test order "
                f"with {_in_words(seen.imported.units)}."
            )
    return judged(right, wrong=wrong, missing=missing_orders(evidence))


def full(evidence: Evidence, zone: ZoneInfo) -> Judgement:
    """The order that was lodged in full is in the store as shipped."""
    right, wrong = _shipments(evidence, evidence.full, zone)
    return judged(right, wrong=wrong, missing=waits_for_full(evidence))


def partial(evidence: Evidence, zone: ZoneInfo) -> Judgement:
    """Of the order that was lodged in part, this part is in the store as shipped."""
    right, wrong = _shipments(evidence, evidence.part, zone)
    seen = evidence.part.pushed if evidence.part else None
    if seen and not wrong:
        left = {sku: units - seen.units_shown.get(sku, 0) for sku, units in seen.ordered.items()}
        right.append(f"Still to ship: {_in_words({sku: units for sku, units in left.items() if units})}.")
    return judged(right, wrong=wrong, missing=waits_for_part(evidence))


def tracking_number(evidence: Evidence) -> Judgement:
    """The shopper sees tracking number and carrier of each parcel."""
    return _tracking(evidence, _number_shown)


def tracking_url(evidence: Evidence) -> Judgement:
    """The shopper sees a link for each parcel, or its URL in the comments."""
    return _tracking(evidence, _url_shown)


def shipped_status(evidence: Evidence, meanings: StatusMeanings) -> Judgement:
    """The shipped order has the status that the setup asks for."""
    return _status(evidence.full, meanings.shipped, meanings, waits_for_full(evidence))


def partially_shipped_status(evidence: Evidence, meanings: StatusMeanings) -> Judgement:
    """The order that was shipped in part has the status that the setup asks for."""
    return _status(evidence.part, meanings.partially_shipped, meanings, waits_for_part(evidence))


def second_import(evidence: Evidence) -> Judgement:
    """A second import neither doubles nor changes an order."""
    right, wrong = [], []
    for order in _orders(evidence):
        first, second = order.pulled, order.pulled_again
        if first is None or first.imported is None or second is None:
            continue
        if len(second.numbers) == 1 and second.imported and second.imported.units == first.imported.units:
            right.append(f"{order.order_number}: on the platform once, with the same lines, after a second import.")
        else:
            wrong.append(f"{order.order_number}: on the platform {len(second.numbers)} times, or with other lines.")
    unproven = () if right or wrong else ("No test order was imported.",)
    return judged(right, wrong=wrong, missing=(*missing_orders(evidence), *unproven))


def second_push(evidence: Evidence) -> Judgement:
    """A second push neither doubles a shipment nor changes a status."""
    right, wrong, unproven = [], [], []
    for order in _orders(evidence):
        first, second = order.pushed, order.pushed_again
        if first is None:
            continue
        if second is None:
            unproven.append(f"{order.order_number}: not pushed a second time yet.")
            continue
        ids = ", ".join(shipment.shipment_id for shipment in second.shown) or "none"
        if (first.status, first.shown) == (second.status, second.shown):
            right.append(f"{order.order_number}: the same shipments ({ids}) and the same status after a second push.")
        else:
            wrong.append(f"{order.order_number}: shipments or status changed with a second push (now {ids}).")
    return judged(right, wrong=wrong, missing=(*unproven, *_waits(evidence)))


def _why_not_pulled(seen: OrderSeen | None) -> str:
    if seen is None or seen.imported is None:
        decision = seen.decision if seen else ""
        return f"not on the platform ({decision or 'the pipeline has made no decision on it'})"
    if seen.imported.units != seen.ordered:
        return f"the platform has {_in_words(seen.imported.units)}, the store {_in_words(seen.ordered)}"
    if not seen.imported.is_test:
        return "not marked as a test order on the platform"
    return "" if seen.imported.has_country else "the platform has no country for it"


def _shipments(evidence: Evidence, order: OrderEvidence | None, zone: ZoneInfo) -> tuple[list[str], list[str]]:
    """The right and the wrong: each lodged parcel must be in the store once, with its units."""
    right: list[str] = []
    wrong: list[str] = []
    if order is None or order.pushed is None:
        return right, wrong
    seen, number = order.pushed, order.order_number
    for parcel in seen.lodged:
        shown = _shown(seen, parcel)
        if len(shown) != 1:
            problem = f"{parcel.shipment_id} is in the store {len(shown)} times"
            wrong.append(f"{number}: {problem}{_failed(evidence, 'shipments')}.")
        elif shown[0].units != parcel.units:
            wrong.append(
                f"{number}: the store shows {_in_words(shown[0].units)} in {parcel.shipment_id}, not all of it."
            )
        else:
            right.append(
                f"{number}: lodged at {_time(parcel.lodged_at, zone)}; the store's shipment "
                f"{shown[0].shipment_id} has {_in_words(parcel.units)}."
            )
    if not wrong and seen.units_shown != seen.units_lodged:
        wrong.append(f"{number}: the store shows {_in_words(seen.units_shown)} as shipped, more than was lodged.")
    return right, wrong


def _tracking(evidence: Evidence, judge_parcel: _JudgeParcel) -> Judgement:
    right: list[str] = []
    wrong: list[str] = []
    for order in _orders(evidence):
        seen = order.pushed
        for parcel in seen.lodged if seen else ():
            shown = _shown(seen, parcel) if seen else []
            is_right, sentence = judge_parcel(parcel, shown[0] if shown else None)
            (right if is_right else wrong).append(f"{order.order_number}: {sentence}.")
    return judged(right, wrong=wrong, missing=_waits(evidence))


def _shown(seen: OrderSeen, parcel: LodgedParcel) -> list[StoreParcel]:
    return [shipment for shipment in seen.shown if shipment.tracking_number in parcel.number_forms]


def _number_shown(parcel: LodgedParcel, shown: StoreParcel | None) -> tuple[bool, str]:
    if shown is None:
        return False, f"no shipment of the store has the tracking number {parcel.tracking_number}"
    if shown.carrier != parcel.carrier_code:
        return False, f"the store shows the carrier {shown.carrier or 'none'} instead of {parcel.carrier_code}"
    return True, f"the store shows {shown.tracking_number} with the carrier {shown.carrier} ({parcel.carrier})"


def _url_shown(parcel: LodgedParcel, shown: StoreParcel | None) -> tuple[bool, str]:
    if shown is None:
        return False, "no shipment of the store shows it"
    if shown.link:
        return True, f"the store links to {shown.link}"
    if not parcel.tracking_url:
        return False, "the store builds no link for the carrier, and the lodgement has no URL"
    if parcel.tracking_url in shown.urls_in_comments:
        return True, f"the comments of the shipment show {parcel.tracking_url}"
    return False, f"the store shows no link, and the comments lack {parcel.tracking_url}"


def _status(
    order: OrderEvidence | None, letter: str | None, meanings: StatusMeanings, missing: Iterable[str]
) -> Judgement:
    """The judgement on the status of an order, by the letter that the setup asks for."""
    if order is None or order.pushed is None or order.pulled is None:
        return judged(missing=missing)
    seen, number = order.pushed.status, order.order_number
    shown = meanings.name(seen)
    if letter is None:
        if seen == order.pulled.status:
            return not_asked(f"{number}: the setup asks for no status; the order is {shown}, as before.")
        before = meanings.name(order.pulled.status)
        went = f"{number}: the setup asks for no status, but the order went from {before} to {shown}."
        return judged(wrong=[went], missing=missing)
    if seen == letter:
        return judged([f"{number}: the store shows {shown}."], missing=missing)
    todo = "Check whether the store, or an add-on of it, keeps the status from being changed."
    lost = f"{number}: the setup asks for {meanings.name(letter)}, the store shows {shown}. {todo}"
    return judged(wrong=[lost], missing=missing)


def _time(when: datetime, zone: ZoneInfo) -> str:
    return f"{when.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"


def _orders(evidence: Evidence) -> Iterator[OrderEvidence]:
    yield from (order for order in (evidence.full, evidence.part) if order)


def _waits(evidence: Evidence) -> tuple[str, ...]:
    return (*waits_for_full(evidence), *waits_for_part(evidence))


def _failed(evidence: Evidence, flow: str) -> str:
    return f"; the run of {flow} failed: {evidence.failures[flow]}" if flow in evidence.failures else ""


def _in_words(units: Mapping[str, int]) -> str:
    return ", ".join(f"{count} of {sku}" for sku, count in sorted(units.items())) or "nothing"

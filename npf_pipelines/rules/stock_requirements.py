"""The requirements of a certificate that concern test items and their amounts.

Not here: the figures that are played (played_figures.py), the requirements of orders (order_requirements.py).
"""

from collections.abc import Iterable
from typing import Literal

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.certification import Evidence, Figure, StockSeen
from npf_pipelines.domain.requirement import Judgement, judged, not_asked
from npf_pipelines.rules.offer import offer_of
from npf_pipelines.rules.orders import TEST_SKUS
from npf_pipelines.rules.played_figures import asked_for, offered

_OFF = "The setup says stock.quantity: off."


def items(evidence: Evidence, setup: MasterSetup) -> Judgement:
    """The store has each test item, and counts its stock unless the setup turns stock off."""
    right, wrong = [], []
    for sku in sorted(TEST_SKUS):
        found = [item for item in evidence.items if item.sku == sku]
        if not found:
            wrong.append(f"{sku}: no product has this code. Give one the code, where letter case counts.")
        elif setup.stock.quantity != "off" and not all(item.is_counted for item in found):
            wrong.append(f"{sku}: the store doesn't count its stock. Turn on inventory tracking for the product.")
        else:
            right.append(f"{sku}: product {', '.join(item.product for item in found)}.")
    return judged(right, wrong=wrong)


def figure(evidence: Evidence, setup: MasterSetup, quantity: Literal["on_hand", "available"]) -> Judgement:
    """The store gets this figure, if the setup asks for it."""
    if setup.stock.quantity != quantity:
        return not_asked(f"The setup says stock.quantity: {setup.stock.quantity}.")
    seen = evidence.stock.plain
    return _compared(evidence, seen, seen.figures if seen else (), setup)


def negative(evidence: Evidence, setup: MasterSetup) -> Judgement:
    """The store gets a negative figure as the setup says: as 0, or as it is."""
    if setup.stock.quantity == "off":
        return not_asked(_OFF)
    seen = evidence.stock.negative
    figures = [played for played in seen.figures if asked_for(played, setup.stock) < 0] if seen else []
    return _compared(evidence, seen, figures, setup)


def second_push(evidence: Evidence, setup: MasterSetup) -> Judgement:
    """A second push of the same figures changes no amount."""
    if setup.stock.quantity == "off":
        return not_asked(_OFF)
    first, second = evidence.stock.negative, evidence.stock.again
    if first is None or second is None:
        return judged(missing=["No figure was pushed a second time."])
    amounts = ", ".join(f"{item.sku} {item.amount}" for item in second.amounts)
    if first.amounts == second.amounts:
        return judged([f"The same amounts after a second push: {amounts}."])
    return judged(wrong=[f"The amounts changed with a second push: {amounts}."])


def put_back(evidence: Evidence, setup: MasterSetup) -> Judgement:
    """At the end the store has the amounts that it had."""
    if setup.stock.quantity == "off":
        return not_asked(_OFF)
    stock = evidence.stock
    if not stock.before:
        return judged(missing=["No amount was changed: the store counts no test item."])
    if stock.put_back is None or evidence.to_put_back:
        return judged(wrong=["The amounts are not put back yet. Run certify again: it puts them back first."])
    before = {item.product: item.amount for item in stock.before}
    return judged(
        [
            f"{item.sku} (product {item.product}): {item.amount}, before {before[item.product]}."
            for item in stock.put_back
        ]
    )


def _compared(evidence: Evidence, seen: StockSeen | None, figures: Iterable[Figure], setup: MasterSetup) -> Judgement:
    """Whether the store has the amounts of played figures."""
    failure = evidence.failures.get("stock", "")
    failed = f"; the run of stock failed: {failure}" if failure else ""
    if seen is None:
        return judged(missing=[f"No figure was pushed: the store counts no test item{failed}."])
    right, wrong, unclear = [], [], []
    for played in figures:
        amount = offered(played, setup.stock)
        for item in seen.amounts:
            if item.sku == played.sku:
                said = (
                    f"{item.sku} (product {item.product}): {_calculation(played, setup)}; the store shows {item.amount}"
                )
                if item.amount == amount:
                    right.append(f"{said}.")
                elif item.is_total:
                    unclear.append(f"{said}, which may be the total over several store locations.")
                else:
                    wrong.append(f"{said}, not {amount}{failed}.")
    return judged(right, wrong=wrong, missing=unclear)


def _calculation(played: Figure, setup: MasterSetup) -> str:
    said = f"played {played.on_hand} on hand"
    if setup.stock.quantity == "available":
        said += f", less {played.in_process} in process and {played.back_orders} on back order = {played.available}"
    return said + offer_of(played.sku, setup.stock).words(asked_for(played, setup.stock))

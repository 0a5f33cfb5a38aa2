"""The store's shipping methods, and the client's despatch codes for them.

Not here: which code an order gets (rules/despatch.py).
"""

from collections.abc import Iterator, Mapping

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.config.near_names import nearest_name
from npf_pipelines.domain.store_answers import StoreAnswers, Unanswered
from npf_pipelines.domain.store_check import Finding
from npf_pipelines.domain.text import counted
from npf_pipelines.rules.despatch import NO_DESPATCH_COLUMN, DespatchMap
from npf_pipelines.rules.store_check.lines import error, first_few, ok, unanswered, warning

_TOPIC = "shipping methods"


def shipping_findings(setup: MasterSetup, answers: StoreAnswers) -> Iterator[Finding]:
    """The findings about shipping methods, and about their map where the setup has one."""
    warehouse = answers.warehouse
    lacks_column = not (isinstance(warehouse, Unanswered) or warehouse.takes_despatch_methods)
    if setup.orders.shipping_methods and lacks_column:
        sentence, _, advice = NO_DESPATCH_COLUMN.partition(": ")
        yield error(_TOPIC, f"orders.shipping_methods: {sentence}.", f"{advice[:1].upper()}{advice[1:]}.")
    found = answers.shippings
    if isinstance(found, Unanswered):
        yield unanswered(_TOPIC, found)
        return
    if not found:
        yield error(
            _TOPIC,
            "The store has no shipping method, and a shipment has to name one.",
            "Create one in the store's administration.",
        )
        return
    yield ok(_TOPIC, f"{counted(len(found), 'method')}: {first_few(_named(found))}.")
    if setup.orders.shipping_methods:
        yield from _mapped(DespatchMap(setup.orders.shipping_methods), found)


def _mapped(despatch: DespatchMap, found: Mapping[str, str]) -> Iterator[Finding]:
    unmapped = {number: name for number, name in found.items() if despatch.code(number, name) is None}
    if unmapped:
        named = ", ".join(_named(unmapped))
        yield warning(
            _TOPIC,
            f"orders.shipping_methods has no despatch code for {named}: orders to ship by them are held.",
            'Map each of them, or the rest by "*".',
        )
    else:
        yield ok(_TOPIC, "orders.shipping_methods has a despatch code for each of them.")
    for key in despatch.unknown(found):
        near = nearest_name(key, found.values())
        yield warning(
            _TOPIC,
            f"orders.shipping_methods maps {key}, which is no shipping method of the store.",
            f"Did you mean {near}?" if near else "Correct the name, or take it out.",
        )


def _named(found: Mapping[str, str]) -> list[str]:
    return [f"{name or 'without a name'} ({shipping_id})" for shipping_id, name in found.items()]

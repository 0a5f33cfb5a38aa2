"""A client's order rules, its names resolved against the store.

Not here: the rules (orders.py), the meaning of a status (status_meaning.py).
"""

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.days import start_of_day
from npf_pipelines.rules.despatch import DespatchMap
from npf_pipelines.rules.orders import OrderFilter
from npf_pipelines.rules.status_meaning import StatusMeanings


def order_criteria(setup: MasterSetup, meanings: StatusMeanings) -> OrderFilter:
    """The order rules of a master setup in a store whose statuses have these meanings."""
    return OrderFilter(
        start=start_of_day(setup.orders.start_date, setup.zone),
        statuses=meanings.wanted,
        countries=frozenset(setup.orders.countries) if setup.orders.countries is not None else None,
        status_names={status.letter: status.name for status in meanings.statuses},
        meanings=meanings,
        leaves_out_lines_without_code=setup.orders.lines_without_code == "leave_out",
        storefronts=frozenset(map(str, setup.orders.storefronts)),
        vendor=str(setup.store.vendor or ""),
        despatch=DespatchMap(setup.orders.shipping_methods) if setup.orders.shipping_methods else None,
    )

"""A client's order rules with the names of its master setup resolved against its store.

Not here: the rules themselves (rules/orders.py).
"""

from npf_pipelines.assets.store_facts import StoreFacts
from npf_pipelines.cscart.statuses import status_letter
from npf_pipelines.master_setup import MasterSetup
from npf_pipelines.rules.days import start_of_day
from npf_pipelines.rules.orders import OrderFilter


async def order_filter(facts: StoreFacts, setup: MasterSetup) -> OrderFilter:
    """The client's order rules.

    Raises:
        UnknownStatus: the store doesn't have a status that the setup names.
        StoreError: the store can't be asked.
    """
    statuses = await facts.statuses(setup.orders.statuses)
    return OrderFilter(
        start=start_of_day(setup.orders.start_date, setup.zone),
        statuses=frozenset(status_letter(name, statuses) for name in setup.orders.statuses),
        countries=frozenset(setup.orders.countries) if setup.orders.countries is not None else None,
        status_names={status.letter: status.name for status in statuses},
        leaves_out_lines_without_code=setup.orders.lines_without_code == "leave_out",
    )

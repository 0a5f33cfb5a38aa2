"""`npf lodge-tests`: plays the lodgement of a client's test orders, to prove a new integration end to end.

Nothing leaves the warehouse: test items are never dispatched, and no stock is taken.
"""

from datetime import UTC, datetime
from typing import Annotated

import typer

from npf_pipelines.cli.output import fail, stdout
from npf_pipelines.cli.plain import plain
from npf_pipelines.config.settings import Settings
from npf_pipelines.platform.lodgements import lodge_test_orders
from npf_pipelines.runs.own_numbers import own_numbers
from npf_pipelines.runs.services import Services


def lodge_tests(client: Annotated[str, typer.Argument(help="The client's id.")]) -> None:
    """Lodge the client's open test orders (made of Test001 to Test003 only) with a played tracking number."""
    services = Services(Settings())
    own = own_numbers(services, services.setups()[client])
    numbers = lodge_test_orders(services.platform_engine, client, datetime.now(UTC), own)
    if not numbers:
        fail(f"{client}: no open test order on the platform. Place one in the store, then run orders.")
    stdout().print(plain(f"{client}: lodged {', '.join(numbers)}. Now run shipments."))

"""The same definitions, with what one would do first: a run for each client in which something is to be done.

Sensors, sweeps, daemon, jobs and stores are the same. A code location of its own, to be measured by clients.py.
"""

from collections.abc import Iterable, Sequence

import dagster as dg

from npf_pipelines.automation import asking, new_orders, platform_news
from npf_pipelines.definitions import build_defs
from npf_pipelines.settings import Settings


def _one_each(_registered: Sequence[str], wanted: Iterable[str], _willing: Iterable[str] = ()) -> list[tuple[str, str]]:
    return [(client, client) for client in sorted(wanted)]


asking.client_ranges = _one_each
new_orders.MOST_RUNS = platform_news.MOST_RUNS = 1000


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions of this environment."""
    return build_defs(Settings())

"""The numbers of a client's orders on the platform, kept between runs in store_facts.

An order prefix may change, and orders imported under the one before keep their number. The tables of orders give the
earlier prefixes where an earlier release has not kept them, or the file is lost. Not here: which orders are the store's
by their numbers (rules/own_orders.py).
"""

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.own_numbers import OwnNumbers
from npf_pipelines.lake.tables import FILTERED_ORDERS, STORE_FACTS
from npf_pipelines.rules.own_orders import with_recognised
from npf_pipelines.runs.client_tables import ClientTables
from npf_pipelines.runs.services import Services

_IMPORTED = """
SELECT DISTINCT order_number, order_id FROM platform_orders SEMI JOIN (
  SELECT order_number, order_id FROM filtered_orders WHERE decision = 'accepted'
) USING (order_number, order_id)
WHERE imported_at IS NOT NULL
"""
"""Earlier releases have written orders of other carts to platform_orders, but decided on none."""


def read_own_numbers(tables: ClientTables, prefix: str) -> OwnNumbers:
    """The numbers of a client's orders.

    Args:
        tables: the client's tables.
        prefix: its order prefix.
    """
    for row in tables.read_if_written(STORE_FACTS):
        if row["order_prefixes"] is not None:
            return OwnNumbers(prefix, frozenset(row["order_prefixes"]), frozenset(row["other_numbers"] or ()))
    own = OwnNumbers(prefix)
    if not tables.days(FILTERED_ORDERS):
        return own
    with tables.connect() as connection:
        return with_recognised(own, connection.execute(_IMPORTED).fetchall())


def own_numbers_of(services: Services, setup: MasterSetup) -> OwnNumbers:
    """The numbers of a client's orders, outside a run."""
    return read_own_numbers(ClientTables(services.lake, setup.id), setup.orders.prefix)


def keep_own_numbers(tables: ClientTables, own: OwnNumbers, *, is_used: bool) -> None:
    """Keep the numbers if they are not kept so yet.

    Args:
        tables: the client's tables.
        own: the numbers.
        is_used: whether orders are imported under the present prefix. One that was only tried out in trial may be that
            of another cart.
    """
    known = own.prefixes if is_used else own.earlier
    kept = {"order_prefixes": sorted(known), "other_numbers": sorted(own.others)}
    if any(row.items() >= kept.items() for row in tables.read_if_written(STORE_FACTS)):
        return
    tables.forget(STORE_FACTS)  # Another flow of the client may have written other facts meanwhile.
    facts = tables.read_if_written(STORE_FACTS) or [dict.fromkeys(STORE_FACTS.arrow_schema.names)]
    tables.write_cache(STORE_FACTS, [facts[0] | kept])

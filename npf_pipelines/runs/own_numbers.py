"""The numbers of a client's orders on the platform, kept between runs in store_facts.

An order prefix may change, and orders imported under the one before keep their number. The tables of orders give the
earlier prefixes where an earlier release has not kept them, or the file is lost. Not here: which orders are the store's
by their numbers (rules/own_orders.py).
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.own_numbers import OwnNumbers
from npf_pipelines.lake.tables import FILTERED_ORDERS, STORE_FACTS
from npf_pipelines.rules.own_orders import ORDERS_OF_A_PREFIX, with_recognised
from npf_pipelines.runs.client_tables import ClientTables
from npf_pipelines.runs.services import Services

_IMPORTED = """
SELECT order_number, order_id FROM (
  SELECT DISTINCT order_number, order_id FROM platform_orders SEMI JOIN (
    SELECT order_number, order_id FROM filtered_orders WHERE decision = 'accepted'
  ) USING (order_number, order_id)
  WHERE imported_at IS NOT NULL
)
QUALIFY row_number() OVER (
  PARTITION BY CASE WHEN suffix(order_number, order_id)
    THEN left(order_number, length(order_number) - length(order_id)) ELSE order_number END
  ORDER BY order_id
) <= $most
"""
"""A few orders of each prefix. Earlier releases have decided on no order of another cart, but written rows of them to
platform_orders."""


class KeptNumbers:
    """The numbers of one client's orders, as they are kept and as a run knows them.

    Attributes:
        own: the numbers as the run knows them.
    """

    def __init__(self, tables: ClientTables, prefix: str, facts: Mapping[str, Any] | None = None) -> None:
        """Read what is kept.

        Args:
            tables: the client's tables.
            prefix: its order prefix.
            facts: its row of store_facts, where that was read just now.
        """
        self._tables = tables
        row = _row(tables) if facts is None else facts
        self._kept = _numbers_in(row)
        self._is_whole = True
        if self._kept is None:
            imported, self._is_whole = _imported(tables)
            self.own = with_recognised(OwnNumbers(prefix), imported)
            if any(number == prefix + order_id for number, order_id in imported):
                self.use_prefix()
        else:
            prefixes, others = self._kept
            self.own = OwnNumbers(prefix, frozenset(prefixes), frozenset(others))

    def recognise(self, recognised: Collection[tuple[str, str]]) -> None:
        """Take the numbers of further orders that are the store's, each with its store order id."""
        self.own = with_recognised(self.own, recognised)

    def use_prefix(self) -> None:
        """Note that orders are imported under the present prefix.

        A prefix under which none is imported may be a mistake, and that of another cart.
        """
        self.own = replace(self.own, used=self.own.prefixes)

    def keep(self) -> None:
        """Keep the numbers for later runs, if they are not kept so yet.

        Nothing is kept of tables that can't all be read: a prefix would be forgotten for good.
        """
        if not self._is_whole:
            return
        known = sorted(self.own.used), sorted(self.own.others)
        if known != self._kept:
            self._tables.forget(STORE_FACTS)  # Another flow of the client may have written other facts meanwhile.
            row = dict(_row(self._tables)) | dict(zip(_COLUMNS, known, strict=True))
            self._tables.write_cache(STORE_FACTS, [row])
            self._kept = known


def own_numbers(services: Services, setup: MasterSetup) -> OwnNumbers:
    """The numbers of a client's orders, outside a run."""
    return KeptNumbers(ClientTables(services.lake, setup.id), setup.orders.prefix).own


def _row(tables: ClientTables) -> Mapping[str, Any]:
    rows = tables.read_if_written(STORE_FACTS)
    return rows[0] if rows else dict.fromkeys(STORE_FACTS.arrow_schema.names)


def _numbers_in(row: Mapping[str, Any]) -> tuple[list[str], list[str]] | None:
    """The prefixes and the other numbers; None where no run has kept them."""
    prefixes, others = (row[name] for name in _COLUMNS)
    return None if prefixes is None else (list(prefixes), list(others or ()))


def _imported(tables: ClientTables) -> tuple[Collection[tuple[str, str]], bool]:
    """Number and store order id of imported orders, and whether all tables could be read."""
    if not tables.days(FILTERED_ORDERS):
        return (), True
    with tables.connect() as connection:
        rows = connection.execute(_IMPORTED, {"most": ORDERS_OF_A_PREFIX}).rows
        return rows, not connection.broken


_COLUMNS = ("order_prefixes", "other_numbers")

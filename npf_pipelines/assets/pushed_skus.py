"""The SKUs of one client that were ever pushed, kept between runs as the table pushed_skus.

The table stock_push holds only the last push, which may have changed nothing: stopped by the change limit, cancelled,
or without a count. So the history is kept apart from it, and only ever grows. It is written before the first push,
empty or not: the table of a client in trial, where an amount is right by chance, never becomes a history.
Not here: what follows from it (rules/change_limit.py, rules/stock_left.py).
"""

from collections.abc import Iterable
from datetime import datetime

import pyarrow as arrow

from npf_pipelines.lake.lake import NotWritten
from npf_pipelines.lake.tables import PUSHED_SKUS, STOCK_PUSH
from npf_pipelines.rules.stock import RIGHT, StockRow
from npf_pipelines.runs.client_tables import ClientTables


class PushedSkus:
    """One client's history.

    Attributes:
        skus: the SKUs whose amount was ever right in the store; none before the first push that wrote an amount.
    """

    def __init__(self, tables: ClientTables, now: datetime) -> None:
        """Read it. For a client that was pushed before this table existed, it is read from the last push."""
        self._tables, self._now = tables, now
        self.skus = frozenset(self._kept()["sku"].to_pylist())
        self._is_kept = bool(self.skus) or _is_written(tables)
        if not self._is_kept:
            last = tables.columns(STOCK_PUSH, ["sku", "outcome"])
            right = zip(last["sku"].to_pylist(), last["outcome"].to_pylist(), strict=True)
            self.skus = frozenset(sku for sku, outcome in right if outcome in RIGHT)

    def add(self, rows: Iterable[StockRow] = ()) -> None:
        """Keep the SKUs that are right by these rows of a push, and those known before."""
        new = {row.sku for row in rows if row.outcome in RIGHT} - self.skus
        if self._is_kept and not new:
            return
        kept = self._kept().to_pylist() or [{"sku": sku, "first_right_at": self._now} for sku in self.skus]
        kept += [{"sku": sku, "first_right_at": self._now} for sku in sorted(new)]
        self._tables.write_cache(PUSHED_SKUS, kept)
        self._is_kept = True

    def _kept(self) -> arrow.Table:
        return self._tables.columns(PUSHED_SKUS, ["sku", "first_right_at"])


def _is_written(tables: ClientTables) -> bool:
    try:
        tables.read(PUSHED_SKUS)
    except NotWritten:
        return False
    return True

"""Reads the platform's data about kits: its table `kits`, and the lines of orders that hold parts of kits.

Not here: which map a client may have (rules/sku_map.py), whole orders (order_reads.py).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from npf_pipelines.domain.chunking import chunked
from npf_pipelines.domain.keys import as_stored
from npf_pipelines.domain.platform_orders import PlatformLine
from npf_pipelines.domain.sku_map import MapRow
from npf_pipelines.platform import access
from npf_pipelines.platform.tables import kits, order_lines
from npf_pipelines.platform.values import WrongValue, noted_quantity, text, whole


class KitReads(access.PlatformAccess):
    """The part of the gateway that reads kits."""

    @property
    def keeps_kits(self) -> bool:
        """Whether an order line can say which kit it is a part of."""
        return not {order_lines.c.kit_sku, order_lines.c.kit_quantity} & self._absent

    def has_kits_table(self) -> bool:
        """Whether the platform has the table, or a view of its name.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the platform can't be reached.
        """
        with self._engine.connect() as connection:
            inspector = sa.inspect(connection)
            return kits.name in {*inspector.get_table_names(), *inspector.get_view_names()}

    def kit_rows(self, client: str) -> tuple[list[MapRow], list[str]]:
        """The client's rows of the table `kits`, and a sentence about each that can't be read.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the platform can't be reached, or has no such table.
        """
        query = (
            sa.select(kits.c.kit_sku, kits.c.part_sku, kits.c.quantity)
            .where(kits.c.client == client)
            .order_by(kits.c.kit_sku, kits.c.part_sku)
        )
        rows: list[MapRow] = []
        wrong: list[str] = []
        with self._engine.connect() as connection:
            for kit_sku, part_sku, quantity in connection.execute(query):
                kit, part = as_stored(text(kit_sku)), as_stored(text(part_sku))
                place = f"the platform's table kits, {kit or 'no kit_sku'} and {part or 'no part_sku'}"
                try:
                    rows.append(MapRow(kit, part, whole(quantity, "quantity"), place))
                except WrongValue as why:
                    wrong.append(f"{place}: {why}")
        return rows, wrong

    def kit_lines(self, client: str, order_numbers: Iterable[str]) -> Mapping[str, Sequence[PlatformLine]]:
        """All lines of the orders that have a part of a kit, by order number; other orders are left out.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the platform can't be reached.
        """
        if not self.keeps_kits:
            return {}
        found: defaultdict[str, list[PlatformLine]] = defaultdict(list)
        columns = order_lines.c
        with self._engine.connect() as connection:
            for batch in chunked(sorted(set(order_numbers)), access.BATCH):
                of_orders = (columns.client == client) & columns.order_number.in_(batch)
                with_kit = sa.select(columns.order_number).where(of_orders, columns.kit_sku > "").distinct()
                numbers = list(connection.scalars(with_kit))
                if not numbers:
                    continue
                query = sa.select(*self._columns(order_lines)).where(
                    columns.client == client, columns.order_number.in_(numbers)
                )
                for line in connection.execute(query.order_by(columns.order_number, columns.line_id)):
                    found[line.order_number].append(_line(line))
        return found


def _line(row: sa.Row[Any]) -> PlatformLine:
    """A line without what parcels don't need. A number that can't be read is 0, which no parcel fits."""
    kit_sku, wrong = as_stored(text(row.kit_sku)), list[str]()
    return PlatformLine(
        text(row.line_id),
        as_stored(text(row.sku)),
        "",
        noted_quantity(row.quantity, "quantity", wrong),
        row.unit_price,
        kit_sku=kit_sku or None,
        kit_quantity=noted_quantity(row.kit_quantity, "kit_quantity", wrong) if kit_sku else None,
    )

"""The row of store_facts, in which several flows of a client keep what they know of its store between runs.

Not here: the facts (assets/store_facts.py, assets/zone_days.py, own_numbers.py).
"""

from typing import Any

from npf_pipelines.lake.tables import STORE_FACTS
from npf_pipelines.runs.client_tables import ClientTables


def kept_facts(tables: ClientTables) -> dict[str, Any]:
    """The client's row of store_facts; every column is None if there is none yet."""
    rows = tables.read_if_written(STORE_FACTS)
    return rows[0] if rows else dict.fromkeys(STORE_FACTS.arrow_schema.names)


def keep_facts(tables: ClientTables, facts: dict[str, Any]) -> dict[str, Any]:
    """Write these facts into the client's row; the row as it is now."""
    tables.forget(STORE_FACTS)  # Another flow of the client may have written other facts meanwhile.
    row = kept_facts(tables) | facts
    tables.write_cache(STORE_FACTS, [row])
    return row

"""Shared by the checks: rows of the lake as text, and a result with its list and the count for each client.

Not here: the checks themselves (checks.py, flow_checks.py, stock_checks.py).
"""

from collections import Counter
from collections.abc import Sequence

import dagster as dg

from npf_pipelines.config.removed_setups import removed_clients
from npf_pipelines.runs.metadata import records_value
from npf_pipelines.runs.services import Services

_LISTED = 200
"""The most rows that a list shows."""


def lake_rows(services: Services, query: str, **values: object) -> list[dict[str, str]]:
    """The rows of a query over the lake that has a column `client`, every value as text.

    The tables of removed clients stay in the lake; nothing is to be done about them any more.
    """
    removed = removed_clients(services.settings.clients)
    result = services.lake.connect().execute(query, values)
    names = [column[0] for column in result.description or []]
    rows = [dict(zip(names, map(str, row), strict=True)) for row in result.fetchall()]
    return [row for row in rows if row["client"] not in removed]


def listed_result(found: Sequence[dict[str, str]], name: str, severity: dg.AssetCheckSeverity) -> dg.AssetCheckResult:
    """A check that passes when nothing was found.

    Args:
        found: the rows that are wrong, each with its `client`.
        name: the name of the list.
        severity: of a failed check.
    """
    by_client = Counter(row["client"] for row in found)
    return dg.AssetCheckResult(
        passed=not found,
        severity=severity,
        metadata={
            "by_client": records_value([{"client": client, "rows": str(rows)} for client, rows in by_client.items()]),
            name: records_value(found[:_LISTED]),
        },
    )

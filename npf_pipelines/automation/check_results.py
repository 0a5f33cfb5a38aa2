"""What the checks share: rows of the lake as text, and a result with its list and the count for each client."""

from collections import Counter
from collections.abc import Sequence

import dagster as dg

from npf_pipelines.runs.metadata import records_value
from npf_pipelines.runs.services import Services

_LISTED = 200
"""Rows that a list shows at the most."""


def lake_rows(services: Services, query: str, **values: object) -> list[dict[str, str]]:
    """The answer to a query over the lake, every value as text."""
    answer = services.lake.connect().execute(query, values)
    names = [column[0] for column in answer.description or []]
    return [dict(zip(names, map(str, row), strict=True)) for row in answer.fetchall()]


def listed_result(found: Sequence[dict[str, str]], name: str, severity: dg.AssetCheckSeverity) -> dg.AssetCheckResult:
    """A check that passes when nothing was found.

    Args:
        found: what is wrong, each with its `client`.
        name: of the list.
        severity: of a failure.
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

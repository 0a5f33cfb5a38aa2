"""Shared by the checks: rows of the lake as text, and a result with its numbers, its list and the count by client.

Not here: the checks themselves (checks.py, flow_checks.py, stock_checks.py).
"""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence

import dagster as dg

from npf_pipelines.config.setup_files import removed_clients
from npf_pipelines.domain.tracebacks import log_fault
from npf_pipelines.runs.failures import failure_reason, is_program_fault
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
    rows = [dict(zip(result.columns, map(str, row), strict=True)) for row in result.rows]
    return [row for row in rows if row["client"] not in removed]


def logged_reason(log: logging.Logger, client: str, failure: Exception) -> str:
    """Why the client's store could not be checked; a fault of the program goes to the log."""
    if is_program_fault(failure):
        log_fault(log, failure, f"{client}: the check failed")
    return failure_reason(failure)


def listed_result(
    found: Sequence[dict[str, str]],
    name: str,
    severity: dg.AssetCheckSeverity,
    unread: Mapping[str, str] | None = None,
) -> dg.AssetCheckResult:
    """A check that passes when nothing was found and every client could be checked.

    The numbers are what the UI plots over time.

    Args:
        found: the rows that are wrong, each with its `client`.
        name: the name of the list.
        severity: of a failed check.
        unread: by client that could not be audited, why; None for a check that reads all clients at once.
    """
    by_client = Counter(row["client"] for row in found)
    unread_metadata: dict[str, dg.MetadataValue] = {}
    if unread is not None:
        unread_metadata = {
            "clients_not_audited": dg.MetadataValue.int(len(unread)),
            "not_audited": records_value([{"client": client, "why": why} for client, why in unread.items()]),
        }
    return dg.AssetCheckResult(
        passed=not found and not unread,
        severity=severity,
        metadata={
            "findings": dg.MetadataValue.int(len(found)),
            "clients_with_findings": dg.MetadataValue.int(len(by_client)),
            **unread_metadata,
            "by_client": records_value([{"client": client, "rows": str(rows)} for client, rows in by_client.items()]),
            name: records_value(found[:_LISTED]),
        },
    )

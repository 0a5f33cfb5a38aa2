"""The pages: client_report by client, and the overview over all clients.

Thin: read, count, draw, write. Not here: the figures and the pages (reports/).
"""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

import dagster as dg

from npf_pipelines.assets.specs import OWNERS
from npf_pipelines.config.setup_files import MasterSetups, removed_clients
from npf_pipelines.domain.tracebacks import log_fault
from npf_pipelines.lake.listings import SKIPPED, RowFilter, list_rows
from npf_pipelines.lake.tables import FILTERED_ORDERS, PLATFORM_ORDERS, STOCK_PUSH, TRACKING_PUSH
from npf_pipelines.reports.folder import OVERVIEW, ReportFolder, skipped_name
from npf_pipelines.reports.live import UNREADABLE, client_figures
from npf_pipelines.reports.open_now import open_alerts
from npf_pipelines.reports.pages import Line, key_figures, overview_page, report_page, skipped_page
from npf_pipelines.runs.client_run import ClientRun
from npf_pipelines.runs.failures import ClientFailure
from npf_pipelines.runs.partitions import CLIENTS
from npf_pipelines.runs.run_clients import run_clients
from npf_pipelines.runs.run_scope import RunScope
from npf_pipelines.runs.services import Services

CLIENT_REPORT = "client_report"
OVERVIEW_ASSET = "overview"
_SKIPPED_ROWS = 500
_DRAWING = threading.Lock()
"""Drawing uses settings that a whole process shares, and each client has a thread."""
_TABLES = [table.name for table in (FILTERED_ORDERS, PLATFORM_ORDERS, TRACKING_PUSH, STOCK_PUSH)]


async def run_report(client_run: ClientRun, folder: ReportFolder) -> None:
    """Draw one client's report, and the page of its skipped orders."""
    if client_run.client == OVERVIEW:
        raise ClientFailure(f"the page {OVERVIEW}.html is the overview: a client of that name has no report")
    services, now = client_run.services, client_run.now
    shown = client_figures(services.lake, client_run.setup, now)
    alerts = [alert for alert in open_alerts(services.state, now) if alert.client == client_run.client]
    first = shown.days[0]
    with client_run.tables.connect() as connection:
        skipped = list_rows(connection, SKIPPED, RowFilter(since=first), _SKIPPED_ROWS)
    with _DRAWING:
        page = report_page(client_run.setup, shown, now, alerts=alerts)
    folder.write(client_run.client, page)
    folder.write(skipped_name(client_run.client), skipped_page(client_run.setup, skipped, first, now))
    metadata: dict[str, dg.MetadataValue] = {"report": dg.MetadataValue.url(folder.url(client_run.client))}
    metadata |= {name: dg.MetadataValue.float(float(number)) for name, number in key_figures(shown).items()}
    client_run.partitions.report(CLIENT_REPORT, metadata)


@dg.multi_asset(
    name="reports",
    specs=[
        dg.AssetSpec(
            CLIENT_REPORT,
            deps=_TABLES,
            description="The client's last 30 days as a page: orders, times, backlog, stock, and what to do.",
            group_name="reports",
            kinds={"html"},
            owners=OWNERS,
            skippable=True,
        )
    ],
    partitions_def=CLIENTS,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def reports(
    context: dg.AssetExecutionContext,
    config: RunScope,
    services: dg.ResourceParam[Services],
    report_folder: dg.ResourceParam[ReportFolder],
) -> Iterator[dg.MaterializeResult[None]]:
    """The clients' reports, client by client."""
    yield from run_clients(context, services, partial(run_report, folder=report_folder), config)


@dg.asset(
    name=OVERVIEW_ASSET,
    # Not downstream of the reports: it reads their tables, and is made even if one of them fails.
    deps=_TABLES,
    description="All clients on one page; clients that need a person come first.",
    group_name="reports",
    kinds={"html"},
    owners=OWNERS,
)
def overview(
    context: dg.AssetExecutionContext,
    services: dg.ResourceParam[Services],
    report_folder: dg.ResourceParam[ReportFolder],
) -> dg.MaterializeResult[None]:
    """The overview; a client whose figures can't be made has a line that says why."""
    now = datetime.now(UTC)
    setups = services.setups()
    lines = []
    for setup in setups.clients.values():
        try:
            lines.append(Line(setup, client_figures(services.lake, setup, now)))
        except UNREADABLE as error:
            lines.append(Line(setup, None, f"its tables can't be read: {error}"))
        except Exception as error:  # noqa: BLE001 - logged
            log_fault(context.log, error, f"{setup.id}: its figures could not be made")
            lines.append(Line(setup, None, f"{type(error).__name__}, a fault of the program: see the run's log"))
    wrong = [*setups.errors, *_without_setup(services, setups)]
    report_folder.write(OVERVIEW, overview_page(lines, wrong, now, alerts=open_alerts(services.state, now)))
    needing = [line for line in lines if line.figures is None or line.figures.backlog.needing_a_person]
    return dg.MaterializeResult(
        metadata={
            "overview": dg.MetadataValue.url(report_folder.url(OVERVIEW)),
            "clients": len(lines),
            "clients that need a person": len(needing),
        }
    )


def _without_setup(services: Services, setups: MasterSetups) -> list[str]:
    removed = removed_clients(services.settings.clients)
    return [
        f"{client}: has tables, but no valid master setup: nothing runs for it"
        for client in services.lake.clients()
        if client not in setups.clients and client not in removed
    ]

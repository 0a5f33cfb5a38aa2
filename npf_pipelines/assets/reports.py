"""The pages: client_report by client, and the overview over all clients.

Thin: read, count, draw, write. Not here: the figures and the pages (reports/).
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

import dagster as dg
import duckdb

from npf_pipelines.assets.specs import OWNERS
from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.config.removed_setups import removed_clients
from npf_pipelines.config.setup_files import MasterSetups
from npf_pipelines.lake.broken_files import BrokenFile
from npf_pipelines.lake.facts import read_facts
from npf_pipelines.lake.lake import Lake
from npf_pipelines.lake.tables import FILTERED_ORDERS, PLATFORM_ORDERS, STOCK_PUSH, TRACKING_PUSH
from npf_pipelines.reports.figures import Figures, figures, window
from npf_pipelines.reports.folder import OVERVIEW, ReportFolder
from npf_pipelines.runs.client_run import ClientRun
from npf_pipelines.runs.failures import ClientFailure
from npf_pipelines.runs.partitions import CLIENTS
from npf_pipelines.runs.run_clients import run_clients
from npf_pipelines.runs.run_scope import RunScope
from npf_pipelines.runs.services import Services

CLIENT_REPORT = "client_report"
OVERVIEW_ASSET = "overview"
_TABLES = [table.name for table in (FILTERED_ORDERS, PLATFORM_ORDERS, TRACKING_PUSH, STOCK_PUSH)]


async def run_report(client_run: ClientRun, folder: ReportFolder) -> None:
    """Draw one client's report."""
    # Only drawing needs matplotlib: the definitions load without it.
    from npf_pipelines.reports.pages import key_figures, report_page  # noqa: PLC0415

    if client_run.client == OVERVIEW:
        raise ClientFailure(f"the page {OVERVIEW}.html is the overview: a client of that name has no report")
    shown = _figures(client_run.services.lake, client_run.setup, client_run.now)
    folder.write(client_run.client, report_page(client_run.setup, shown, client_run.now))
    metadata: dict[str, dg.MetadataValue] = {"report": dg.MetadataValue.url(folder.url(client_run.client))}
    metadata |= {name: dg.MetadataValue.float(float(number)) for name, number in key_figures(shown).items()}
    client_run.partitions.report(CLIENT_REPORT, metadata)


def _figures(lake: Lake, setup: MasterSetup, now: datetime) -> Figures:
    days = window(now, setup.zone)
    return figures(read_facts(lake, setup.id, days[0]), days)


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
    from npf_pipelines.reports.pages import Line, overview_page  # noqa: PLC0415 - as above

    now = datetime.now(UTC)
    setups = services.setups()
    lines = []
    for setup in setups.clients.values():
        try:
            lines.append(Line(setup, _figures(services.lake, setup, now)))
        except (duckdb.Error, BrokenFile) as error:
            lines.append(Line(setup, None, f"its tables can't be read: {error}"))
        except Exception as error:
            context.log.exception("%s: its figures could not be made", setup.id)
            lines.append(Line(setup, None, f"{type(error).__name__}, a fault of the program: see the run's log"))
    report_folder.write(OVERVIEW, overview_page(lines, [*setups.errors, *_without_setup(services, setups)], now))
    needing = [line for line in lines if line.figures is None or line.figures.backlog.for_a_person]
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

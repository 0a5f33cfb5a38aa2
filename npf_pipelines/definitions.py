"""Everything wired together, and nothing else: the same for production, tests and demo."""

import os
from pathlib import Path

import dagster as dg
from pydantic import ValidationError

from npf_pipelines.assets.in_cell import checks_in_cell, in_cell
from npf_pipelines.assets.orders import orders_assets
from npf_pipelines.assets.reports import overview, reports
from npf_pipelines.assets.shipments import shipments_assets
from npf_pipelines.assets.specs import OUTSIDE
from npf_pipelines.assets.stock import stock
from npf_pipelines.automation.alerts import alerts_sensor
from npf_pipelines.automation.checks import CHECKS
from npf_pipelines.automation.clients import clients_sensor
from npf_pipelines.automation.compaction import compaction_job, compaction_schedule
from npf_pipelines.automation.console import console
from npf_pipelines.automation.first_audit import first_audit
from npf_pipelines.automation.heard import Heard
from npf_pipelines.automation.jobs import jobs
from npf_pipelines.automation.lost_runs import lost_runs
from npf_pipelines.automation.new_orders import new_orders
from npf_pipelines.automation.nightly import nightly_schedules
from npf_pipelines.automation.platform_changes import platform_changes
from npf_pipelines.automation.retention import retention_job, retention_schedule
from npf_pipelines.automation.sweeps import sweeps
from npf_pipelines.config.master_setup import SetupError
from npf_pipelines.config.settings import Settings
from npf_pipelines.config.setup_files import MasterSetups
from npf_pipelines.config.several_machines import check_shared
from npf_pipelines.config.umask import set_umask
from npf_pipelines.reports.folder import ReportFolder
from npf_pipelines.runs.cell import CELL_TAG, Cell
from npf_pipelines.runs.dagster_internals import from_code_server
from npf_pipelines.runs.dagster_storage import check_storage, launches_elsewhere
from npf_pipelines.runs.machine_failures import machine_failure
from npf_pipelines.runs.partitions import client_days
from npf_pipelines.runs.services import Services
from npf_pipelines.runs.services_resource import services_resource


def build_defs(settings: Settings) -> dg.Definitions:
    """The definitions over the folders and databases that the settings name; nothing is opened yet.

    Args:
        settings: also the intervals of sensors and schedules, and whether they start by themselves.
    """
    services, report_folder = Services(settings), ReportFolder(settings.reports, settings.reports_url)
    heard = Heard()
    try:
        setups = services.setups()
    except SetupError:  # The clients sensor shows it in the UI; the definitions load all the same.
        setups = MasterSetups()
    cell = services.cell
    partitions = client_days(setups, services.first_day_with_tables(), cell)
    flow_jobs = jobs(cell)
    assets = [orders_assets(partitions), shipments_assets(partitions), stock, reports, overview]
    return dg.Definitions(
        assets=in_cell(cell, assets, OUTSIDE),
        resources={
            "services": services_resource(services),
            "report_folder": dg.ResourceDefinition.hardcoded_resource(
                report_folder, "The folder of the reports and its address."
            ),
        },
        jobs=[*flow_jobs, retention_job(cell), compaction_job(cell)],
        asset_checks=checks_in_cell(cell, CHECKS),
        sensors=[
            clients_sensor(partitions, services),
            lost_runs(services),
            alerts_sensor(services, report_folder),
            new_orders(services, heard),
            platform_changes(services, flow_jobs, heard),
            first_audit(services),
        ],
        schedules=[
            *sweeps(services, heard),
            *nightly_schedules(services),
            retention_schedule(settings),
            compaction_schedule(settings),
        ],
        executor=dg.in_process_executor,
        loggers={"console": console},
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions of this environment.

    Raises:
        SetupError: a setting can't be read.
        OfAnotherCell: they are loaded for a run of another cell.
        WrongStorage: Dagster's storage can't be used as it is configured.
        NotShared: runs are launched on several machines, and a setting names something of this one alone.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        raise SetupError(machine_failure(error)) from None
    set_umask(settings.umask)
    cell = Cell(settings.cell)
    cell.check_run(Cell(from_code_server(CELL_TAG, cell.name)))
    if home := os.environ.get("DAGSTER_HOME"):
        check_storage(Path(home))
        if launches_elsewhere(Path(home)):
            check_shared(settings)
    return build_defs(settings)

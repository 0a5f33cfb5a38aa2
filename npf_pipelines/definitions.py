"""Everything wired together, and nothing else: the same for production, tests and demo."""

import dagster as dg
from pydantic import ValidationError

from npf_pipelines.assets.orders import orders_assets
from npf_pipelines.assets.reports import reports_assets
from npf_pipelines.assets.shipments import shipments_assets
from npf_pipelines.assets.specs import OUTSIDE
from npf_pipelines.assets.stock import stock_assets
from npf_pipelines.automation.alerts import alerts_sensor
from npf_pipelines.automation.checks import all_checks
from npf_pipelines.automation.clients import clients_sensor
from npf_pipelines.automation.console import console
from npf_pipelines.automation.jobs import JOBS
from npf_pipelines.automation.lost_runs import lost_runs
from npf_pipelines.automation.new_orders import new_orders
from npf_pipelines.automation.nightly import nightly_schedules
from npf_pipelines.automation.platform_sensors import platform_sensors
from npf_pipelines.automation.retention import retention_job, retention_schedule
from npf_pipelines.automation.sweeps import sweeps
from npf_pipelines.config.master_setup import MasterSetups, SetupError
from npf_pipelines.config.settings import Settings
from npf_pipelines.config.umask import set_umask
from npf_pipelines.reports.folder import ReportFolder
from npf_pipelines.runs.machine_failures import machine_failure
from npf_pipelines.runs.partitions import client_days
from npf_pipelines.runs.services import Services


def build_defs(settings: Settings) -> dg.Definitions:
    """The definitions over the folders and databases that the settings name; nothing is opened yet."""
    services = Services(settings)
    try:
        setups = services.setups()
    except SetupError:  # The sensor says so in the UI; the definitions load all the same.
        setups = MasterSetups()
    partitions = client_days(setups, services.first_day_with_tables())
    retention = retention_job(services, settings)
    return dg.Definitions(
        assets=[
            orders_assets(services, partitions),
            shipments_assets(services, partitions),
            stock_assets(services),
            *reports_assets(services, ReportFolder(settings.reports, settings.reports_url)),
            *OUTSIDE,
        ],
        jobs=[*JOBS, retention],
        asset_checks=all_checks(services),
        sensors=[
            clients_sensor(services, partitions),
            lost_runs(services),
            alerts_sensor(services, settings),
            new_orders(services, settings),
            *platform_sensors(services, settings),
        ],
        schedules=[
            *sweeps(services, settings),
            *nightly_schedules(services, settings),
            retention_schedule(retention, settings),
        ],
        executor=dg.in_process_executor,
        loggers={"console": console},
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions of this environment.

    Raises:
        SetupError: a setting can't be read.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        raise SetupError(machine_failure(error)) from None
    set_umask(settings.umask)
    return build_defs(settings)

"""The default status of schedules and sensors, by the setting `automation`. A switch set in the UI takes precedence."""

import dagster as dg

from npf_pipelines.config.settings import Settings


def schedule_status(settings: Settings) -> dg.DefaultScheduleStatus:
    """The default status of schedules."""
    is_running = settings.automation == "running"
    return dg.DefaultScheduleStatus.RUNNING if is_running else dg.DefaultScheduleStatus.STOPPED


def sensor_status(settings: Settings) -> dg.DefaultSensorStatus:
    """The default status of sensors."""
    is_running = settings.automation == "running"
    return dg.DefaultSensorStatus.RUNNING if is_running else dg.DefaultSensorStatus.STOPPED

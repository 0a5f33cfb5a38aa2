"""The one setting that starts all schedules and sensors, or leaves them stopped. What the UI says goes before it."""

import dagster as dg

from npf_pipelines.config.settings import Settings


def schedule_status(settings: Settings) -> dg.DefaultScheduleStatus:
    """How schedules begin."""
    is_running = settings.automation == "running"
    return dg.DefaultScheduleStatus.RUNNING if is_running else dg.DefaultScheduleStatus.STOPPED


def sensor_status(settings: Settings) -> dg.DefaultSensorStatus:
    """How sensors begin."""
    is_running = settings.automation == "running"
    return dg.DefaultSensorStatus.RUNNING if is_running else dg.DefaultSensorStatus.STOPPED

"""Runs in processes of their own: killed when the stores have had so many requests, or with a clock that is wrong.

Not here: which runs there are (day.py).
"""

import logging
import multiprocessing
import os
from collections.abc import Callable, Mapping
from datetime import datetime
from multiprocessing.process import BaseProcess
from typing import Any

import dagster as dg
import time_machine

from npf_pipelines.config.settings import Settings
from npf_pipelines.definitions import build_defs
from npf_pipelines_tests.dagster_speed import open_instance, quick_dagster
from npf_pipelines_tests.leases import leases_by_wall_clock

# The processes share these imports.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__])
_LOOK = 0.002
"""Seconds between two counts of the requests."""


def run_and_kill(
    settings: Settings, request: dg.RunRequest, job: str, moment: datetime, *, seen: Callable[[], int], after: int
) -> bool:
    """Run a job in another process; whether it was killed before its end.

    Args:
        settings: of the world, whose data folder holds the instance.
        request: what was asked for.
        job: the job's name.
        moment: what the process takes for now.
        seen: how many requests the stores have had.
        after: how many more they get before the process is killed.
    """
    last = seen() + after
    process = _process(settings, request, job, moment)
    while process.is_alive() and seen() < last:
        process.join(_LOOK)
    process.kill()
    process.join()
    return process.exitcode != 0


def run_elsewhere(settings: Settings, request: dg.RunRequest, job: str, moment: datetime) -> None:
    """Run a job to its end on a machine with a clock of its own.

    Args:
        settings: of the world, whose data folder holds the instance.
        request: what was asked for.
        job: the job's name.
        moment: what that clock says.
    """
    _process(settings, request, job, moment).join()


def _process(settings: Settings, request: dg.RunRequest, job: str, moment: datetime) -> BaseProcess:
    # The server of the processes was started earlier, and with the environment of that time.
    environment = dict(os.environ)
    process = _PROCESSES.Process(target=_run, args=(settings, dict(request.run_config), job, moment, environment))
    process.start()
    return process


def _run(
    settings: Settings, config: Mapping[str, Any], job: str, moment: datetime, environment: dict[str, str]
) -> None:
    os.environ |= environment
    logging.disable(logging.CRITICAL)
    with (
        quick_dagster(),
        time_machine.travel(moment, tick=True),
        leases_by_wall_clock(),
        open_instance(settings.data / "dagster") as instance,
    ):
        definition = build_defs(settings).resolve_job_def(job)
        definition.execute_in_process(instance=instance, run_config=config, raise_on_error=False)

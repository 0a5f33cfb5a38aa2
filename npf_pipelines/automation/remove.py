"""Removes a client: setup and certification are archived, its partitions, pages and rows of the state are deleted.

Orders on the platform, the tables of the lake and the runs in Dagster stay. After a failure it can be run again: the
partition goes last. Not here: the state's rows (state/removal.py), the setup's file (config/setup_files.py).
"""

import contextlib
from datetime import datetime

import dagster as dg

from npf_pipelines.automation.certification_record import CertificationRecord
from npf_pipelines.automation.flows import FLOWS, unfinished_run_of
from npf_pipelines.config.places import Place
from npf_pipelines.config.removed_setups import archive_setup
from npf_pipelines.config.setup_files import any_setup_file
from npf_pipelines.errors import NpfError
from npf_pipelines.reports.folder import ReportFolder
from npf_pipelines.runs.services import Services
from npf_pipelines.state.lease import LeaseTaken, held_leases
from npf_pipelines.state.removal import forget_client


class CannotRemove(NpfError):
    """The client can't be removed now, or there is none of that id."""


def removable_setup(services: Services, instance: dg.DagsterInstance, client: str) -> Place | None:
    """The file of the master setup of a client that may be removed now; None if it has none.

    Raises:
        CannotRemove: there is no such client, or a run of it is queued or in progress.
        SetupError: the folder of the master setups can't be read.
    """
    file = any_setup_file(services.settings.clients, client)
    if file is None and client not in services.cell.registered(instance):
        raise CannotRemove(f"{client}: there is neither a master setup nor a partition of that id")
    if run := unfinished_run_of(client, instance, services.cell):
        raise CannotRemove(f"{client}: {run} takes it and isn't over: wait for that")
    return file


def remove_client(services: Services, instance: dg.DagsterInstance, client: str, now: datetime) -> Place | None:
    """Remove the client; where its setup is archived, None if it had none.

    Raises:
        CannotRemove: there is no such client, or a run of it is queued or in progress.
        CertificationRunning: it is being certified.
        SetupError: the folder of the master setups can't be read.
        OSError: a file can't be moved or deleted; run it again.
        sqlalchemy.exc.SQLAlchemyError: the state's database can't be reached.
    """
    file = removable_setup(services, instance, client)  # A run may have been requested since a person was asked.
    certification = CertificationRecord(services.settings.data, client)
    with contextlib.ExitStack() as held:
        held.enter_context(certification.held())
        try:  # While these are held, no run can write for the client.
            held.enter_context(held_leases(services.state, client, [flow.name for flow in FLOWS]))
        except LeaseTaken as error:
            raise CannotRemove(str(error)) from error
        archived = archive_setup(file, client, now) if file else None
        certification.archive(now)
        forget_client(services.state, client)
    ReportFolder(services.settings.reports, "").drop(client)
    services.cell.forget(instance, client)
    return archived

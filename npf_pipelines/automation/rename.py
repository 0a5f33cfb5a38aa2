"""Moves a client to another id, so that nothing is pulled or pushed a second time.

Files first, then the platform's rows, the state's and Dagster's partitions: after a failure the whole can be run again.
Not here: the rows (state/rename.py, platform/rename.py), the files (lake/lake.py).
"""

import contextlib

import dagster as dg

from npf_pipelines.automation.certification_record import CertificationRecord
from npf_pipelines.automation.flows import FLOWS
from npf_pipelines.automation.moved_partitions import materialize_again
from npf_pipelines.config.place_files import has_file
from npf_pipelines.config.sku_file import sku_file_path
from npf_pipelines.errors import NpfError
from npf_pipelines.platform.rename import has_orders, rename_orders
from npf_pipelines.reports.folder import ReportFolder
from npf_pipelines.runs.services import Services
from npf_pipelines.state.lease import LeaseTaken, held_leases
from npf_pipelines.state.rename import rename_state


class CannotRename(NpfError):
    """The client can't be moved to the other id."""


def rename_client(services: Services, instance: dg.DagsterInstance, old: str, new: str) -> int:
    """Move all data of a client to another id.

    Returns:
        The number of orders on the platform that moved.

    Raises:
        CannotRename: the master setups don't say so, both ids have orders, or a run is at work.
        InTwoCells: another cell has one of the ids.
        SetupError: the master setups can't be read, or there is no valid one of the new id.
        sqlalchemy.exc.SQLAlchemyError: the platform can't be reached.
    """
    _check(services, instance, old, new)
    with contextlib.ExitStack() as held:
        try:
            for client in (old, new):  # Neither a run nor the nightly compaction may write what is being moved.
                held.enter_context(held_leases(services.state, client, [flow.name for flow in FLOWS]))
        except LeaseTaken as error:
            raise CannotRename(str(error)) from error
        services.lake.rename_client(old, new)
        CertificationRecord(services.settings.data, old).rename(new)
        # The state last: until then its record of the store keeps the new id from importing the orders again.
        moved = rename_orders(services.platform_engine, old, new)
        rename_state(services.state, old, new)
    ReportFolder(services.settings.reports, "").drop(old)  # The new id's pages are drawn by its next run of reports.
    cell = services.cell
    cell.register(instance, [new])
    description = f"Made as {old}, which has the id {new} now."
    materialize_again(instance, (cell, old), (cell, new), description)
    cell.forget(instance, old)
    return moved


def _check(services: Services, instance: dg.DagsterInstance, old: str, new: str) -> None:
    setups = services.setups()
    if old == new:
        raise CannotRename("name two different ids")
    if old in setups.clients:
        raise CannotRename(f"{old} has a master setup of its own: rename its file and the id in it to {new} first")
    setup = setups[new]  # SetupError where there is no valid one.
    earlier, now = (sku_file_path(services.settings.clients, client) for client in (old, new))
    if setup.orders.skus == "file" and has_file(earlier) and not has_file(now):
        raise CannotRename(f"{earlier.name} has the SKU map of {new}: rename it to {now.name} first")
    services.cell.check_nowhere_else(instance, [old, new])  # Its cell has the orders on the platform, too.
    if has_orders(services.platform_engine, old) and has_orders(services.platform_engine, new):
        raise CannotRename(f"both {old} and {new} have orders on the platform: they are two clients")

"""Moves a client to another cell of the same Dagster, so that nothing is pulled or pushed a second time.

The client is paused in its cell, its tables, state and setup are copied, then they are deleted there, and at the end
the pause is lifted in the other cell. At every moment at least one of the two cells leaves the client alone for sure,
and mostly both do: whatever ends the command, it can be run again and goes on.
Not here: the rows (state/move.py), the files (lake/lake.py), the command (cli/client/move.py).
"""

import contextlib

import dagster as dg
import sqlalchemy as sa

from npf_pipelines.automation.certification_record import CertificationRecord
from npf_pipelines.automation.flows import FLOWS, unfinished_run_of
from npf_pipelines.automation.moved_partitions import materialize_again
from npf_pipelines.config.place_files import copy_file, delete_file, files_in, has_file, read_bytes
from npf_pipelines.config.places import Place, is_same_place
from npf_pipelines.config.setup_files import any_setup_file, removed_clients
from npf_pipelines.config.sku_file import sku_file_path
from npf_pipelines.errors import NpfError
from npf_pipelines.reports.folder import ReportFolder
from npf_pipelines.runs.databases import is_same_database
from npf_pipelines.runs.services import Services
from npf_pipelines.state.lease import LeaseTaken, held_leases
from npf_pipelines.state.move import MOVER, away_to, copy_state, end_move, is_away, leave_state
from npf_pipelines.state.pauses import pause_clients, read_pauses, resume_clients
from npf_pipelines.state.unknown_ends import read_unknown_ends


class CannotMove(NpfError):
    """The client can't be moved to the other cell now; it works on where it is."""


def move_client(source: Services, target: Services, instance: dg.DagsterInstance, client: str) -> bool:
    """Move a client, or go on with a move that was cut off.

    Args:
        source: the services of the client's cell.
        target: the services of the other one.
        instance: the Dagster that they share.
        client: the client's id.

    Returns:
        Whether the client is paused there, because a person has paused it before.

    Raises:
        CannotMove: the cells can't be the two, the client isn't there, or is in both, or a run or a write of it isn't
            over.
        OfAnotherCell: a lake or a state belongs to a third cell.
        CertificationRunning: it is being certified.
        OSError: a file can't be written.
        sqlalchemy.exc.SQLAlchemyError: a database can't be reached.
    """
    _check_cells(source, target)
    for services in (source, target):
        services.mark()
    left = read_pauses(source.state).by_client.get(client)
    with contextlib.ExitStack() as held:
        if not is_away(left):
            _stop(source, target, instance, client, held)
            _copy(source, target, instance, client)
            if file := any_setup_file(source.settings.clients, client):
                delete_file(file)
            delete_file(sku_file_path(source.settings.clients, client))
            leave_state(source.state, client, target.cell.label)
        elif left and left.reason != away_to(target.cell.label):
            raise CannotMove(f"{client} was {left.reason}: run the command there")
        source.lake.drop_client(client)
        if not is_same_place(source.settings.reports, target.settings.reports):
            _drop_pages(source, client)
    source.cell.forget(instance, client)
    target.cell.register(instance, [client])
    return end_move(target.state, client)


def _check_cells(source: Services, target: Services) -> None:
    if source.cell == target.cell:
        raise CannotMove(f"both settings are of {source.cell.label}")
    here, there = source.settings, target.settings
    shared = {
        "NPF_CLIENTS": is_same_place(here.clients, there.clients),
        "NPF_LAKE": is_same_place(here.lake, there.lake),
        "NPF_STATE_URL": here.state_url == there.state_url or is_same_database(source.state, target.state),
    }
    for name, is_shared in shared.items():
        if is_shared:
            raise CannotMove(f"both cells have the same {name}: each cell needs its own")
    if not is_same_database(source.platform_engine, target.platform_engine):
        raise CannotMove("the cells have two platforms (NPF_PLATFORM_URL): the client's orders are on one of them")


def _check_free(source: Services, target: Services, instance: dg.DagsterInstance, client: str) -> None:
    """Raise an error if something of another client would be overwritten or deleted in the other cell."""
    if client in target.cell.registered(instance):
        raise CannotMove(f"{client} is a client of {target.cell.label} already: remove it from one of the two cells")
    here, there = source.settings.clients, target.settings.clients
    if file := any_setup_file(here, client):
        other = any_setup_file(there, client)
        if other and other.name != file.name:
            raise CannotMove(f"{client} has a master setup there, {other}: delete it, or rename it to {file.name}")
        files = [file, sku_file_path(here, client)]
        for taken in [there / each.name for each in files if _differ(each, there / each.name)]:
            raise CannotMove(f"{taken} is another file than that of {client}: rename it, or delete it")
    pause = read_pauses(source.state).by_client.get(client)
    has_begun = pause is not None and pause.paused_by == MOVER
    if not has_begun and client in removed_clients(there) and client in target.lake.clients():
        raise CannotMove(
            f"a client {client} was removed from {target.cell.label}, and its tables would be deleted: move its "
            f"folders out of {target.settings.lake}"
        )


def _differ(one: Place, other: Place) -> bool:
    """Whether both files are there, with other contents. An earlier try has left the same."""
    return has_file(one) and has_file(other) and read_bytes(one) != read_bytes(other)


def _stop(
    source: Services, target: Services, instance: dg.DagsterInstance, client: str, held: contextlib.ExitStack
) -> None:
    """Pause the client, and make sure that nothing is at work on it; otherwise it works on as before."""
    if client not in source.cell.registered(instance) and any_setup_file(source.settings.clients, client) is None:
        raise CannotMove(f"{client}: there is neither a master setup nor a partition of that id in {source.cell.label}")
    _check_free(source, target, instance, client)
    pause_clients(source.state, [client], MOVER, "being moved to another cell; npf client move, run again, goes on")
    try:
        if run := unfinished_run_of(client, instance, source.cell):
            raise CannotMove(f"{client}: {run} takes it and isn't over")
        held.enter_context(CertificationRecord(source.settings.data, client).held())
        try:
            for services in (source, target):  # The other cell's nightly compaction finds the copied tables, too.
                held.enter_context(held_leases(services.state, client, [flow.name for flow in FLOWS]))
        except LeaseTaken as error:
            raise CannotMove(str(error)) from error
        for unknown in read_unknown_ends(source.state, client).values():
            raise CannotMove(f"{client}: {unknown.reason}")
    except (NpfError, sa.exc.SQLAlchemyError):
        if read_pauses(source.state).by_client[client].paused_by == MOVER:
            resume_clients(source.state, [client])
        raise


def _copy(source: Services, target: Services, instance: dg.DagsterInstance, client: str) -> None:
    """Copy everything of the client, over what an earlier try has copied."""
    target.lake.drop_client(client)
    source.lake.copy_client(client, target.lake)
    copy_state(source.state, target.state, client)
    if not is_same_place(source.settings.data, target.settings.data):
        there = CertificationRecord(target.settings.data, client).path
        with contextlib.suppress(FileNotFoundError):
            copy_file(CertificationRecord(source.settings.data, client).path, there)
    for path in _certificates(source, client):
        copy_file(path, ReportFolder(target.settings.reports, "").certificates.path(client).parent / path.name)
    description = f"Made in {source.cell.label}."
    materialize_again(instance, (source.cell, client), (target.cell, client), description)
    if file := any_setup_file(source.settings.clients, client):
        copy_file(file, target.settings.clients / file.name)
    with contextlib.suppress(FileNotFoundError):
        maps = [sku_file_path(services.settings.clients, client) for services in (source, target)]
        copy_file(*maps)


def _certificates(services: Services, client: str) -> list[Place]:
    folder = ReportFolder(services.settings.reports, "").certificates.path(client).parent
    return files_in(folder, f"{client}-????-??-??.*")


def _drop_pages(source: Services, client: str) -> None:
    """Delete the client's pages and certificates: the cell that it has left would serve them for ever."""
    ReportFolder(source.settings.reports, "").drop(client)
    for path in _certificates(source, client):
        delete_file(path)

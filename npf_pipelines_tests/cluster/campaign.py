"""A worker is lost in the middle of a push: what is found in the stores, how soon its run is ended, who takes it up.

Not here: the world (world.py), progress and tables (__main__.py).
"""

import random
import re
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

import dagster as dg
import duckdb
import sqlalchemy as sa

from npf_pipelines.automation.flows import SHIPMENTS
from npf_pipelines.platform.tables import shipments
from npf_pipelines.runs.cell import Cell
from npf_pipelines.runs.run_scope import clients_of
from npf_pipelines_tests.automation.test_kills import others_than_amounts, sell
from npf_pipelines_tests.cluster.machines import Worker
from npf_pipelines_tests.cluster.world import Cluster

ENDED_WITHIN = 300.0
"""Seconds from the loss of a worker to the end of its runs."""
_PATIENCE = 900.0
"""Seconds after which the campaign ends without a result."""
_PARCELS = 10
"""Parcels of a round, at least: fewer would be pushed before a worker could be killed."""
_PROCESS = re.compile(r"[(]pid: (\d+)[)]")
TASK = "dagster-celery/task_id"
"""The tag that the launcher gives to a run."""
_MISSING = re.compile(r"is in the store 0 times$|has the status .* in the store, not ")
"""The differences that may be left for some minutes; nothing is ever there twice."""
_ENDED = {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}


@dataclass
class Loss:
    """The loss of a worker.

    Attributes:
        worker: its name.
        after: the parcels of the round that had reached a store by then.
        parcels: all parcels of the round.
        runs: the runs that were lost with it.
        seconds_to_end: until the last of them was marked as ended.
        seconds_to_finish: until everything was done, but for what waits for the end of a call that was in flight.
        taken_up_by: the workers whose runs did the rest.
        wrongs: what was wrong in the end.
    """

    worker: str
    after: int
    parcels: int
    runs: int
    seconds_to_end: float = 0
    seconds_to_finish: float = 0
    taken_up_by: set[str] = field(default_factory=set)
    wrongs: list[str] = field(default_factory=list)


class GaveUp(Exception):
    """Something that was waited for did not happen; the text names it and what is still wrong."""


def lose_a_worker(cluster: Cluster, seed: int) -> Loss:
    """Sell, pack and lodge; kill a worker when some of the parcels have reached a store; check the end.

    Raises:
        GaveUp: the cluster is stuck.
    """
    loop, dice = cluster.loop, random.Random(seed)
    loop.work()
    if len(_unpushed(cluster)) < _PARCELS:
        for store in loop.stores.values():
            sell(store)
        _wait("the orders' import", lambda: not _not_imported(cluster), lambda: _not_imported(cluster))
        loop.work()
    parcels = _unpushed(cluster)
    enough = dice.randint(1, max(1, len(parcels) - 2))
    at_work: dict[Worker, list[str]] = {}

    def is_mid_push() -> bool:
        at_work.clear()  # Before the parcels are counted: it takes as long as a parcel.
        at_work.update((worker, runs) for worker in cluster.workers if (runs := list(_runs_of(cluster, worker))))
        return bool(at_work) and len(parcels & _in_stores(cluster)) >= enough

    _wait("a push", is_mid_push, lambda: [f"{len(parcels & _in_stores(cluster))} of {enough} parcels"], pause=0.02)
    lost = dice.choice(list(at_work))
    lost.lose()
    begun = time.monotonic()
    runs = [run for run in at_work[lost] if not _has_ended(cluster, run)]
    loss = Loss(lost.name, len(parcels & _in_stores(cluster)), len(parcels), len(runs))
    clients = {client for run in runs for client in _clients(cluster, run)}
    at = time.time()
    _wait("the end of the lost runs", lambda: all(_has_ended(cluster, run) for run in runs), lambda: runs)
    loss.seconds_to_end = time.monotonic() - begun
    _wait("a run that takes the work up", lambda: bool(_takers(cluster, clients, at)), lambda: sorted(clients))
    _wait("an end without differences", lambda: not _unexplained(cluster), lambda: _unexplained(cluster))
    loss.taken_up_by = _takers(cluster, clients, at)
    loss.seconds_to_finish = time.monotonic() - begun
    if loss.seconds_to_end > ENDED_WITHIN:
        loss.wrongs.append(f"a run of {lost.name} was ended after {loss.seconds_to_end:.0f} s")
    if lost.name in loss.taken_up_by:
        loss.wrongs.append(f"a lost worker ran something: {lost.name}")
    lost.come_back()
    return loss


def settle(cluster: Cluster) -> list[str]:
    """The differences between stores, platform and tables that are left when everything had its time."""
    try:
        _wait("agreement", lambda: not cluster.loop.disagreements(), cluster.loop.disagreements, pause=5)
    except GaveUp:
        return cluster.loop.disagreements()
    return []


def _wait(what: str, happened: Callable[[], bool], rest: Callable[[], Collection[str]], *, pause: float = 2.0) -> None:
    until = time.monotonic() + _PATIENCE
    while not _unless_replaced(happened):
        if time.monotonic() > until:
            raise GaveUp(f"waited {_PATIENCE:.0f} s for {what}: {list(rest())[:5]}")
        time.sleep(pause)


def _unless_replaced(happened: Callable[[], bool]) -> bool:
    """Whether it has happened; not known yet where a table or a store changed while it was read."""
    try:
        return happened()
    except duckdb.Error as error:
        if "FileExpired" not in str(error):
            raise
    except RuntimeError as error:  # The stores are at work in this process.
        if "changed size during iteration" not in str(error):
            raise
    return False


def _not_imported(cluster: Cluster) -> list[str]:
    wrong = ("has no decision", "is not on the platform")
    return [sentence for sentence in cluster.loop.disagreements() if sentence.endswith(wrong)]


def _unexplained(cluster: Cluster) -> list[str]:
    """The differences without a reason: a call that was in flight at the loss may still be carried out for minutes."""
    excused = {name for names in _waiting(cluster) for name in names}
    return [
        sentence
        for sentence in others_than_amounts(cluster.loop)
        if not (excused & set(sentence.split()) and _MISSING.search(sentence))
    ]


def _waiting(cluster: Cluster) -> list[tuple[str, str]]:
    """The shipments, each with its order, that wait by themselves; their rows say why."""
    columns = "shipment_id, order_number"
    return cluster.loop.rows(
        f"SELECT {columns} FROM tracking_push WHERE 'waiting' IN (outcome, status_outcome) AND reason <> ''"  # noqa: S608
    )


def _in_stores(cluster: Cluster) -> set[str]:
    """The tracking numbers in the stores."""
    stores = cluster.loop.stores.values()
    return {shipment.tracking_number for store in stores for shipment in list(store.shipments.values())}


def _unpushed(cluster: Cluster) -> set[str]:
    """The tracking numbers of the shipments that a run would push now."""
    excused = {shipment_id for shipment_id, _ in _waiting(cluster)}
    with cluster.loop.services.platform_engine.connect() as connection:
        rows = connection.execute(sa.select(shipments.c.shipment_id, shipments.c.tracking_number)).all()
    return {row.tracking_number for row in rows if row.shipment_id not in excused} - _in_stores(cluster)


def _runs_of(cluster: Cluster, worker: Worker) -> Iterator[str]:
    """The ids of the runs of shipments that are at work on the worker."""
    processes = set(worker.runs())
    for record in SHIPMENTS.unfinished(cluster.loop.instance, Cell()):
        if _process(cluster, record.dagster_run.run_id) in processes:
            yield record.dagster_run.run_id


def _process(cluster: Cluster, run: str) -> int:
    for event in cluster.loop.instance.all_logs(run, of_type=dg.DagsterEventType.ENGINE_EVENT):
        if found := _PROCESS.search(event.message or event.user_message or ""):
            return int(found[1])
    return 0


def _clients(cluster: Cluster, run: str) -> Collection[str]:
    found = cluster.loop.instance.get_run_by_id(run)
    return clients_of(found.run_config, found.tags, ()) if found else ()


def _has_ended(cluster: Cluster, run: str) -> bool:
    found = cluster.loop.instance.get_run_by_id(run)
    return found is not None and found.status in _ENDED


def _takers(cluster: Cluster, clients: Collection[str], since: float) -> set[str]:
    """The workers whose runs of shipments, begun after a moment, are done with any of the clients.

    A run in which a shipment waits has failed.
    """
    filters = dg.RunsFilter(job_name=SHIPMENTS.job, statuses=list(_ENDED))
    runs = [
        record.dagster_run
        for record in cluster.loop.instance.get_run_records(filters, limit=20)
        if (record.start_time or 0) > since
    ]
    tasks = {run.tags[TASK] for run in runs if set(clients_of(run.run_config, run.tags, ())) & set(clients)}
    return {worker.name for worker in cluster.workers if worker.received() & tasks}

"""The sensor that notices changes on the platform, lodgements and stock movements: one query for all clients of a flow.

A change that is noticed while a client's run isn't over yet is noticed again at the next tick. Not here: the queries
(platform/change_marks.py), the clients for which a run may be requested (run_requests.py).
"""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import sqlalchemy as sa
from pydantic import TypeAdapter

from npf_pipelines.automation.cursors import remembered
from npf_pipelines.automation.default_status import sensor_status
from npf_pipelines.automation.flows import SHIPMENTS, STOCK, Flow
from npf_pipelines.automation.heard import Heard
from npf_pipelines.automation.run_requests import Eligibility, clients_in, eligibility_of, usual_requests
from npf_pipelines.config.master_setup import MasterSetup, SetupError
from npf_pipelines.platform.change_marks import lodgements, stock_movements
from npf_pipelines.runs.dagster_internals import instance_of_tick
from npf_pipelines.runs.failures import failure_reason
from npf_pipelines.runs.services import Services


@dataclass
class _Memory:
    """The state of a flow, which the cursor keeps between two ticks.

    Attributes:
        marks: each client's change mark when a run was requested for it, as a hash: Dagster keeps every tick's cursor.
        asked_at: when a run was requested that has not reached the client yet.
        is_left: whether the last tick left the flow to the next one.
    """

    marks: dict[str, str] = field(default_factory=dict)
    asked_at: dict[str, datetime] = field(default_factory=dict)
    is_left: bool = True


_CURSOR = TypeAdapter(dict[str, _Memory])
_HASH = 16
"""Characters of a hash."""


@dataclass(frozen=True)
class _Watch:
    """The changes that matter to a flow; rare ones are noticed by every second tick."""

    flow: Flow
    is_rare: bool
    marks: Callable[[sa.Engine, Collection[str]], Mapping[str, str]]

    def concerns(self, setup: MasterSetup) -> bool:
        """Whether a change calls for a run of the client."""
        return self.flow is not STOCK or setup.stock.quantity != "off"


_WATCHED = (
    _Watch(SHIPMENTS, False, lodgements),
    # Sales move stock all the time, and each run takes all that has moved.
    _Watch(STOCK, True, stock_movements),
)


def platform_changes(services: Services, jobs: Sequence[Any], heard: Heard) -> dg.SensorDefinition:
    """Requests runs of shipments after lodgements, and of stock after movements, for their clients only.

    Args:
        services: of platform, setups and health.
        jobs: the jobs of all flows.
        heard: gets the clients about which the platform could be asked.
    """

    @dg.sensor(
        name="platform_changes",
        jobs=[job for job in jobs if job.name in {watch.flow.job for watch in _WATCHED}],
        minimum_interval_seconds=services.settings.sensor_seconds,
        default_status=sensor_status(services.settings),
        description="Notices new lodgements of the warehouse, and changes of its stock and orders, and requests a run "
        "for their clients only.",
    )
    def notice(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        seen = remembered(_CURSOR, context.cursor, {})
        requested: list[dg.RunRequest] = []
        reasons: list[str] = []
        failures: list[sa.exc.SQLAlchemyError] = []
        for watch in _WATCHED:
            memory = seen.setdefault(watch.flow.name, _Memory())
            memory.is_left = watch.is_rare and not memory.is_left
            if memory.is_left:
                continue
            try:
                eligibility = eligibility_of(instance_of_tick(context), services, watch.flow, datetime.now(UTC))
            except SetupError as error:
                return dg.SkipReason(str(error))
            try:
                for_flow = _requests(services, watch, eligibility, memory)
            except sa.exc.SQLAlchemyError as error:  # It must not silence the other flow.
                failures.append(error)
                context.log.warning(sentence := f"{watch.flow.name}: {failure_reason(error)}")
                reasons.append(sentence)
                continue
            heard.note(watch.flow, eligibility.registered)
            requested += [request.with_replaced_attrs(job_name=watch.flow.job) for request in for_flow]
            reasons.append(f"{watch.flow.name}: {eligibility.skip_reason('nothing has changed').skip_message}")
        if len(failures) == len(_WATCHED):
            raise failures[0]
        cursor = _CURSOR.dump_json(seen).decode()
        if requested:
            return dg.SensorResult(run_requests=requested, cursor=cursor)
        return dg.SensorResult(skip_reason="; ".join(reasons), cursor=cursor)

    return notice


def _requests(services: Services, watch: _Watch, eligibility: Eligibility, memory: _Memory) -> list[dg.RunRequest]:
    """The requests for a flow, which are kept in its memory."""
    marks = watch.marks(services.platform_engine, eligibility.registered)
    found = {client: hashlib.sha256(mark.encode()).hexdigest()[:_HASH] for client, mark in marks.items()}

    def has_changes(client: str) -> bool:
        asked_at = memory.asked_at.get(client)
        return memory.marks.get(client) != found[client] or (
            asked_at is not None and eligibility.is_lost(client, asked_at)
        )

    concerned = [client for client, setup in eligibility.free.items() if client in found and watch.concerns(setup)]
    requested = usual_requests(eligibility, [client for client in concerned if has_changes(client)])
    covered = clients_in(requested) & found.keys()
    marked = memory.marks | {client: found[client] for client in covered}
    asked = memory.asked_at | dict.fromkeys(covered, eligibility.now)
    memory.marks = {client: mark for client, mark in marked.items() if client in found}
    memory.asked_at = {
        client: moment
        for client, moment in asked.items()
        if client in found and not eligibility.is_taken_up(client, moment)
    }
    return requested

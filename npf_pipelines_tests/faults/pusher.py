"""One life of the tracking push: everything lodged, once, without Dagster. Also the process of it.

`python -m npf_pipelines_tests.faults.pusher STORE_URL PLATFORM_URL LEDGER TIMEOUT` ends with 0 when everything is in
the store, with WAITS when something waits for the next life.
"""

import asyncio
import json
import logging
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import stamina

from npf_pipelines.cscart.store import Store
from npf_pipelines.platform.gateway import Platform
from npf_pipelines.platform.lease import held_lease
from npf_pipelines.platform.models import LodgedShipment
from npf_pipelines.platform.tables import open_platform
from npf_pipelines.reconcile.tracking import Pushed, push_tracking
from npf_pipelines.reconcile.tracking_work import OrderShipments, PushedBefore, content_print
from npf_pipelines.rules.order_status import StatusOutcome
from npf_pipelines.rules.shipments import PushOutcome
from npf_pipelines_tests.faults.plan import API_KEY, API_USER, CLIENT, PLAN, WAITS

_ALL_TIME = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


async def push(store_url: str, platform_url: str, ledger: Path, timeout: float) -> Sequence[Pushed]:  # noqa: ASYNC109
    """Bring everything lodged into the store, day by day, and keep a ledger of what came of it, as the asset does.

    Args:
        store_url: the store's address without `/api`.
        platform_url: the platform's database.
        ledger: the file of what earlier lives pushed; it knows nothing of the day
            in the middle of which a life was killed.
        timeout: seconds, as for `Store`.
    """
    engine = open_platform(platform_url)
    platform = Platform(engine)
    by_order = lodged_by_order(platform)
    states = platform.order_states(CLIENT, by_order)
    before = _read(ledger)
    pushed: list[Pushed] = []
    async with (
        held_lease(engine, CLIENT, "shipments") as lease,
        Store(store_url, API_USER, API_KEY, timeout=timeout) as store,
    ):
        for day in sorted({shipment.lodged_at.date() for shipments in by_order.values() for shipment in shipments}):
            orders = [
                OrderShipments(
                    states[number],
                    shipments,
                    frozenset(one.shipment_id for one in shipments if one.lodged_at.date() == day),
                    {one.shipment_id: before[one.shipment_id] for one in shipments if one.shipment_id in before},
                )
                for number, shipments in sorted(by_order.items())
                if day in {shipment.lodged_at.date() for shipment in shipments}
            ]
            contents = {one.shipment_id: content_print(one) for order in orders for one in order.lodged}
            for row in await push_tracking(store, orders, PLAN, lease):
                pushed.append(row)
                if row.store_shipment_id:
                    before[row.shipment_id] = PushedBefore(row.store_shipment_id, contents[row.shipment_id])
            _write(ledger, before)
    return pushed


def lodged_by_order(platform: Platform) -> Mapping[str, Sequence[LodgedShipment]]:
    """Everything that is lodged, by order number, oldest first."""
    by_order: defaultdict[str, list[LodgedShipment]] = defaultdict(list)
    for shipment in platform.lodged_between(CLIENT, *_ALL_TIME):
        by_order[shipment.order_number].append(shipment)
    return by_order


def _read(ledger: Path) -> dict[str, PushedBefore]:
    rows = json.loads(ledger.read_text()) if ledger.exists() else {}
    return {shipment_id: PushedBefore(**row) for shipment_id, row in rows.items()}


def _write(ledger: Path, pushed: Mapping[str, PushedBefore]) -> None:
    new = ledger.with_suffix(".new")
    new.write_text(json.dumps({shipment_id: asdict(row) for shipment_id, row in pushed.items()}))
    new.replace(ledger)


def _is_in_place(row: Pushed) -> bool:
    there = row.outcome in {PushOutcome.CONFIRMED, PushOutcome.ALREADY_THERE}
    return there and row.status_outcome not in {StatusOutcome.WAITING, StatusOutcome.REFUSED}


def live(store_url: str, platform_url: str, ledger: str, timeout: str) -> None:
    """One life of a process, with the arguments of the command line.

    Raises:
        SystemExit: always, with the life's exit code.
    """
    stamina.set_testing(True, attempts=4, cap=True)  # Repeats without their pauses.
    logging.getLogger("npf_pipelines").setLevel(logging.ERROR)  # It would tell of each repeat.
    pushed = asyncio.run(push(store_url, platform_url, Path(ledger), float(timeout)))
    sys.exit(0 if all(map(_is_in_place, pushed)) else WAITS)


if __name__ == "__main__":
    live(*sys.argv[1:])

"""The pusher as one writes it first: post, try again on any error, note what is done. It shows that the campaign bites.

Its ledger has a line for each thing done, written when the store has said so. It knows nothing of corrections.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from npf_pipelines.cscart.carriers import carrier_code
from npf_pipelines.domain.platform_orders import LodgedShipment, OrderState, OrderStatus
from npf_pipelines.platform.database import open_platform
from npf_pipelines.platform.gateway import Platform
from npf_pipelines.platform.tables import order_lines
from npf_pipelines_tests.faults.lives import WAITS
from npf_pipelines_tests.faults.tracking_client import (
    API_KEY,
    API_USER,
    CARRIER_CODES,
    CLIENT,
    PARTIALLY_SHIPPED,
    SHIPPED,
)
from npf_pipelines_tests.faults.tracking_pusher import ALL_TIME

_ATTEMPTS = 4


class _NaivePush:
    """Writes, each tried a few times, and the file of writes that the store has confirmed."""

    def __init__(self, store: httpx.Client, ledger: Path) -> None:
        self._store, self._ledger = store, ledger
        self._done = set(ledger.read_text().split()) if ledger.exists() else set()

    def once(self, name: str, method: str, path: str, body: dict[str, Any]) -> bool:
        """Write unless it is noted as done; whether it is done now."""
        for _ in range(_ATTEMPTS):
            if name in self._done:
                break
            try:
                self._store.request(method, path, json=body).raise_for_status().json()
            except (httpx.HTTPError, ValueError):
                continue
            with self._ledger.open("a") as file:
                file.write(f"{name}\n")
            self._done.add(name)
        return name in self._done


def push(store_url: str, platform_url: str, folder: Path, timeout: float) -> bool:
    """Bring everything lodged into the store; whether it is noted as done. Arguments as for tracking_pusher.py."""
    engine = open_platform(platform_url)
    platform = Platform(engine)
    by_order: defaultdict[str, list[LodgedShipment]] = defaultdict(list)
    for shipment in platform.lodged_between(CLIENT, *ALL_TIME):
        by_order[shipment.order_number].append(shipment)
    states = platform.order_states(CLIENT, by_order)
    auth = (API_USER, API_KEY.get_secret_value())
    with httpx.Client(base_url=f"{store_url}/api/2.0/", auth=auth, timeout=timeout) as client:
        naive = _NaivePush(client, folder / "done")
        done = [_push_order(naive, states[number], by_order[number], engine) for number in sorted(by_order)]
    return all(done)


def _push_order(naive: _NaivePush, state: OrderState, lodged: Sequence[LodgedShipment], engine: sa.Engine) -> bool:
    done = [
        naive.once(shipment.shipment_id, "POST", "shipments", _body(state, shipment, quantities))
        for shipment, quantities in zip(lodged, _laid(state, lodged, engine), strict=True)
    ]
    letter = _letter(state)
    if letter:
        body = {"status": letter, "notify_user": False}
        done.append(naive.once(f"status-{state.order_number}", "PUT", f"orders/{state.store_order_id}", body))
    return all(done)


def _laid(state: OrderState, lodged: Sequence[LodgedShipment], engine: sa.Engine) -> Iterator[dict[str, int]]:
    """Each parcel's units on the order's lines, as the platform has them, from the first line on."""
    with engine.connect() as connection:
        rows = connection.execute(sa.select(order_lines).where(order_lines.c.order_number == state.order_number)).all()
    left = Counter({row.line_id: row.quantity for row in rows})
    for shipment in lodged:
        quantities: Counter[str] = Counter()
        for sku, quantity in shipment.quantities.items():
            for line_id in [row.line_id for row in rows if row.sku == sku]:
                quantities[line_id] = min(left[line_id], quantity - quantities.total())
                left[line_id] -= quantities[line_id]
        yield dict(+quantities)


def _body(state: OrderState, shipment: LodgedShipment, quantities: dict[str, int]) -> dict[str, Any]:
    code, is_known = carrier_code(shipment.carrier, CARRIER_CODES)
    return {
        "order_id": state.store_order_id,
        "shipping_id": 1,
        "carrier": code,
        "tracking_number": shipment.tracking_number,
        "comments": "" if is_known else shipment.tracking_url,
        "products": quantities,
        "notify_user": True,
    }


def _letter(state: OrderState) -> str | None:
    match state.status:
        case OrderStatus.SHIPPED:
            return SHIPPED
        case OrderStatus.BACK_ORDER:
            return PARTIALLY_SHIPPED
        case _:
            return None


def live(store_url: str, platform_url: str, folder: str, timeout: str) -> None:
    """One life of a process.

    Raises:
        SystemExit: always, with the life's exit code.
    """
    sys.exit(0 if push(store_url, platform_url, Path(folder), float(timeout)) else WAITS)

"""The tracking campaign: one world pushed undisturbed, the same under faults and kills, and what differs in the end.

Not here: the lives (lives.py), what is pushed (tracking_world.py), who pushes (tracking_pusher.py, tracking_naive.py).
"""

import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from npf_pipelines.domain.platform_orders import normalised
from npf_pipelines.sandbox.model import Mail
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.faults import tracking_naive, tracking_pusher
from npf_pipelines_tests.faults.lives import (
    Lives,
    OnProgress,
    Pusher,
    import_once,
    live_disturbed,
    live_undisturbed,
    surplus,
)
from npf_pipelines_tests.faults.tracking_world import World, build_world

TRACKING_PUSH: Pusher = tracking_pusher.live
NAIVE: Pusher = tracking_naive.live

import_once(tracking_pusher.__name__, tracking_naive.__name__)


@dataclass(frozen=True)
class Result:
    """The damage by faults and kills in the store, by comparison with the undisturbed one.

    Attributes:
        duplicates: shipments that the store has too often, or that it should no longer have.
        lost: shipments that it lacks.
        wrong_lines: shipments that it has, with other quantities on the lines; lines of which more is shipped than
            was ordered.
        wrong_statuses: orders that ended in another status.
        surplus_mails: mails that should not have gone out.
        missing_mails: mails that did not.
        shipments: how many were lodged first.
        changes: how many orders the warehouse corrected meanwhile.
        lives: what the world went through.
    """

    duplicates: int
    lost: int
    wrong_lines: int
    wrong_statuses: int
    surplus_mails: int
    missing_mails: int
    shipments: int
    changes: int
    lives: Lives

    @property
    def wrongs(self) -> dict[str, int]:
        """Everything that has to be 0."""
        return {
            "duplicates": self.duplicates,
            "lost": self.lost,
            "wrong lines": self.wrong_lines,
            "wrong statuses": self.wrong_statuses,
            "surplus mails": self.surplus_mails,
            "missing mails": self.missing_mails,
            "still waiting": int(self.lives.waiting),
            "crashes": self.lives.crashes,
        }


def run_campaign(
    seed: int, shipments: int, kills: int, pusher: Pusher, on_progress: OnProgress | None = None
) -> Result:
    """Push a world under faults and kills, and compare it with an undisturbed one.

    Args:
        seed: of the world, of the faults and of the moments of the kills.
        shipments: how many are lodged at least.
        kills: how many lives end by SIGKILL.
        pusher: who pushes: TRACKING_PUSH or NAIVE, which is spared the corrections that it doesn't know.
        on_progress: called after each life.
    """
    with tempfile.TemporaryDirectory() as folder:
        with_changes = pusher is not NAIVE
        quiet, rough = (
            build_world(Path(folder) / name, seed, shipments, with_changes=with_changes, with_kits=with_changes)
            for name in ("quiet", "rough")
        )
        live_undisturbed(quiet, Path(folder) / "quiet", pusher)
        lives = live_disturbed(rough, Path(folder) / "rough", pusher, seed=seed, kills=kills, on_progress=on_progress)
        return _compare(quiet, rough, lives)


def _compare(quiet: World, rough: World, lives: Lives) -> Result:
    expected, found = _contents(quiet), _contents(rough)
    heads_expected, heads_found = Counter(head for head, _ in expected), Counter(head for head, _ in found)
    lost = surplus(heads_found, heads_expected)
    mails, mails_found = Counter(quiet.store.mails), Counter(rough.store.mails)
    # Of what was withdrawn before it was pushed, nobody needs to hear.
    needed = mails - Counter(Mail("shipment", order_id) for order_id in rough.plan.withdrawn)
    statuses = {order_id: order.status for order_id, order in quiet.store.orders.items()}
    return Result(
        duplicates=surplus(heads_expected, heads_found),
        lost=lost,
        wrong_lines=surplus(Counter(found), Counter(expected)) - lost + _overshipped(rough.store),
        wrong_statuses=sum(order.status != statuses[order_id] for order_id, order in rough.store.orders.items()),
        surplus_mails=surplus(Counter(mails), Counter(mails_found)),
        missing_mails=surplus(Counter(mails_found), Counter(needed)),
        shipments=rough.parcels,
        changes=len(rough.changes),
        lives=lives,
    )


_Head = tuple[int, str, str, str]
_Content = tuple[_Head, tuple[tuple[str, int], ...]]


def _contents(world: World) -> list[_Content]:
    """The store's shipments: order, tracking number, carrier and what leads to the parcel, and the quantities by line.

    In an order that the warehouse has changed, they are by SKU: of two lines of one SKU, whichever was free was taken.
    """
    store = world.store
    urls = {order_id: {""} for order_id in store.orders}
    for order_id, parcel in world.plan.parcels.values():
        urls[order_id].add(normalised(parcel).tracking_url)
    found = []
    for one in store.shipments.values():
        skus = {line.item_id: line.product_code for line in store.orders[one.order_id].lines}
        units: Counter[str] = Counter()
        for item_id, quantity in one.products.items():
            units[skus[item_id] if one.order_id in world.plan.changed else item_id] += quantity
        # Whether the URL is beside a link depends on when the carrier has shown its first link.
        has_link = one.carrier in store.carriers and one.comments in urls[one.order_id]
        head = (one.order_id, one.tracking_number, one.carrier, "a link" if has_link else one.comments)
        found.append((head, tuple(sorted(units.items()))))
    return found


def _overshipped(store: SandboxStore) -> int:
    return sum(
        store.shipped(order.order_id).get(line.item_id, 0) > line.amount
        for order in store.orders.values()
        for line in order.lines
    )

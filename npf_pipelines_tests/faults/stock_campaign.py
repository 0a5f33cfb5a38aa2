"""The stock campaign: a world that sells is pushed under faults and kills; what it oversold, and has wrong at last.

Not here: the lives (lives.py), what is pushed (stock_world.py), who pushes (stock_pusher.py, stock_naive.py).
"""

import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from npf_pipelines_tests.faults import stock_naive, stock_pusher
from npf_pipelines_tests.faults.lives import Lives, OnProgress, Pusher, import_once, live_disturbed
from npf_pipelines_tests.faults.stock_world import World

STOCK_PUSH: Pusher = stock_pusher.live
NAIVE: Pusher = stock_naive.live

import_once(stock_pusher.__name__, stock_naive.__name__)


@dataclass(frozen=True)
class Result:
    """The shoppers' purchases, and the store's offers after the first run without disturbance.

    Attributes:
        oversold: units bought that were not there; `through_the_gap` as well, but in orders that no reading could show.
        between_pushes: units bought that were not there, because a product with the same part was sold since the push.
        given_back: units sold between the pusher's reading and its write, which then offered them again.
        wrong_amounts: products with another amount than they should have.
        sold: all units bought.
        amounts: writes of amounts that the store has seen.
        lives: what the world went through.
    """

    oversold: int
    through_the_gap: int
    between_pushes: int
    given_back: int
    wrong_amounts: int
    sold: int
    amounts: int
    lives: Lives

    @property
    def wrongs(self) -> dict[str, int]:
        """Everything that has to be 0."""
        return {
            "oversold units": self.oversold,
            "wrong amounts": self.wrong_amounts,
            "still waiting": int(self.lives.waiting),
            "crashes": self.lives.crashes,
        }


def run_campaign(seed: int, receipts: int, kills: int, pusher: Pusher, on_progress: OnProgress | None = None) -> Result:
    """Push a world under faults and kills while it sells, and compare the store with the books.

    Args:
        seed: of the world, of the faults and of the moments of the kills.
        receipts: how often the warehouse receives a product: before each kill, its share of them.
        kills: how many lives end by SIGKILL.
        pusher: who pushes: STOCK_PUSH or NAIVE.
        on_progress: called after each life.
    """
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), seed, receipts)
        lives = live_disturbed(world, Path(folder), pusher, seed=seed, kills=kills, on_progress=on_progress)
        world.close()
        books = world.books
        return Result(
            oversold=books.oversold,
            through_the_gap=books.through_the_gap,
            between_pushes=books.between_pushes,
            given_back=books.given_back,
            wrong_amounts=wrong_amounts(world),
            sold=books.sold,
            amounts=world.store.writes,
            lives=lives,
        )


def wrong_amounts(world: World) -> int:
    """How many products of the store have another amount than the books say.

    On hand, less what is in process and on back order at the platform, less what is in flight, and not below 0; of a
    kit, what its scarcest part allows.
    """
    on_platform: Counter[int] = Counter()
    in_flight: Counter[int] = Counter()
    for sale in world.books.sales.values():
        for part, each in world.books.parts(sale.product_id).items():
            (on_platform if sale.is_imported else in_flight)[part] += each * sale.left

    def figure(part: int) -> int:
        return world.books.on_hand[part] - on_platform[part] - in_flight[part]

    return sum(
        product.amount != max(0, min(figure(part) // each for part, each in world.books.parts(number).items()))
        for number, product in world.store.products.items()
    )

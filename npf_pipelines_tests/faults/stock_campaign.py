"""The stock campaign: a world that sells is pushed under faults and kills; what it oversold, and has wrong at last.

Not here: the lives (lives.py), what is pushed (stock_world.py), who pushes (stock_pusher.py, stock_naive.py).
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from npf_pipelines_tests.faults import stock_naive, stock_pusher
from npf_pipelines_tests.faults.lives import Lives, OnProgress, Pusher, import_once, live_disturbed
from npf_pipelines_tests.faults.stock_client import SETUP, WITH_BUFFERS
from npf_pipelines_tests.faults.stock_world import World

STOCK_PUSH: Pusher = stock_pusher.live
PUSH_WITH_BUFFERS: Pusher = stock_pusher.live_with_buffers
NAIVE: Pusher = stock_naive.live

import_once(stock_pusher.__name__, stock_naive.__name__)


@dataclass(frozen=True)
class Result:
    """The shoppers' purchases, and the store's offers after the first run without disturbance.

    Attributes:
        oversold: units bought that were not there; `through_the_gap` as well, but in orders that no reading could show.
        between_pushes: units bought that were not there, because a product with the same part was sold since the push.
        sold_twice: units of parts in them.
        most_at_once: the most units of one part that were missing because of them.
        given_back: units sold between the pusher's reading and its write, which then offered them again.
        wrong_amounts: products with another amount than they should have.
        orders: all orders that come to the warehouse.
        sold: all units bought.
        amounts: writes of amounts that the store has seen.
        lives: what the world went through.
    """

    oversold: int
    through_the_gap: int
    between_pushes: int
    sold_twice: int
    most_at_once: int
    given_back: int
    wrong_amounts: int
    orders: int
    sold: int
    amounts: int
    lives: Lives

    @property
    def sold_twice_per_thousand(self) -> float:
        """Units of parts sold twice between two pushes, for each 1,000 orders."""
        return round(1000 * self.sold_twice / self.orders, 1)

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
        pusher: who pushes: STOCK_PUSH, PUSH_WITH_BUFFERS or NAIVE.
        on_progress: called after each life.
    """
    with tempfile.TemporaryDirectory() as folder:
        setup = WITH_BUFFERS if pusher is PUSH_WITH_BUFFERS else SETUP
        world = World(Path(folder), seed, receipts, setup)
        lives = live_disturbed(world, Path(folder), pusher, seed=seed, kills=kills, on_progress=on_progress)
        world.close()
        books = world.books
        return Result(
            oversold=books.oversold,
            through_the_gap=books.through_the_gap,
            between_pushes=books.between_pushes,
            sold_twice=books.sold_twice,
            most_at_once=books.most_at_once,
            given_back=books.given_back,
            wrong_amounts=wrong_amounts(world),
            orders=books.orders,
            sold=books.sold,
            amounts=world.store.writes,
            lives=lives,
        )


def wrong_amounts(world: World) -> int:
    """How many products of the store have another amount than the books say."""
    return sum(world.store.products[number].amount != amount for number, amount in world.amounts().items())

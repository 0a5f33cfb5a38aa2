"""The short form of the stock campaign, and that it bites."""

from pathlib import Path

from npf_pipelines_tests.faults.lives import live_undisturbed
from npf_pipelines_tests.faults.stock_campaign import NAIVE, STOCK_PUSH, run_campaign, wrong_amounts
from npf_pipelines_tests.faults.stock_world import World


def test_the_stock_push_oversells_nothing_and_ends_with_every_amount_right() -> None:
    result = run_campaign(1, 60, 5, STOCK_PUSH)
    assert result.wrongs == dict.fromkeys(result.wrongs, 0)
    assert result.lives.kills == 5
    assert result.amounts > 30
    assert result.sold > 50


def test_a_naive_pusher_oversells() -> None:
    assert sum(run_campaign(seed, 240, 6, NAIVE).oversold for seed in (2, 3)) > 0


def test_undisturbed_every_amount_is_right(tmp_path: Path) -> None:
    world = World(tmp_path, 1, 40)
    live_undisturbed(world, tmp_path, STOCK_PUSH)
    assert wrong_amounts(world) == 0
    assert world.store.writes > 20
    world.on_hand[1] += 100
    assert wrong_amounts(world) == 1

"""The short form of the stock campaign, and that it bites."""

from functools import cache
from pathlib import Path

import pytest

from npf_pipelines_tests.faults.lives import live_undisturbed
from npf_pipelines_tests.faults.stock_books import Books
from npf_pipelines_tests.faults.stock_campaign import (
    NAIVE,
    PUSH_WITH_BUFFERS,
    STOCK_PUSH,
    Result,
    run_campaign,
    wrong_amounts,
)
from npf_pipelines_tests.faults.stock_client import SETUP
from npf_pipelines_tests.faults.stock_world import World

SIZE = (1, 120, 6)
"""Seed, receipts, kills."""


@cache
def campaign() -> Result:
    """The stock push goes through it."""
    return run_campaign(*SIZE, STOCK_PUSH)


def test_the_stock_push_oversells_nothing_of_what_it_could_know_and_ends_with_every_amount_right() -> None:
    result = campaign()
    assert result.wrongs == dict.fromkeys(result.wrongs, 0)
    assert result.lives.kills == 6
    assert result.amounts > 50
    assert result.sold > 150


def test_shoppers_came_between_look_and_write_and_few_units_were_sold_twice_for_that() -> None:
    result = campaign()
    assert result.given_back > 3
    assert result.through_the_gap < result.given_back


def test_kits_were_sold_and_little_was_oversold_between_pushes_for_that() -> None:
    result = campaign()
    assert 0 < result.between_pushes < result.sold / 10


@pytest.mark.long
def test_with_buffers_fewer_parts_are_sold_twice_and_every_amount_is_right() -> None:
    without, result = (run_campaign(1, 600, 20, pusher) for pusher in (STOCK_PUSH, PUSH_WITH_BUFFERS))
    assert result.wrongs == dict.fromkeys(result.wrongs, 0)
    assert result.sold_twice < without.sold_twice / 2


def test_a_naive_pusher_oversells_many() -> None:
    result = run_campaign(*SIZE, NAIVE)
    assert result.oversold > result.sold / 10
    assert result.through_the_gap == 0, "it has no gap, for it never reads"


def test_undisturbed_every_amount_is_right(tmp_path: Path) -> None:
    world = World(tmp_path, 1, 40, SETUP)
    live_undisturbed(world, tmp_path, STOCK_PUSH)
    assert wrong_amounts(world) == 0
    assert world.store.writes > 20
    world.books.on_hand[50] += 100
    assert wrong_amounts(world) == 1


def test_what_another_product_with_the_same_part_sells_is_kept_apart_until_the_next_write() -> None:
    books = Books({7: {1: 2}})
    books.on_hand[1] = 5
    books.list_orders(10)
    assert not books.write(7, 2)
    assert not books.write(1, 5)
    books.sell(10, 1, 2)
    books.sell(11, 7, 2)
    assert (books.between_pushes, books.through_the_gap, books.oversold) == (1, 0, 0)
    assert (books.sold_twice, books.most_at_once) == (1, 1)
    # A push that writes it all the same, and has read both orders, is at fault.
    books.list_orders(12)
    assert not books.write(7, 1)
    books.sell(12, 7, 1)
    assert (books.between_pushes, books.through_the_gap, books.oversold) == (1, 0, 1)
    assert (books.sold_twice, books.most_at_once) == (1, 1)


def test_the_books_tell_what_came_through_the_gap() -> None:
    books = Books()
    books.on_hand[1] = 5
    books.list_orders(10)
    books.sell(10, 1, 2)
    assert books.write(1, 5)
    books.sell(11, 1, 4)
    assert (books.given_back, books.through_the_gap, books.oversold) == (2, 1, 0)
    # Now it has read both, and offers two all the same.
    books.list_orders(12)
    assert not books.write(1, 2)
    books.sell(12, 1, 2)
    assert (books.given_back, books.through_the_gap, books.oversold) == (2, 1, 2)
    # Nothing is left, and the next amount is right.
    books.on_hand[1] = 10
    assert not books.write(1, books.free(1))
    books.sell(13, 1, books.free(1))
    assert (books.sold, books.through_the_gap, books.oversold) == (10, 1, 2)

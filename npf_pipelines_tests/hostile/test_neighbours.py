"""The short form of the campaign with bad neighbours: the good ones are served while a bad one still hangs."""

import threading
import time
from pathlib import Path

import dagster as dg
import stamina

from npf_pipelines.automation.flows import ORDERS
from npf_pipelines.state.health import read_health
from npf_pipelines_tests.hostile.neighbours_campaign import Served, at_share, compare, is_too_much
from npf_pipelines_tests.hostile.neighbours_town import Town, opened_town

PATIENCE = 50.0
"""Seconds that the good ones get: less than a store that hangs is waited for, the repeat included."""


def _served(town: Town) -> set[str]:
    made = town.loop.instance.get_materialized_partitions(dg.AssetKey(ORDERS.tables[-1].name))
    return {key.partition("|")[0] for key in made}


def test_good_stores_are_served_while_bad_ones_fail_and_hang(tmp_path: Path) -> None:
    still_hung: list[bool] = []

    def mend_when_served() -> None:
        until = time.monotonic() + PATIENCE
        while not (served := set(town.good) <= _served(town)) and time.monotonic() < until:
            time.sleep(0.2)
        still_hung.append(served and "bad-hangs" not in _served(town))
        town.keep_good()

    kinds = ("brackets", "certificate", "hangs", "key", "surrogate")
    with opened_town(tmp_path, 3, kinds, latency_ms=0) as town, stamina.set_testing(True, attempts=2, cap=True):
        town.let_in()
        mending = threading.Thread(target=mend_when_served)
        mending.start()
        (run,) = town.loop.run("orders", *town.good, *town.bad)
        mending.join()
        assert still_hung == [True]
        reasons = {client: health.reason for (client, _), health in read_health(town.loop.services.engine).items()}
        failing = {client for client, reason in reasons.items() if reason}
        assert failing >= {"bad-certificate", "bad-surrogate"}
        assert not failing & {*town.good}
        assert "bad ? end" in run.failure


def test_what_bad_neighbours_may_cost() -> None:
    assert not is_too_much(10.0, 11.9)
    assert is_too_much(10.0, 12.0)
    assert not is_too_much(40.0, 43.9)
    assert is_too_much(40.0, 44.0)
    assert is_too_much(10.0, float("nan"))


def test_the_share_within_which_most_are_served() -> None:
    assert at_share([3.0, 1.0, 2.0], 0.5) == 2.0
    assert at_share(range(1, 101), 0.95) == 95


def test_a_flow_that_is_slowed_down_is_named() -> None:
    usual = {flow: [Served(second, second) for second in (4.0, 5.0, 6.0)] for flow in ("orders", "stock")}
    slower = usual | {"stock": [Served(second, second) for second in (4.0, 5.0, 9.0)]}
    assert compare(usual, usual) == []
    assert compare(usual, slower) == ["stock: the p95 is 9.0 s beside bad stores, 6.0 s without"]
    assert len(compare(usual, {"orders": usual["orders"]})) == 2

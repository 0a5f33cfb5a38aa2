"""The requests for runs over shards of clients: disjoint, complete, tagged; with one shard as before."""

from datetime import UTC, date, datetime

import dagster as dg
import pytest

from npf_pipelines.assets.reports import CLIENT_REPORT
from npf_pipelines.automation.run_requests import RETRY, SHARD, Eligibility, requests
from npf_pipelines.domain.failure_kind import FailureKind
from npf_pipelines.domain.health import Health
from npf_pipelines.runs.run_scope import clients_of
from npf_pipelines_tests.automation.ticks import look, register, tick
from npf_pipelines_tests.cells import beside
from npf_pipelines_tests.loop import Loop

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
DAYS = (date(2026, 11, 26), date(2026, 11, 27))
MANY = [f"client{number}" for number in range(30)]


def eligibility(shards: int, *hanging: str, cell: str = "") -> Eligibility:
    health = {(client, "orders"): Health(client, "orders", kind=FailureKind.TRANSIENT) for client in hanging}
    return Eligibility(NOW, MANY, {}, (), {}, None, "orders", health, shards, cell)


def taken(asked: list[dg.RunRequest]) -> list[str]:
    return sorted(client for one in asked for client in clients_of(one.run_config, one.tags, ()))


@pytest.mark.parametrize("shards", [1, 2, 7, 64])
def test_every_client_is_in_one_run(shards: int) -> None:
    asked = requests(eligibility(shards, "client3", "client4"), MANY, DAYS)
    assert taken(asked) == sorted(MANY)
    assert len({one.run_key for one in asked}) == len(asked)


def test_a_run_names_its_flow_and_shard_so_that_dagster_can_limit_them() -> None:
    asked = requests(eligibility(2), MANY, DAYS)
    assert [one.tags[SHARD] for one in asked] == ["orders 1 of 2", "orders 2 of 2"]


def test_a_client_comes_into_the_same_shard_whoever_else_is_due() -> None:
    alone = [requests(eligibility(4), [client], DAYS)[0].tags[SHARD] for client in MANY]
    together = {
        client: one.tags[SHARD]
        for one in requests(eligibility(4), MANY, DAYS)
        for client in clients_of(one.run_config, one.tags, ())
    }
    assert alone == [together[client] for client in MANY]


def test_stores_that_gave_no_answer_keep_a_run_of_their_own_in_each_shard() -> None:
    asked = requests(eligibility(2, *MANY[:10]), MANY, DAYS)
    assert taken([one for one in asked if RETRY in one.tags]) == sorted(MANY[:10])
    assert all(SHARD in one.tags for one in asked)


@pytest.mark.parametrize(("cell", "counted_as"), [("", "true"), ("south", "south")])
def test_the_retries_of_each_cell_are_counted_apart(cell: str, counted_as: str) -> None:
    asked = requests(eligibility(2, *MANY[:10], cell=cell), MANY, DAYS)
    assert {one.tags.get(RETRY) for one in asked} == {None, counted_as}


def test_one_shard_is_no_shard() -> None:
    (asked,) = requests(eligibility(1), MANY, DAYS)
    assert SHARD not in asked.tags


def test_sweeps_nightly_runs_and_sensors_ask_by_shard(loop: Loop) -> None:
    register(loop)
    for schedule in ("orders_sweep", "shipments_sweep", "stock_sweep", "nightly_look_back", "nightly_reports"):
        asked = tick(loop, schedule, shards=4)
        assert isinstance(asked, list)
        # acme and bolt are in different shards of four.
        assert [clients_of(one.run_config, one.tags, ()) for one in asked] == [["acme"], ["bolt"]], schedule
    sharded = loop.settings.model_copy(update={"shards": 4})
    assert len(look(Loop(sharded, loop.instance, loop.stores, loop.url), "new_orders")[0]) == 2


def test_one_of_the_nightly_runs_of_reports_draws_the_overview(loop: Loop) -> None:
    register(loop)
    asked = tick(loop, "nightly_reports", shards=4)
    assert isinstance(asked, list)
    assert [one.asset_selection for one in asked] == [None, [dg.AssetKey(CLIENT_REPORT)]]
    assert [one.asset_selection for one in tick(loop, "nightly_reports")] == [None]  # type: ignore[union-attr]


def test_a_cells_runs_of_reports_select_its_own_assets(loop: Loop) -> None:
    south = beside(loop, "south", "acme", "bolt")
    look(south, "clients_sensor")
    asked = tick(south, "nightly_reports", shards=4)
    assert isinstance(asked, list)
    assert [one.asset_selection for one in asked] == [None, [dg.AssetKey(["south", CLIENT_REPORT])]]

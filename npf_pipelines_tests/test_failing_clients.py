"""One client's trouble: red for that client alone, said clearly, and healed by the next run."""

import dagster as dg
import pytest

from npf_pipelines.runs.cell import Cell
from npf_pipelines.runs.partitions import CLIENTS
from npf_pipelines.runs.run_scope import client_tag
from npf_pipelines.state.health import read_health
from npf_pipelines_tests.loop import Loop, write_setup

CLIENTS_NAME = CLIENTS.name or ""


def _done(loop: Loop, asset: str) -> set[str]:
    return {key.split("|")[0] for key in loop.instance.get_materialized_partitions(dg.AssetKey(asset))}


def _red(loop: Loop, asset: str) -> set[str]:
    partitions = loop.defs.resolve_asset_graph().get(dg.AssetKey(asset)).partitions_def
    assert partitions is not None
    keys = partitions.get_partition_keys(dynamic_partitions_store=loop.instance)
    found = loop.instance.get_status_by_partition(dg.AssetKey(asset), keys, partitions)
    assert found is not None
    return {key.split("|")[0] for key, status in found.items() if status is not None and status.name == "FAILED"}


def _reported(loop: Loop, asset: str) -> dict[str, str]:
    """By partition, what was last said of it when it was not made."""
    seen = loop.instance.fetch_observations(dg.AssetKey(asset), limit=1000, ascending=True).records
    events = [one.event_log_entry.asset_observation for one in seen]
    return {str(event.partition): str(event.description) for event in events if event}


def _notes(loop: Loop, asset: str) -> list[dict[str, object]]:
    """The metadata of each partition that was not made."""
    seen = loop.instance.fetch_observations(dg.AssetKey(asset), limit=1000).records
    events = [one.event_log_entry.asset_observation for one in seen]
    return [{name: value.value for name, value in event.metadata.items()} for event in events if event]


def test_a_store_that_is_off_is_red_alone_and_healed_by_the_next_run(loop: Loop) -> None:
    loop.stores["acme"].switched_off = True
    (run,) = loop.run("orders")
    assert "failed for 1 of the run's clients" in run.failure
    assert "acme:" in run.failure
    assert "bolt:" not in run.failure
    assert (_done(loop, "platform_orders"), _red(loop, "platform_orders")) == ({"bolt"}, {"acme"})

    loop.stores["acme"].switched_off = False
    assert loop.run_all() == []
    assert _red(loop, "platform_orders") == set()
    assert loop.disagreements() == []


def test_a_run_over_partitions_as_the_ui_launches_it_ends_the_same(loop: Loop) -> None:
    loop.stores["acme"].switched_off = True
    assert not loop.backfill("orders")
    assert (_done(loop, "platform_orders"), _red(loop, "platform_orders")) == ({"bolt"}, {"acme"})
    (run,) = loop.instance.get_runs(filters=dg.RunsFilter(tags={client_tag("acme"): "yes"}))
    assert run.tags["npf/days"] == f"{loop.days[0]} to {loop.days[1]}"
    entries = loop.instance.all_logs(run.run_id)
    first = next(entry for entry in entries if not entry.is_dagster_event)
    assert first.user_message == f"orders of 2 clients from {loop.days[0]} to {loop.days[1]}: acme, bolt"
    (noted,) = [event.dagster_event for event in entries if " changed, " in event.message and event.dagster_event]
    assert noted.message == "orders of 2 clients: 1 changed, 1 failed"
    table = noted.engine_event_data.metadata["by_client"]
    assert isinstance(table, dg.TableMetadataValue)
    acme, bolt = table.records
    assert acme.data["materialized"] == "nothing"
    assert acme.data["failed"]
    count = (loop.days[1] - loop.days[0]).days + 1
    assert bolt.data["materialized"] == f"filtered_orders {count}, platform_orders {count}, raw_orders {count}"


@pytest.mark.parametrize("family", ["shipments", "stock"])
def test_a_store_that_is_off_keeps_its_pushes_waiting(loop: Loop, family: str) -> None:
    loop.run("orders")
    loop.work()
    loop.stores["acme"].switched_off = True
    config = {"override_change_limit": True} if family == "stock" else {}
    (run,) = loop.run(family, days=None, **config)
    assert "acme:" in run.failure
    assert "bolt:" not in run.failure
    loop.stores["acme"].switched_off = False
    assert [one.failure for one in loop.run("shipments") + loop.run("stock", override_change_limit=True)] == ["", ""]
    assert loop.disagreements() == []


def test_a_wrong_key_stops_that_client_with_one_request(loop: Loop) -> None:
    loop.stores["acme"].api_key = "another"
    (run,) = loop.run("orders")
    assert "401" in run.failure
    assert loop.stores["acme"].requests == 1
    reported = _reported(loop, "raw_orders")
    assert {key.split("|")[0] for key in reported} == {"acme"}
    assert all(said.startswith("Not made: ") and "401" in said for said in reported.values())
    assert reported.keys() == _reported(loop, "platform_orders").keys()
    assert len(reported) == (loop.days[1] - loop.days[0]).days + 1
    for notes in _notes(loop, "raw_orders"):
        assert "as soon as setup or key have changed" in str(notes["what_to_do"])
        assert notes["next_try"] == "when setup or key change, by hand, or in the night"
        assert notes["master_setup"] == str(loop.settings.clients / "acme.yaml")
        assert notes["report"] == "http://127.0.0.1:3100/acme.html"
    assert _done(loop, "raw_orders") == {"bolt"}


def test_a_status_that_the_store_does_not_have_is_refused_with_what_it_has(loop: Loop) -> None:
    write_setup(loop.settings.clients, "acme", loop.url, orders={"statuses": ["Shiny"]})
    (run,) = loop.run("orders")
    assert "'Shiny' is no status of the store" in run.failure
    assert "Paid (P)" in run.failure
    assert _done(loop, "filtered_orders") == {"bolt"}


def test_a_wrong_master_setup_costs_its_client_only(loop: Loop) -> None:
    loop.instance.add_dynamic_partitions(CLIENTS_NAME, ["acme", "bolt"])
    write_setup(loop.settings.clients, "acme", loop.url, orders={"countries": ["Atlantis"]})
    (run,) = loop.run("orders", "acme", "bolt")
    assert "acme.yaml: orders.countries.0: 'Atlantis' is no country" in run.failure
    assert all("'Atlantis' is no country" in said for said in _reported(loop, "filtered_orders").values())
    assert _done(loop, "platform_orders") == {"bolt"}


def test_a_key_that_is_not_in_the_environment_names_its_variable(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    write_setup(loop.settings.clients, "acme", loop.url, store={"api_key_env": "NPF_NEVER_SET"})
    monkeypatch.delenv("NPF_NEVER_SET", raising=False)
    (run,) = loop.run("orders")
    assert "acme: the environment variable NPF_NEVER_SET" in run.failure
    assert _done(loop, "platform_orders") == {"bolt"}


@pytest.mark.parametrize("family", ["orders", "shipments", "stock", "reports"])
@pytest.mark.parametrize(
    ("days", "said"),
    [
        ({"first_day": "2026-11-25", "last_day": "2026-11-20"}, "is after the last day"),
        ({"first_day": "2026-11-25"}, "has no last_day"),
        ({"last_day": "2026-11-25"}, "has no first_day"),
        ({"first_day": "yesterday", "last_day": "2026-11-25"}, "'yesterday', is no day"),
    ],
)
def test_a_config_with_wrong_days_fails_with_one_sentence_and_leaves_nothing_behind(
    loop: Loop, family: str, days: dict[str, str], said: str
) -> None:
    Cell().register(loop.instance, ["acme"])
    result = loop.defs.resolve_job_def(f"{family}_job").execute_in_process(
        instance=loop.instance,
        tags={"dagster/partition": "acme"} if family == "reports" else {},
        run_config={"ops": {family: {"config": {"clients": ["acme"], **days}}}},
        raise_on_error=False,
    )
    assert not result.success
    (failed,) = [event for event in result.all_events if event.is_step_failure and event.node_name == family]
    error = failed.step_failure_data.error
    assert error is not None
    assert len(error.stack) == 1
    failure = failed.step_failure_data.user_failure_data
    assert failure is not None
    assert said in str(failure.description)
    assert "\n" not in str(failure.description)
    assert read_health(loop.services.state) == {}
    assert _reported(loop, "raw_orders") == {}

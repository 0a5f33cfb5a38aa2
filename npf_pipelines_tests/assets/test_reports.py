"""Tests of the reports' assets over a world that has been through the loop."""

from datetime import date

import dagster as dg
import pytest

from npf_pipelines.lake.facts import Facts, read_facts
from npf_pipelines.lake.lake import Lake
from npf_pipelines.reports import live
from npf_pipelines_tests.automation.ticks import register, tick
from npf_pipelines_tests.loop import API_KEY, Loop, write_setup


def _page(loop: Loop, name: str) -> str:
    return (loop.settings.reports / f"{name}.html").read_text(encoding="utf-8")


def _metadata(loop: Loop, asset: str, partition: str | None = None) -> dict[str, object]:
    records = loop.instance.fetch_materializations(
        dg.AssetRecordsFilter(dg.AssetKey(asset), asset_partitions=[partition] if partition else None), limit=1
    ).records
    assert records[0].asset_materialization is not None
    return {name: value.value for name, value in records[0].asset_materialization.metadata.items()}


def _done(loop: Loop) -> set[str]:
    return loop.instance.get_materialized_partitions(dg.AssetKey("client_report"))


def test_the_run_makes_a_report_for_each_client_and_the_overview(fresh: Loop) -> None:
    assert [one.failure for one in fresh.run("reports")] == [""]
    assert _done(fresh) == {"acme", "bolt"}
    found = _metadata(fresh, "client_report", "acme")
    assert found["report"] == "http://127.0.0.1:3100/acme.html"
    (orders,) = fresh.rows("SELECT count(*) FROM filtered_orders WHERE client = 'acme'")[0]
    (imported,) = fresh.rows("SELECT count(*) FROM platform_orders WHERE client = 'acme' AND outcome = 'imported'")[0]
    assert (found["orders"], found["imported"]) == (orders, imported)
    assert found["waiting"] == 0
    assert _metadata(fresh, "overview")["overview"] == "http://127.0.0.1:3100/index.html"
    assert 'data-page="acme"' in _page(fresh, "index")
    assert {client: store.requests for client, store in fresh.stores.items()} == {"acme": 0, "bolt": 0}


def test_what_is_set_aside_in_the_tables_is_on_the_page(fresh: Loop) -> None:
    fresh.run("reports")
    rows = fresh.rows("SELECT order_number FROM filtered_orders WHERE client = 'acme' AND decision = 'set_aside'")
    missing = fresh.rows("SELECT sku FROM stock_push WHERE client = 'acme' AND outcome = 'not_in_store'")
    page = _page(fresh, "acme")
    assert _metadata(fresh, "client_report", "acme")["needs a person"] == len(rows) + len(missing)
    assert not [name for (name,) in rows + missing if f">{name}<" not in page]


def test_no_secret_and_no_personal_data_is_on_a_page(fresh: Loop) -> None:
    fresh.run("reports")
    pages = "".join(_page(fresh, name) for name in ("acme", "bolt", "index"))
    private = "SELECT unnest([email, phone, notes, ship_to.name, ship_to.address_1, bill_to.name]) FROM raw_orders"
    reported = {text for (text,) in fresh.rows(private) if text and len(text) > 4}
    assert reported
    assert not [text for text in (*reported, API_KEY) if text in pages]


def test_a_client_that_fails_is_red_alone_and_comes_first_in_the_overview(fresh: Loop) -> None:
    (broken,) = list((fresh.settings.data / "lake/stock_push/client=acme").glob("*.parquet"))
    broken.write_bytes(b"no parquet")
    (run,) = fresh.run("reports")
    assert "failed for 1 of the run's clients" in run.failure
    assert "acme:" in run.failure
    assert _done(fresh) == {"bolt"}
    overview = _page(fresh, "index")
    assert overview.index("its tables can&#39;t be read") < overview.index('data-page="bolt"')


def test_a_wrong_setup_is_reported_in_the_overview(fresh: Loop) -> None:
    write_setup(fresh.settings.clients, "bolt", fresh.url, stock={"quantity": "lots"})
    assert "bolt" in fresh.run("reports")[0].failure
    assert "bolt.yaml: stock.quantity:" in _page(fresh, "index")


def test_a_client_of_which_nothing_is_known_has_a_report(loop: Loop) -> None:
    assert [one.failure for one in loop.run("reports", "acme")] == [""]
    assert "No successful pull" in _page(loop, "acme")


def test_a_client_called_like_the_overview_does_not_take_its_place(loop: Loop) -> None:
    write_setup(loop.settings.clients, "index", loop.url)
    (run,) = loop.run("reports", "index")
    assert "is the overview" in run.failure
    assert "All clients" in _page(loop, "index")


def test_the_schedule_asks_for_all_clients_in_one_run(loop: Loop) -> None:
    assert tick(loop, "nightly_reports") == "no client is eligible"
    register(loop, "acme", "bolt")
    requests = tick(loop, "nightly_reports")
    assert isinstance(requests, list)
    (request,) = requests
    assert request.tags["npf/clients"] == "acme, bolt"


def test_a_fault_in_one_clients_figures_leaves_the_others_in_the_overview(
    fresh: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(lake: Lake, client: str, first: date) -> Facts:
        if client == "acme":
            raise RuntimeError("acme")
        return read_facts(lake, client, first)

    monkeypatch.setattr(live, "read_facts", broken)
    (run,) = fresh.run("reports")
    assert "bolt" not in run.failure
    overview = _page(fresh, "index")
    assert "RuntimeError, a fault of the program" in overview
    assert 'data-page="bolt"' in overview

"""`npf orders`, `npf shipments`, `npf stock`: the rows that the data team is asked about."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from npf_pipelines.cli import app
from npf_pipelines_tests.loop import Loop

Npf = Callable[..., Result]


@pytest.fixture
def npf(completed: Loop, monkeypatch: pytest.MonkeyPatch) -> Npf:
    """Runs a command over the world that has been through the loop."""
    monkeypatch.setenv("NPF_DATA", str(completed.settings.data))
    return lambda *words: CliRunner().invoke(app, list(words))


def rows(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def test_the_orders_that_a_rule_rejected_are_listed_and_no_others(completed: Loop, npf: Npf) -> None:
    expected = completed.rows(
        "SELECT order_number, reason FROM filtered_orders WHERE client = 'acme' AND rule = 'country' ORDER BY ALL"
    )
    words = ("orders", "--client", "acme", "--decision", "rejected", "--rule", "country", "--json")
    found = rows(npf(*words))
    assert expected
    assert sorted((row["order_number"], row["reason"]) for row in found) == expected
    placed = [row["placed_at"] for row in found]
    assert placed == sorted(placed, reverse=True)
    day = found[0]["day"]
    since = rows(npf(*words, "--since", str(day)))
    assert since == [row for row in found if str(row["day"]) >= str(day)]
    assert rows(npf("orders", "--order", str(found[0]["order_id"]), "--client", "acme", "--json")) == found[:1]


def test_a_limit_is_said(completed: Loop, npf: Npf) -> None:
    ((total,),) = completed.rows("SELECT count(*) FROM filtered_orders")
    result = npf("orders", "--limit", "3", "--csv")
    assert len(list(csv.DictReader(io.StringIO(result.stdout)))) == 3
    assert f"The newest 3 of {total} orders" in result.stderr
    assert "No orders in the tables match" in npf("orders", "--rule", "id_used_again").stderr


def test_piped_rows_stay_on_a_line_and_hold_no_shopper(completed: Loop, npf: Npf) -> None:
    for words in (("orders",), ("shipments", "--outcome", "confirmed"), ("stock", "--client", "bolt")):
        result = npf(*words)
        assert result.exit_code == 0, result.output
        lines = [line for line in result.stdout.splitlines() if line.startswith("│")]
        assert lines
        assert all(line.split("│")[1].strip() in {"acme", "bolt"} for line in lines)
        assert "…" not in result.stdout
        for store in completed.stores.values():
            assert not any(order.customer.email in result.output for order in store.orders.values())


def test_shipments_are_found_by_the_orders_number_with_or_without_its_prefix(completed: Loop, npf: Npf) -> None:
    client, number, shipments = completed.rows(
        "SELECT client, order_number, list(shipment_id ORDER BY shipment_id) FROM tracking_push GROUP BY ALL LIMIT 1"
    )[0]
    for name in (number, number.removeprefix("CS")):
        found = rows(npf("shipments", "--client", client, "--order", name, "--json"))
        assert sorted(str(row["shipment_id"]) for row in found) == shipments


def test_a_wrong_filter_is_refused_with_the_values_that_there_are(npf: Npf) -> None:
    result = npf("orders", "--decision", "nope")
    assert result.exit_code == 2
    assert "set_aside" in result.stderr
    assert npf("orders", "--client", "nobody").exit_code == 1
    assert npf("stock", "--json", "--csv").exit_code == 2


def test_the_skipped_orders_are_a_page_of_the_report(fresh: Loop) -> None:
    assert [run.failure for run in fresh.run("reports", "acme")] == [""]
    page = (fresh.settings.reports / "acme.skipped.html").read_text(encoding="utf-8")
    skipped = fresh.rows(
        "SELECT f.order_number FROM filtered_orders f ANTI JOIN platform_orders p USING (client, day, order_id) "
        "WHERE client = 'acme'"
    )
    assert skipped
    assert all(f">{number}</a>" in page for (number,) in skipped)
    ((imported,),) = fresh.rows("SELECT order_number FROM platform_orders WHERE client = 'acme' LIMIT 1")
    assert f">{imported}<" not in page
    assert 'data-page="acme.skipped"' in (fresh.settings.reports / "acme.html").read_text(encoding="utf-8")

"""`npf run` and `npf sql`, as a person types them."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from importlib import metadata
from threading import Timer

import dagster as dg
import pytest
from typer.testing import CliRunner, Result

from npf_pipelines.cli import app
from npf_pipelines.domain.days import day_of
from npf_pipelines.state.health import read_health
from npf_pipelines.state.lease import Lease
from npf_pipelines_tests.leases import no_patience
from npf_pipelines_tests.loop import Loop, write_setup
from npf_pipelines_tests.order_steps import on_platform, place


@pytest.fixture
def shell(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> Loop:
    """A world on which the command line works, its instance included."""
    monkeypatch.setenv("NPF_DATA", str(loop.settings.data))
    monkeypatch.delenv("NPF_CLIENTS", raising=False)
    monkeypatch.setenv("DAGSTER_HOME", str(loop.settings.data / "dagster"))
    return loop


def npf(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})


def test_a_range_of_one_client_prints_what_changed(shell: Loop) -> None:
    first, last = shell.days
    result = npf("run", "orders", "--client", "acme", "--from", f"{first}", "--to", f"{last}")
    assert result.exit_code == 0, result.output
    (accepted,) = shell.rows("SELECT count(*) FROM filtered_orders WHERE decision = 'accepted'")[0]
    assert accepted > 0
    row = next(line for line in result.output.splitlines() if "accepted" in line)
    assert str(accepted) in row
    assert "bolt" not in result.output
    assert shell.instance.get_dynamic_partitions("clients") == ["acme"]


def test_all_clients_and_today_where_nothing_is_named(shell: Loop) -> None:
    result = npf("run", "orders")
    assert result.exit_code == 0, result.output
    today = datetime.now(UTC).astimezone(shell.services.setups()["acme"].zone).date()
    done = shell.instance.get_materialized_partitions(dg.AssetKey("platform_orders"))
    assert done == {f"acme|{today}", f"bolt|{today}"}


def test_without_a_client_it_says_where_none_is(shell: Loop) -> None:
    for file in (shell.settings.data / "clients").iterdir():
        file.unlink()
    result = npf("run", "orders")
    assert result.exit_code == 1
    assert f"nothing was run: no client, for {shell.settings.clients} has no master setup" in result.output


def test_one_day(shell: Loop) -> None:
    day = shell.days[0] + timedelta(days=1)
    assert npf("run", "orders", "--client", "bolt", "--day", f"{day}").exit_code == 0
    assert shell.instance.get_materialized_partitions(dg.AssetKey("raw_orders")) == {f"bolt|{day}"}


def test_stock_needs_no_day(shell: Loop) -> None:
    assert npf("run", "stock", "--client", "acme").exit_code == 0
    assert npf("run", "stock", "--day", "2026-11-20").exit_code == 2
    assert npf("run", "stock", "--confirm-held").exit_code == 2


def test_reports_need_no_day_and_say_where_the_overview_is(shell: Loop) -> None:
    result = npf("run", "reports")
    assert result.exit_code == 0, result.output
    assert f"{shell.settings.reports}/index.html" in result.output
    assert (shell.settings.reports / "index.html").exists()
    assert npf("run", "reports", "--day", "2026-11-20").exit_code == 2


def test_a_partition_that_failed_is_an_exit_code_and_a_reason(shell: Loop) -> None:
    shell.stores["bolt"].switched_off = True
    result = npf("run", "stock")
    assert result.exit_code == 1
    assert "bolt: " in result.output
    assert "503" in result.output


def test_a_wrong_setup_is_reported_and_the_others_go_on(shell: Loop) -> None:
    write_setup(shell.settings.clients, "acme", shell.url, stock={"quantity": "lots"})
    result = npf("run", "stock")
    assert result.exit_code == 1
    assert "acme.yaml: stock.quantity:" in result.output
    assert shell.instance.get_materialized_partitions(dg.AssetKey("stock_push")) == {"bolt"}


def test_a_paused_client_is_named_and_left_alone(shell: Loop) -> None:
    path = shell.settings.clients / "acme.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "paused: true\n", encoding="utf-8")
    result = npf("run", "stock")
    assert result.exit_code == 0, result.output
    assert "acme: paused" in result.output
    assert shell.instance.get_materialized_partitions(dg.AssetKey("stock_push")) == {"bolt"}
    assert npf("run", "stock", "--client", "acme").exit_code == 0
    assert shell.stores["acme"].requests == 0


@pytest.mark.parametrize(
    "words",
    [("--client", "nobody"), ("--day", "2026-11-20", "--from", "2026-11-20"), ("--to", "2026-11-20")],
)
def test_what_makes_no_sense_is_refused(shell: Loop, words: tuple[str, ...]) -> None:
    assert npf("run", "orders", *words).exit_code in {1, 2}
    assert all(store.requests == 0 for store in shell.stores.values())


def test_a_day_before_the_first_one_is_refused_with_the_first(shell: Loop) -> None:
    result = npf("run", "orders", "--day", "2001-01-01")
    assert result.exit_code != 0
    assert f"{shell.days[0]}" in result.output


def test_a_day_with_tables_before_every_start_date_can_be_run(shell: Loop) -> None:
    day = shell.days[0] - timedelta(days=1)
    shell.services.lake.keep_first_day(day)
    ran = npf("run", "orders", "--client", "acme", "--day", f"{day}")
    assert ran.exit_code == 0, ran.output
    assert npf("run", "orders", "--day", f"{day - timedelta(days=1)}").exit_code == 2


@pytest.mark.parametrize("flow", ["orders", "shipments"])
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--from", "2026-11-25", "--to", "2026-11-20"),
            "2026-11-25, is after the last day, 2026-11-20",
        ),
        (("--day", "2099-01-01"), "2099-01-01 has not begun for any client"),
        (("--from", "2099-01-01"), "2099-01-01 has not begun for any client"),
    ],
)
def test_days_that_no_run_can_take_are_refused_before_one_is_made(
    shell: Loop, flow: str, words: tuple[str, ...], said: str
) -> None:
    result = npf("run", flow, *words)
    assert result.exit_code == 2, result.output
    assert said in " ".join(result.output.replace("│", " ").split())
    assert shell.instance.get_runs_count() == 0
    assert read_health(shell.services.state) == {}


def test_a_day_that_has_begun_for_some_clients_is_run_for_them(shell: Loop) -> None:
    zones = {"acme": "Pacific/Kiritimati", "bolt": "Pacific/Pago_Pago"}  # 25 hours apart: never on one day.
    for client, zone in zones.items():
        write_setup(shell.settings.clients, client, shell.url, store={"time_zone": zone})
    day = day_of(datetime.now(UTC), shell.services.setups()["acme"].zone)
    for words in (("--day", f"{day}"), ("--from", f"{day}")):
        result = npf("run", "shipments", *words)
        assert result.exit_code == 0, result.output
        assert f"bolt: {day} has not begun there" in result.output
    assert read_health(shell.services.state).keys() == {("acme", "shipments")}


def test_sql_answers_and_refuses(shell: Loop) -> None:
    npf("run", "stock")
    answer = npf("sql", "SELECT DISTINCT client FROM stock_push ORDER BY ALL")
    assert answer.exit_code == 0
    assert npf("sql", "SELECT nothing").exit_code == 1


def test_rows_are_json_or_csv_and_what_is_wrong_is_on_stderr(shell: Loop) -> None:
    shell.stores["bolt"].switched_off = True
    ran = npf("run", "stock", "--json")
    assert ran.exit_code == 1
    assert {(row["client"], row["table"]) for row in json.loads(ran.stdout)} == {("acme", "stock_push")}
    assert "bolt: " in ran.stderr
    dry = npf("run", "orders", "--client", "acme", "--from", f"{shell.days[0]}", "--dry-run", "--csv")
    assert dry.exit_code == 0, dry.output
    changes = list(csv.DictReader(io.StringIO(dry.stdout)))
    assert {row["table"] for row in changes} == {"platform_orders"}
    assert {row["outcome"] for row in changes} == {"planned"}
    answer = npf("sql", "SELECT client, sku, sku FROM stock_push", "--json")
    assert {row["sku"] for row in json.loads(answer.stdout)} == {row["sku_3"] for row in json.loads(answer.stdout)}


def test_single_orders_are_run_again_and_shown(shell: Loop) -> None:
    order_id = place(shell.stores["acme"])
    words = ("run", "orders", "--order", f"{order_id}", "--json")
    assert "name the client with --client" in npf(*words).stderr
    ran = npf(*words, "--client", "acme")
    assert ran.exit_code == 0, ran.output
    assert [(row["order_number"], row["outcome"]) for row in json.loads(ran.stdout)] == [(f"CS{order_id}", "imported")]
    assert on_platform(shell) == {f"CS{order_id}": f"{order_id}"}
    assert npf("run", "orders", "--order", f"CS{order_id}").exit_code == 0  # The tables know whose it is.
    missing = npf("run", "shipments", "--client", "acme", "--order", f"{order_id}")
    assert missing.exit_code == 1
    assert ("the warehouse has lodged no shipment of order" in missing.stderr, missing.stdout) == (True, "")
    assert npf("run", "stock", "--order", "1").exit_code == 2
    assert npf("run", "orders", "--order", "1", "--day", f"{shell.days[0]}").exit_code == 2


def test_a_client_of_another_run_is_an_exit_code_of_its_own_and_can_be_waited_for(shell: Loop) -> None:
    shell.stores["bolt"].switched_off = True
    lease = Lease(shell.services.state, "acme", "orders")
    lease.take()
    with no_patience():
        busy = npf("run", "orders", "--client", "acme")
        assert (busy.exit_code, "acme: another run is at work on it" in busy.stderr) == (3, True)
        assert npf("run", "orders").exit_code == 1  # The other client's store is off.
        Timer(1, lease.give_back).start()
        waited = npf("run", "orders", "--client", "acme", "--wait", "60")
    assert waited.exit_code == 0, waited.output
    assert "acme: another run is at work there: waiting" in waited.stderr


def test_the_version_is_printed() -> None:
    assert npf("--version").stdout == f"npf {metadata.version('npf_pipelines')}\n"

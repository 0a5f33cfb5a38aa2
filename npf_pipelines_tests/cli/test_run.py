"""`npf run` and `npf sql`, as a person types them."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from typer.testing import CliRunner, Result

from npf_pipelines.cli import app
from npf_pipelines.domain.days import day_of
from npf_pipelines.state.health import read_health
from npf_pipelines_tests.loop import Loop, write_setup


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


def test_a_wrong_setup_is_told_and_the_others_go_on(shell: Loop) -> None:
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

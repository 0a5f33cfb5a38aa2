"""A store's text is shown in the terminal as it is written: no markup in it counts, no escape sequence comes out."""

import csv
import logging
from decimal import Decimal
from io import StringIO

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from npf_pipelines.automation.console import _Sentence
from npf_pipelines.automation.launch import Change, Launched
from npf_pipelines.cli import app
from npf_pipelines.cli.output import OutputFormat, print_rows
from npf_pipelines.cli.plain import plain
from npf_pipelines.cli.summary import print_changes
from npf_pipelines.lake.tables import TRACKING_PUSH
from npf_pipelines_tests.builders import row
from npf_pipelines_tests.loop import Loop

HOSTILE = "[/red]X [bold]Y[/bold]\x1b]0;mine\x07\x1b[31m\u202eZ"
SHOWN = "[/red]X [bold]Y[/bold]]0;mine[31mZ"


def npf(loop: Loop, monkeypatch: pytest.MonkeyPatch, *words: str) -> Result:
    monkeypatch.setenv("NPF_DATA", str(loop.settings.data))
    monkeypatch.setenv("DAGSTER_HOME", str(loop.settings.data / "dagster"))
    return CliRunner().invoke(app, list(words), env={"COLUMNS": "300"})


def drawn(*things: object) -> str:
    out = StringIO()
    Console(file=out, width=200, force_terminal=False).print(*things)
    return out.getvalue()


def test_a_value_is_shown_as_it_is_written() -> None:
    assert drawn(plain(HOSTILE)).strip() == SHOWN


def test_no_text_in_csv_is_a_formula(capsys: pytest.CaptureFixture[str]) -> None:
    cells = {"a": "=1+1", "b": "+1", "c": "\n-x", "d": "@x", "e": -5, "f": Decimal("-0.5"), "g": "a=b"}
    print_rows([cells], list(cells), OutputFormat.CSV)
    (read,) = csv.DictReader(StringIO(capsys.readouterr().out))
    assert list(read.values()) == ["'=1+1", "'+1", "'\n-x", "'@x", "-5", "-0.5", "a=b"]


def test_what_a_dry_run_would_change_is_shown_whatever_its_sku(capsys: pytest.CaptureFixture[str]) -> None:
    change = Change("stock_push", "acme", 1, [{"sku": HOSTILE, "reason": "[link=x]"}])
    print_changes([Launched("1", "", (change,))])
    shown = capsys.readouterr().out
    assert SHOWN in shown
    assert "[link=x]" in shown


def test_the_audit_shows_a_sku_with_brackets(fresh: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    product = next(iter(fresh.stores["acme"].products.values()))
    product.product_code = HOSTILE
    fresh.run("stock")
    result = npf(fresh, monkeypatch, "audit")
    assert result.exit_code == 0, result.exception  # A code that fits no product is a warning.
    assert "[/red]X" in result.output
    assert "\x1b]" not in result.output


def test_an_orders_story_is_shown_whatever_is_in_it(fresh: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    ((day, number),) = fresh.rows("SELECT day, order_number FROM shipment_records WHERE client = 'acme' LIMIT 1")
    pushed = row(TRACKING_PUSH, shipment_id="S9", order_number=number, outcome="refused", reason=HOSTILE)
    fresh.services.lake.write(TRACKING_PUSH, [pushed], client="acme", day=day)
    result = npf(fresh, monkeypatch, "trace", "acme", number)
    assert result.exit_code == 0, result.output
    assert "[/red]X" in result.output
    assert "\x1b" not in result.output


def test_sql_prints_no_escape_sequence(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    result = npf(loop, monkeypatch, "sql", "SELECT chr(27) || ']0;mine' || chr(7) || chr(8238) || '[/red]' AS sku")
    assert result.exit_code == 0, result.output
    assert "[/red]" in result.output
    assert not set("\x1b\x07\u202e") & set(result.output)


def test_the_log_prints_none_either() -> None:
    record = logging.LogRecord("x", logging.INFO, "x", 1, HOSTILE, None, None)
    assert _Sentence().format(record) == SHOWN

"""Tests that reports, checks, alerts and the UI see each outcome that needs a person or waits, from the tables on."""

from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from npf_pipelines.automation.flow_checks import ASIDE, PUSHED
from npf_pipelines.automation.stock_checks import UNKNOWN
from npf_pipelines.domain.alert import AlertKind
from npf_pipelines.domain.open_kinds import kind_of, open_key
from npf_pipelines.domain.outcome import Outcome
from npf_pipelines.domain.outcomes import (
    SETTLED,
    Decision,
    OrderOutcome,
    PushOutcome,
    Rule,
    StatusOutcome,
    StockOutcome,
)
from npf_pipelines.lake.backlog import backlog
from npf_pipelines.lake.facts import OpenFact, count_open, read_facts
from npf_pipelines.lake.lake import Lake
from npf_pipelines.lake.table import Table
from npf_pipelines.lake.tables import FILTERED_ORDERS, PLATFORM_ORDERS, STOCK_PUSH, TABLES, TRACKING_PUSH
from npf_pipelines.reports.charts import orders_chart, skus_chart
from npf_pipelines.rules.conditions import ClientFacts, OpenRows, client_conditions
from npf_pipelines.runs.attention import attention_metadata
from npf_pipelines.runs.metadata import planned_metadata
from npf_pipelines_tests.builders import NOON, row

DAY = NOON.date()
CELLS: dict[type[Outcome], tuple[Table, str]] = {
    Rule: (FILTERED_ORDERS, "rule"),
    OrderOutcome: (PLATFORM_ORDERS, "outcome"),
    PushOutcome: (TRACKING_PUSH, "outcome"),
    StatusOutcome: (TRACKING_PUSH, "status_outcome"),
    StockOutcome: (STOCK_PUSH, "outcome"),
}
"""Where the tables hold an outcome. A decision is written along with its rule."""
MEMBERS = [outcome for outcomes in CELLS for outcome in outcomes]

members = pytest.mark.parametrize("outcome", MEMBERS, ids=lambda outcome: f"{type(outcome).__name__}.{outcome.name}")


def test_every_column_of_outcomes_is_tested() -> None:
    columns = {outcomes for table in TABLES.values() for outcomes in table.outcomes.values()}
    assert columns == {*CELLS, Decision} == set(Outcome.__subclasses__())


def written(folder: Path, outcome: Outcome) -> Lake:
    """A lake with one row that has the outcome, settled in every other respect."""
    lake = Lake(str(folder))
    table, column = CELLS[type(outcome)]
    settled = {"outcome": "confirmed", "status_outcome": "set"} if table is TRACKING_PUSH else {}
    decision = {"decision": outcome.decision} if isinstance(outcome, Rule) else {}
    lake.write(
        table, [row(table, **settled | decision | {column: outcome})], client="acme", day=DAY if table.by_day else None
    )
    if isinstance(outcome, Rule):
        lake.write(PLATFORM_ORDERS, [row(PLATFORM_ORDERS, outcome="imported")], client="acme", day=DAY)
    return lake


@members
def test_each_open_outcome_is_an_open_row_a_figure_and_an_alert(tmp_path: Path, outcome: Outcome) -> None:
    lake = written(tmp_path, outcome)
    counted = count_open(lake.connect("acme"), 3)
    # Planned rows are counted for the runs, and open for a live client alone; no report has them.
    is_counted = outcome.is_open or outcome.is_planned
    assert [count.kind for count in counted] == ([open_key(outcome)] if is_counted else [])
    assert len(read_facts(lake, "acme", DAY).open) == outcome.is_open
    for count in counted:
        found = backlog([OpenFact(count.kind, count.day, "1", "1", "because")])
        assert len(found.for_a_person) == outcome.needs_person
        assert found.waiting.total() == (outcome.waits or outcome.is_planned)
        rows = OpenRows(kind_of(count.kind), count.day, 1, "1")
        facts = ClientFacts("acme", timedelta(hours=2), open=[rows])
        (condition,) = client_conditions(facts, NOON, is_running=False)
        assert condition.what_to_do
        assert (condition.kind == AlertKind.BACKLOG) == (outcome.waits or outcome.is_planned)


@members
def test_each_outcome_that_needs_a_person_is_in_an_asset_check(tmp_path: Path, outcome: Outcome) -> None:
    connection = written(tmp_path, outcome).connect()
    tests: dict[str, object] = {"tests": []}
    listed = [
        *connection.execute(ASIDE).rows,
        *connection.execute("FROM order_exceptions").rows,
        *connection.execute(UNKNOWN, tests).rows,
    ]
    if isinstance(outcome, StockOutcome):
        # Pairs whose amount differs have a time from which on it does, and the check of drift.
        assert (len(listed) == 1) == (not outcome.is_pair)
        assert outcome.is_pair or not outcome.waits
    else:
        assert len(listed) == outcome.needs_person


@pytest.mark.parametrize("outcome", PushOutcome)
def test_a_shipment_is_missing_from_its_store_while_a_run_has_still_to_settle_it(
    tmp_path: Path, outcome: PushOutcome
) -> None:
    settled = written(tmp_path, outcome).connect().execute(PUSHED).rows
    assert len(settled) == (not outcome.waits and not outcome.is_planned)
    assert len(settled) == (outcome in SETTLED or outcome.needs_person or outcome is PushOutcome.WITHDRAWN)


@members
def test_each_outcome_is_shown_with_its_partition(outcome: Outcome) -> None:
    table, column = CELLS[type(outcome)]
    settled = {"outcome": "confirmed", "status_outcome": "set"} if table is TRACKING_PUSH else {}
    decision = {"decision": outcome.decision} if isinstance(outcome, Rule) else {}
    frame = pd.DataFrame([row(table, **settled | decision | {column: outcome})])
    shown = attention_metadata(table, frame, "https://shop.acme.example", lambda numbers: dict.fromkeys(numbers, "7"))
    assert shown["needs_a_person"].value == outcome.needs_person
    planned = planned_metadata(table, frame)["would_change"].value if not isinstance(outcome, Rule) else 0
    assert planned == outcome.is_planned


def test_the_charts_have_a_colour_for_each_decision_and_amount() -> None:
    assert "set aside" in orders_chart([DAY], {decision: [1] for decision in Decision})
    chart = skus_chart(dict.fromkeys(StockOutcome, 1))
    assert all(outcome.words.replace("'", "&#39;") in chart or outcome.words in chart for outcome in StockOutcome)

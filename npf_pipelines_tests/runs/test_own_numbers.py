"""Tests of npf_pipelines.runs.own_numbers: the numbers of a client's orders, kept between runs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from npf_pipelines.domain.own_numbers import OwnNumbers
from npf_pipelines.lake.lake import Lake
from npf_pipelines.lake.tables import FILTERED_ORDERS, PLATFORM_ORDERS, STORE_FACTS
from npf_pipelines.runs.client_tables import ClientTables
from npf_pipelines.runs.own_numbers import KeptNumbers
from npf_pipelines_tests.builders import NOON, row

DAY = NOON.date()


@pytest.fixture
def tables(tmp_path: Path) -> ClientTables:
    """The client's tables, none of them written."""
    return ClientTables(Lake(str(tmp_path / "lake")), "acme")


def as_decided(tables: ClientTables, *numbers: str, decision: str = "accepted") -> None:
    """Decisions on a day's orders, as an earlier release has written them."""
    rows = [row(FILTERED_ORDERS, order_id=number[-1], order_number=number, decision=decision) for number in numbers]
    tables.lake.write(FILTERED_ORDERS, rows, client="acme", day=DAY)


def as_imported(tables: ClientTables, *numbers: str, **changes: Any) -> None:
    """Their outcomes."""
    rows = [row(PLATFORM_ORDERS, order_id=number[-1], order_number=number, **changes) for number in numbers]
    tables.lake.write(PLATFORM_ORDERS, rows, client="acme", day=DAY)


def test_without_tables_there_is_the_prefix_alone(tables: ClientTables) -> None:
    assert KeptNumbers(tables, "CS").own == OwnNumbers("CS")


def test_tables_of_an_earlier_release_give_the_earlier_prefix_and_no_other_carts(tables: ClientTables) -> None:
    as_decided(tables, "OLD1", "OLD2", "CS3")
    as_imported(tables, "OLD1", "OLD2", "CS3", "EB1", "EB4", "EB5")
    assert KeptNumbers(tables, "CS").own == OwnNumbers("CS", frozenset({"OLD", "CS"}))


def test_a_number_that_was_only_planned_or_set_aside_gives_none(tables: ClientTables) -> None:
    as_decided(tables, "EB1", "EB2")
    as_imported(tables, "EB1", "EB2", imported_at=None)
    assert KeptNumbers(tables, "CS").own.prefixes == {"CS"}
    as_decided(tables, "EB1", "EB2", decision="set_aside")
    as_imported(tables, "EB1", "EB2")
    assert KeptNumbers(tables, "CS").own.prefixes == {"CS"}


def test_numbers_of_tables_that_cannot_all_be_read_are_not_kept(tables: ClientTables, tmp_path: Path) -> None:
    as_decided(tables, "OLD1", "OLD2")
    as_imported(tables, "OLD1", "OLD2")
    (file,) = (tmp_path / "lake" / FILTERED_ORDERS.name).rglob("*.parquet")
    whole = file.read_bytes()
    file.write_bytes(b"PAR1 broken")
    numbers = KeptNumbers(tables, "CS")
    numbers.use_prefix()
    numbers.keep()
    file.write_bytes(whole)
    assert KeptNumbers(tables, "CS").own.prefixes == {"OLD", "CS"}


def test_a_prefix_is_kept_once_orders_are_imported_under_it(tables: ClientTables) -> None:
    facts = row(STORE_FACTS, order_prefixes=None, other_numbers=None)
    tables.write_cache(STORE_FACTS, [facts])
    KeptNumbers(tables, "MISTAKE").keep()
    first = KeptNumbers(tables, "CS")
    assert first.own.prefixes == {"CS"}
    first.use_prefix()
    first.keep()
    changed = KeptNumbers(tables, "CSK")
    assert changed.own.prefixes == {"CS", "CSK"}
    changed.use_prefix()
    changed.recognise([("W-77", "7")])
    changed.keep()
    assert KeptNumbers(tables, "NEW").own == OwnNumbers("NEW", frozenset({"CS", "CSK"}), frozenset({"W-77"}))
    (kept,) = tables.read(STORE_FACTS)
    assert kept | facts == kept | {"order_prefixes": None, "other_numbers": None}


def test_numbers_that_are_kept_already_and_numbers_of_a_dry_run_are_not_written(
    tables: ClientTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    def used(prefix: str, tables: ClientTables, facts: Mapping[str, Any] | None = None) -> None:
        numbers = KeptNumbers(tables, prefix, facts)
        numbers.use_prefix()
        numbers.keep()

    used("CS", tables)
    (facts,) = tables.read(STORE_FACTS)
    with monkeypatch.context() as idle:
        for name in ("read_if_written", "write_cache"):
            idle.setattr(tables, name, None)
        used("CS", tables, facts)
    used("CSK", ClientTables(tables.lake, "acme", dry_run=True))
    assert tables.read(STORE_FACTS) == [facts]

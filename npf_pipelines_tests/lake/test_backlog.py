"""Tests of the backlog: what waits, what needs a person, and that each such thing says what to do."""

from npf_pipelines.domain.open_kinds import KINDS
from npf_pipelines.lake.backlog import backlog
from npf_pipelines.lake.facts import OpenFact
from npf_pipelines_tests.reports.plain import busy


def _open(*kinds: str) -> list[OpenFact]:
    return [OpenFact(kind, None, "CS1", "1", "because") for kind in kinds]


def test_nothing_open_is_an_empty_backlog() -> None:
    nothing = backlog([])
    assert (nothing.needing_a_person, nothing.waiting.total(), nothing.set_aside, nothing.drift) == (0, 0, 0, 0)


def test_what_the_next_run_does_needs_no_person() -> None:
    found = backlog(_open("order_not_imported", "shipment_waiting", "shipment_waiting", "sku_waiting"))
    assert found.for_a_person == []
    assert found.waiting == {"orders": 1, "shipments": 2, "stock": 1}


def test_set_aside_counts_orders_and_shipments_and_drift_counts_skus() -> None:
    found = backlog(
        _open("order_unreadable", "shipment_set_aside", "sku_not_in_store", "sku_waiting", "status_refused")
    )
    assert (found.set_aside, found.drift) == (2, 2)
    assert [row.kind for _, row in found.about("shipments")] == ["shipment_set_aside", "status_refused"]


def test_a_rule_without_words_of_its_own_still_says_what_to_do() -> None:
    ((kind, _),) = backlog(_open("order_some_new_rule")).for_a_person
    assert (kind.about, kind.name) == ("orders", "set aside")
    assert kind.what_to_do


def test_every_open_thing_is_counted_once() -> None:
    rows = busy().open
    found = backlog(rows)
    assert found.counts.total() == len(rows) == len(KINDS)
    assert found.needing_a_person == len(found.for_a_person)
    assert found.needing_a_person + found.waiting.total() == len(rows)

"""The history of decisions on an order."""

from datetime import UTC, datetime, timedelta
from typing import Any

from npf_pipelines.rules.decision_history import MOST_EARLIER, released, with_history

START = datetime(2026, 11, 27, tzinfo=UTC)


def decided(minute: int, decision: str = "rejected", reason: str = "no") -> dict[str, Any]:
    return {
        "order_id": "1",
        "order_number": "CS1",
        "decision": decision,
        "reason": reason,
        "decided_at": START + timedelta(minutes=minute),
    }


def test_a_decision_keeps_its_time_until_it_changes() -> None:
    first = with_history(decided(0), None)
    assert (first["decided_at"], first["earlier"]) == (START, None)
    assert with_history(decided(5), first) == first
    second = with_history(decided(9, "accepted", "yes"), first)
    assert second["decided_at"] == START + timedelta(minutes=9)
    assert second["earlier"] == [{"decided_at": START, "decision": "rejected", "reason": "no"}]


def test_the_first_decision_stays_however_many_follow() -> None:
    row = with_history(decided(0), None)
    for minute in range(1, 60):
        row = with_history(decided(minute, reason=str(minute)), row)
    kept = [each["reason"] for each in row["earlier"]]
    assert len(kept) == MOST_EARLIER
    assert kept[0] == "no"
    assert kept[1:] == [str(minute) for minute in range(59 - MOST_EARLIER + 1, 59)]


def test_an_order_is_released_only_until_the_platform_has_had_it() -> None:
    """Its history goes on saying that it was held; missing from the platform later, it is an old order like others."""
    row = with_history(decided(5, "accepted", "yes"), decided(0, "held", "not yet") | {"earlier": None})
    assert released([row], imported=()) == {"CS1"}
    assert released([with_history(decided(9, "accepted", "yes"), row)], imported={"1"}) == set()
    assert released([decided(0, "held", "not yet") | {"earlier": None}], imported=()) == set()

"""Plain data for the reports' tests: a client's setup, and facts in which every kind of thing is open."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.open_kinds import KINDS
from npf_pipelines.lake.facts import Facts, OpenFact, OrderFact, ShipmentFact, StockLevel
from npf_pipelines.reports.figures import window

NOW = datetime(2026, 11, 24, 15, 10, tzinfo=UTC)
HOSTILE = "<script>alert('x')</script>"


def setup_of(client: str = "acme", **changes: Any) -> MasterSetup:
    """A client in Sydney."""
    store = {
        "url": "https://shop.acme.example",
        "api_user": "api@acme.example",
        "api_key_env": "NPF_ACME_API_KEY",
        "user_id": 1,
        "time_zone": "Australia/Sydney",
    }
    whole = {
        "id": client,
        "name": client.title(),
        "store": store,
        "orders": {"start_date": date(2026, 11, 1), "prefix": "CS", "statuses": ["Paid"]},
        "stock": {"quantity": "available"},
    }
    return MasterSetup.model_validate(whole | changes)


def busy(said: str = "said so") -> Facts:
    """A month of a busy client, every open thing with this reason."""
    days = window(NOW, setup_of().zone)
    return Facts(
        orders=[
            OrderFact(
                day,
                ("accepted", "accepted", "rejected", "accepted", "set_aside")[number % 5],
                ("all_passed", "all_passed", "country", "all_passed", "unreadable")[number % 5],
                placed := datetime.combine(day, time(number, 20), UTC),
                placed + timedelta(minutes=number + place) if number % 5 in {0, 1, 3} else None,
            )
            for place, day in enumerate(days)
            if place % 7 != 3
            for number in range(8 + place * 5 % 11)
        ],
        first_import=datetime.combine(days[0], time(), UTC),
        shipments=[
            ShipmentFact(day, 40.0 * (number + 1) * (1 + place % 4))
            for place, day in enumerate(days)
            if place % 7 < 5
            for number in range(4)
        ],
        stock=[
            StockLevel(NOW - timedelta(hours=hours), 900 + hours * 3 % 260, 600 + hours * 5 % 310 - hours, hours % 3)
            for hours in range(700, 0, -6)
        ],
        skus={"already_right": 412, "confirmed": 31, "not_in_store": 4, "refused": 1, "not_in_warehouse": 12},
        open=[
            OpenFact(kind, None if kind.startswith("sku") else days[-2], f"CS10{place}", f"10{place}", said)
            for place, kind in enumerate(KINDS)
        ],
        last_pull=NOW - timedelta(minutes=8),
        last_push=NOW - timedelta(minutes=3),
    )

"""Tests of npf_pipelines.automation.flow_checks, over a world that has been through the loop."""

from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import sqlalchemy as sa

from npf_pipelines.automation.flow_checks import LODGED_FOR
from npf_pipelines.platform.tables import shipments
from npf_pipelines.state.tables import health
from npf_pipelines_tests.loop import Loop, write_setup


def check(loop: Loop, name: str, listed: str) -> tuple[bool, list[dict[str, Any]]]:
    result = loop.defs.resolve_job_def("audit_job").execute_in_process(instance=loop.instance, raise_on_error=False)
    (found,) = [one for one in result.get_asset_check_evaluations() if one.check_name == name]
    value = found.metadata[listed]
    return found.passed, [dict(one.data) for one in value.records] if isinstance(value, dg.TableMetadataValue) else []


def check_number(loop: Loop, name: str, number: str) -> object:
    records = loop.instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(dg.AssetKey("store_orders"), name), limit=1
    )
    event = records[0].event
    assert event is not None
    assert event.dagster_event is not None
    return event.dagster_event.asset_check_evaluation_data.metadata[number].value


def test_a_shipment_that_was_never_pushed_is_reported_once_it_is_late(fresh: Loop) -> None:
    assert check(fresh, "all_lodged_pushed", "missing") == (True, [])
    with fresh.services.platform_engine.begin() as connection:
        one = connection.execute(sa.select(shipments).where(shipments.c.client == "acme").limit(1)).mappings().one()
        now = datetime.now(UTC)
        for name, lodged_at in (("late", now - 2 * LODGED_FOR), ("young", now)):
            connection.execute(sa.insert(shipments).values(dict(one) | {"shipment_id": name, "lodged_at": lodged_at}))
    passed, rows = check(fresh, "all_lodged_pushed", "missing")
    assert (passed, [(row["client"], row["shipment"]) for row in rows]) == (False, [("acme", "late")])


def test_what_lies_aside_is_listed_with_its_reason(fresh: Loop) -> None:
    store = fresh.stores["acme"]
    without_code = next(one for one in store.products.values() if not one.product_code)
    order_id = store.place_order([(without_code.product_id, 1)])
    fresh.run("orders", "acme")
    passed, rows = check(fresh, "set_aside", "aside")
    assert not passed
    # On some days the generated stores have such an order already.
    (reason,) = [row["reason"] for row in rows if (row["client"], row["number"]) == ("acme", f"CS{order_id}")]
    assert "product code" in reason
    assert check_number(fresh, "set_aside", "findings") == len(rows)


def test_a_client_that_was_not_pulled_for_long_is_stale_unless_paused(fresh: Loop) -> None:
    assert check(fresh, "staleness", "stale") == (True, [])
    with fresh.services.state.begin() as connection:
        long_ago = datetime.now(UTC) - timedelta(hours=2.1)
        connection.execute(sa.update(health).values(last_success_at=long_ago))
    passed, rows = check(fresh, "staleness", "stale")
    assert (passed, [row["client"] for row in rows]) == (False, ["acme", "bolt"])
    with fresh.services.state.begin() as connection:
        connection.execute(sa.update(health).values(last_success_at=None))
    _, rows = check(fresh, "staleness", "stale")
    assert {row["last_pulled"] for row in rows} == {f"past days only, the last one {fresh.days[1]}"}
    for client in ("acme", "bolt"):
        write_setup(fresh.settings.clients, client, fresh.url)
        path = fresh.settings.clients / f"{client}.yaml"
        path.write_text(path.read_text(encoding="utf-8") + "paused: true\n", encoding="utf-8")
    assert check(fresh, "staleness", "stale") == (True, [])

"""The sensors of lodgements and stock movements: runs only where the warehouse did something."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from npf_pipelines.platform.tables import shipments
from npf_pipelines_tests.automation.ticks import clients, execute, look, register
from npf_pipelines_tests.loop import Loop, write_setup


@pytest.fixture
def worked(loop: Loop) -> Loop:
    """A world in which orders have been imported and lodged."""
    loop.run("orders")
    loop.work()
    return loop


def settle(loop: Loop, sensor: str) -> str:
    """The cursor after the runs that the sensor asked for first."""
    job = "shipments_job" if sensor == "new_lodgements" else "stock_job"
    if job == "stock_job":
        loop.run("stock", override_change_limit=True)
    asked, cursor, _ = look(loop, sensor)
    assert clients(asked) == [["acme", "bolt"]]
    assert all(run.success for run in execute(loop, job, asked))
    return cursor


def test_a_lodgement_asks_for_its_client_only_and_is_in_the_store_afterwards(worked: Loop) -> None:
    cursor = settle(worked, "new_lodgements")
    assert look(worked, "new_lodgements", cursor)[0] == []
    with worked.services.engine.begin() as connection:
        one = connection.execute(sa.select(shipments).where(shipments.c.client == "bolt").limit(1)).mappings().one()
        another = dict(one) | {"shipment_id": "bolt-late", "tracking_number": "LATE1", "lodged_at": datetime.now(UTC)}
        connection.execute(sa.insert(shipments).values(another))
    asked, cursor, _ = look(worked, "new_lodgements", cursor)
    assert clients(asked) == [["bolt"]]
    assert look(worked, "new_lodgements", cursor)[0] == []
    execute(worked, "shipments_job", asked)
    assert worked.rows("SELECT count(*) FROM tracking_push WHERE shipment_id = 'bolt-late'") == [(1,)]


def test_a_count_that_moves_asks_for_its_client_only(worked: Loop) -> None:
    cursor = settle(worked, "stock_movements")
    assert look(worked, "stock_movements", cursor)[0] == []
    sku = worked.stores["acme"].skus()[0]
    worked.floor.receive("acme", sku, 5, datetime.now(UTC))
    asked, cursor, _ = look(worked, "stock_movements", cursor)
    assert clients(asked) == [["acme"]]


def test_an_order_that_takes_stock_is_a_movement(worked: Loop) -> None:
    cursor = settle(worked, "stock_movements")
    records = worked.services.platform.open_records("bolt")
    assert records
    worked.services.platform.cancel_order("bolt", next(iter(records.values())), datetime.now(UTC))
    assert clients(look(worked, "stock_movements", cursor)[0]) == [["bolt"]]


def test_a_client_whose_stock_is_off_costs_no_run(worked: Loop) -> None:
    write_setup(worked.settings.clients, "acme", worked.url, stock={"quantity": "off"})
    asked, _, _ = look(worked, "stock_movements")
    assert clients(asked) == [["bolt"]]


@pytest.mark.parametrize(("sensor", "job"), [("new_lodgements", "shipments_job"), ("stock_movements", "stock_job")])
def test_what_was_noticed_while_a_run_is_not_over_is_noticed_again(worked: Loop, sensor: str, job: str) -> None:
    asked, _, _ = look(worked, sensor)
    run = worked.instance.create_run_for_job(worked.defs.resolve_job_def(job), run_config=dict(asked[0].run_config))
    none, cursor, said = look(worked, sensor)
    assert (none, "2 have a run that isn't over" in said) == ([], True)
    worked.instance.report_run_failed(run)
    assert clients(look(worked, sensor, cursor)[0]) == [["acme", "bolt"]]


def test_nothing_on_the_platform_is_no_news(loop: Loop) -> None:
    register(loop)
    assert look(loop, "new_lodgements")[0] == []
    assert look(loop, "stock_movements")[0] == []

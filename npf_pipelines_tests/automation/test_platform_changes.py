"""The sensor of lodgements and stock movements: runs only where the warehouse did something."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from npf_pipelines.platform.tables import shipments
from npf_pipelines_tests.automation.ticks import clients, execute, look, look_at_platform, register
from npf_pipelines_tests.loop import Loop, write_setup


@pytest.fixture
def worked(loop: Loop) -> Loop:
    """A world in which orders have been imported and lodged."""
    loop.run("orders")
    loop.work()
    return loop


def settle(loop: Loop, flow: str) -> str:
    """The cursor after the runs that the sensor asked for first."""
    if flow == "stock":
        loop.run("stock", override_change_limit=True)
    asked, cursor, _ = look_at_platform(loop, flow)
    assert clients(asked) == [["acme", "bolt"]]
    assert all(run.success for run in execute(loop, f"{flow}_job", asked))
    return cursor


def test_a_lodgement_asks_for_its_client_only_and_is_in_the_store_afterwards(worked: Loop) -> None:
    cursor = settle(worked, "shipments")
    assert look_at_platform(worked, "shipments", cursor)[0] == []
    with worked.services.platform_engine.begin() as connection:
        one = connection.execute(sa.select(shipments).where(shipments.c.client == "bolt").limit(1)).mappings().one()
        another = dict(one) | {"shipment_id": "bolt-late", "tracking_number": "LATE1", "lodged_at": datetime.now(UTC)}
        connection.execute(sa.insert(shipments).values(another))
    asked, cursor, _ = look_at_platform(worked, "shipments", cursor)
    assert clients(asked) == [["bolt"]]
    assert look_at_platform(worked, "shipments", cursor)[0] == []
    execute(worked, "shipments_job", asked)
    assert worked.rows("SELECT count(*) FROM tracking_push WHERE shipment_id = 'bolt-late'") == [(1,)]


def test_a_count_that_moves_asks_for_its_client_only(worked: Loop) -> None:
    cursor = settle(worked, "stock")
    assert look_at_platform(worked, "stock", cursor)[0] == []
    sku = worked.stores["acme"].skus()[0]
    worked.floor.receive("acme", sku, 5, datetime.now(UTC))
    asked, cursor, _ = look_at_platform(worked, "stock", cursor)
    assert clients(asked) == [["acme"]]


def test_an_order_that_takes_stock_is_a_movement(worked: Loop) -> None:
    cursor = settle(worked, "stock")
    records = worked.services.platform.open_records("bolt")
    assert records
    worked.services.platform.cancel_order("bolt", next(iter(records.values())), datetime.now(UTC))
    assert clients(look_at_platform(worked, "stock", cursor)[0]) == [["bolt"]]


def test_a_client_whose_stock_is_off_costs_no_run(worked: Loop) -> None:
    write_setup(worked.settings.clients, "acme", worked.url, stock={"quantity": "off"})
    asked, _, _ = look_at_platform(worked, "stock")
    assert clients(asked) == [["bolt"]]


@pytest.mark.parametrize("flow", ["shipments", "stock"])
def test_what_was_noticed_while_a_run_is_not_over_is_noticed_again(worked: Loop, flow: str) -> None:
    asked, _, _ = look_at_platform(worked, flow)
    job = worked.defs.resolve_job_def(f"{flow}_job")
    run = worked.instance.create_run_for_job(job, run_config=dict(asked[0].run_config))
    none, cursor, _ = look_at_platform(worked, flow)
    assert none == []
    assert f"{flow}: nothing has changed; 2 have a run that isn't over" in look_at_platform(worked, flow, cursor)[2]
    worked.instance.report_run_failed(run)
    assert clients(look_at_platform(worked, flow, cursor)[0]) == [["acme", "bolt"]]


def test_stock_is_left_to_every_second_tick(worked: Loop) -> None:
    jobs, cursor = [], ""
    for _ in range(4):
        asked, cursor, said = look(worked, "platform_changes", cursor)
        jobs.append(([request.job_name for request in asked], "stock: " in said))
    assert jobs == [(["shipments_job", "stock_job"], False), ([], False), ([], True), ([], False)]


def test_a_query_that_fails_silences_no_other_flow(worked: Loop) -> None:
    code_server = worked.defs
    look(worked, "platform_changes", defs=code_server)
    with worked.services.platform_engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE stock RENAME TO stock_away"))
    asked, cursor, _ = look(worked, "platform_changes", defs=code_server)
    assert [request.job_name for request in asked] == ["shipments_job"]
    _, cursor, _ = look(worked, "platform_changes", cursor, defs=code_server)
    asked, cursor, said = look(worked, "platform_changes", cursor, defs=code_server)
    assert asked == []
    assert "shipments: nothing has changed" in said
    assert "stock: " in said
    with worked.services.platform_engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE shipments RENAME TO shipments_away"))
    with pytest.raises(sa.exc.OperationalError):  # Nothing could be asked: the tick is red.
        look(worked, "platform_changes", defs=code_server)
    with worked.services.platform_engine.begin() as connection:
        for table in ("stock", "shipments"):
            connection.execute(sa.text(f"ALTER TABLE {table}_away RENAME TO {table}"))
    asked, _, _ = look_at_platform(worked, "stock", cursor, defs=code_server)
    assert clients(asked) == [["acme", "bolt"]]


def test_stock_is_asked_about_while_the_query_of_shipments_fails(worked: Loop) -> None:
    code_server = worked.defs
    settle(worked, "stock")
    _, cursor, _ = look(worked, "platform_changes", defs=code_server)
    with worked.services.platform_engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE shipments RENAME TO shipments_away"))
    ticks = []
    for _ in range(4):
        _, cursor, said = look(worked, "platform_changes", cursor, defs=code_server)
        ticks.append("stock: nothing has changed" in said)
    assert sorted(ticks) == [False, False, True, True]


def test_the_cursor_has_few_characters_for_each_client(worked: Loop) -> None:
    """Dagster keeps the cursor of every tick, and a cell may have 250 clients."""
    cursor = settle(worked, "stock")
    worked.run("shipments")
    _, taken_up, _ = look_at_platform(worked, "stock", cursor)
    assert len(taken_up) / len(worked.stores) < 110


def test_nothing_on_the_platform_is_no_news(loop: Loop) -> None:
    register(loop)
    assert look(loop, "platform_changes")[0] == []

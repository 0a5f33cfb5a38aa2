"""Tests of npf_pipelines.automation.clients."""

from datetime import timedelta

from npf_pipelines.runs.partitions import CLIENTS
from npf_pipelines_tests.automation.ticks import look
from npf_pipelines_tests.loop import Loop, write_setup


def test_a_client_becomes_a_partition_by_its_file(loop: Loop) -> None:
    _, _, said = look(loop, "clients_sensor")
    assert said == "registered: acme, bolt"
    assert set(loop.instance.get_dynamic_partitions(CLIENTS.name or "")) == {"acme", "bolt"}
    assert look(loop, "clients_sensor")[2] == "registered: nothing new"


def test_days_that_the_loaded_definitions_lack_are_named(loop: Loop) -> None:
    loaded = loop.defs
    earlier = loop.services.setups()["acme"].orders.start_date - timedelta(days=10)
    write_setup(loop.settings.clients, "newer", loop.url, orders={"start_date": earlier})
    assert "the UI doesn't offer all days of all clients" in look(loop, "clients_sensor", defs=loaded)[2]
    assert look(loop, "clients_sensor")[2] == "registered: nothing new"


def test_days_that_no_client_needs_any_more_are_no_news(loop: Loop) -> None:
    look(loop, "clients_sensor")
    loaded = loop.defs
    later = loop.services.setups()["acme"].orders.start_date + timedelta(days=2)
    for client in loop.stores:
        write_setup(loop.settings.clients, client, loop.url, orders={"start_date": later})
    assert look(loop, "clients_sensor", defs=loaded)[2] == "registered: nothing new"

"""Tests of npf_pipelines.runs.client_mode: what shows that a client without a mode was live before."""

from pathlib import Path

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.runs.client_mode import in_trial
from npf_pipelines.state.client_stores import remember_store
from npf_pipelines_tests.builders import NOON, platform_order
from npf_pipelines_tests.faults.bare_run import services_of
from npf_pipelines_tests.faults.tracking_client import CLIENT, SETUP

WITHOUT_MODE = MasterSetup.model_validate(SETUP)


def test_a_real_order_with_the_clients_prefix(tmp_path: Path) -> None:
    services = services_of("http://unused", f"sqlite:///{tmp_path / 'platform.sqlite'}", tmp_path, 1.0)
    assert in_trial(WITHOUT_MODE, services)
    of_another_cart, test_order = platform_order("SH1"), platform_order("CS1", is_test=True)
    services.platform.import_orders(CLIENT, [of_another_cart, test_order], NOON)
    assert in_trial(WITHOUT_MODE, services)
    services.platform.import_orders(CLIENT, [platform_order("CS2")], NOON)
    assert not in_trial(WITHOUT_MODE, services)
    services.close_databases()


def test_a_store_that_the_client_has_worked_with_without_asking_the_platform(tmp_path: Path) -> None:
    services = services_of("http://unused", f"sqlite:///{tmp_path / 'platform.sqlite'}", tmp_path, 1.0)
    remember_store(services.state, CLIENT, "shop.acme.example")
    services.close_databases()
    without_platform = services_of("http://unused", "sqlite:////dev/null/platform.sqlite", tmp_path, 1.0)
    assert not in_trial(WITHOUT_MODE, without_platform)
    without_platform.close_databases()

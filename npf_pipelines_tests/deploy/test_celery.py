"""The settings of the Celery workers, as `dagster_celery.app` makes them of deploy/cluster/dagster_celery_config.py.

Not here: workers at work (cluster/).
"""

import pytest
from dagster_celery.make_app import make_app

from npf_pipelines_tests.docs.pages import PROJECT


def test_the_state_of_the_longest_run_stays_in_redis_as_long_as_its_task(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dagster marks a run in progress as failed when its state is not there."""
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.syspath_prepend(PROJECT / "deploy" / "cluster")
    workers = make_app()  # type: ignore[no-untyped-call]
    assert workers.backend.expires >= workers.conf.broker_transport_options["visibility_timeout"]

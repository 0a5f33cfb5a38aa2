"""The settings of the Celery workers, as `dagster_celery.app` makes them of deploy/cluster/dagster_celery_config.py.

Not here: workers at work (cluster/).
"""

import sys
from typing import Any

import pytest
from dagster_celery.make_app import make_app

from npf_pipelines_tests.docs.pages import PROJECT

SHARED = {
    "NPF_PLATFORM_URL": "postgresql+psycopg://npf:planted-secret@db/platform",
    "NPF_STATE_URL": "postgresql+psycopg://npf:planted-secret@db/state",
    "NPF_LAKE": "s3://npf-pipeline/lake",
    "NPF_CLIENTS": "s3://npf-pipeline/clients",
}


def started(monkeypatch: pytest.MonkeyPatch, **environment: str | None) -> Any:
    """The application of a worker as it starts, with what its unit's file holds; None leaves a variable out."""
    for name, value in (SHARED | {"REDIS_URL": "redis://127.0.0.1:1/0"} | environment).items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    monkeypatch.syspath_prepend(PROJECT / "deploy" / "cluster")
    monkeypatch.delitem(sys.modules, "dagster_celery_config", raising=False)
    return make_app()  # type: ignore[no-untyped-call]


def test_the_state_of_the_longest_run_stays_in_redis_as_long_as_its_task(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dagster marks a run in progress as failed when its state is not there."""
    workers = started(monkeypatch)
    assert workers.backend.expires >= workers.conf.broker_transport_options["visibility_timeout"]


PRIVATE = {
    "NPF_PLATFORM_URL": "sqlite:////srv/npf/platform.sqlite",
    "NPF_STATE_URL": "sqlite:////srv/npf/state.sqlite",
    "NPF_LAKE": "/srv/npf/lake",
    "NPF_CLIENTS": "/srv/npf/clients",
}


@pytest.mark.parametrize("name", PRIVATE)
def test_a_worker_with_a_database_or_a_folder_of_its_own_does_not_start(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for value, said in ((None, f"on this one only: {name} (not set; write "), (PRIVATE[name], f"{name} (write ")):
        with pytest.raises(SystemExit, match=r"docs/deployment\.md, Several machines") as refused:
            started(monkeypatch, **{name: value})
        assert said in str(refused.value)
        assert not [other for other in SHARED if other != name and other in str(refused.value)]
        assert "planted-secret" not in str(refused.value)


def test_a_worker_with_a_setting_that_cannot_be_read_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match=r"a setting that can't be read: NPF_SHARDS \("):
        started(monkeypatch, NPF_SHARDS="many")

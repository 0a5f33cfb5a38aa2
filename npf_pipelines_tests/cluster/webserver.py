"""Dagster's webserver as its UI uses it: questions and launches by GraphQL, launched as soon as it has come up.

Not here: clicks in a browser (npf_pipelines_tests/ui).
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import stamina
from dagster_graphql import DagsterGraphQLClient, DagsterGraphQLClientError

_PATIENCE = 300.0
"""Seconds that the processes of a busy machine have to start, and a run to end."""
_RUN = """query ($id: ID!) { runOrError(runId: $id) { ... on Run { status tags { key value } } } }"""
_ENDED = {"SUCCESS", "FAILURE", "CANCELED"}


@dataclass(frozen=True)
class EndedRun:
    """A run that has ended.

    Attributes:
        run_id: its id.
        is_success: whether it succeeded.
        tags: its tags.
    """

    run_id: str
    is_success: bool
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Webserver:
    """A webserver that is starting or up."""

    url: str

    def ask(self, query: str, **variables: Any) -> Any:
        """The answer's data."""
        body = {"query": query, "variables": variables}
        answer = httpx.post(f"{self.url}/graphql", json=body, timeout=60).json()
        assert not answer.get("errors"), answer
        return answer["data"]

    def run(
        self,
        location: str,
        job: str,
        *,
        config: Mapping[str, Any] | None = None,
        assets: Sequence[Sequence[str]] = (),
        tags: Mapping[str, str] | None = None,
    ) -> EndedRun:
        """Launch a run as the UI does, and wait for its end.

        Args:
            location: the code location.
            job: the job's name; for assets, that of all assets.
            config: the run config.
            assets: the keys of the assets to materialize; all of the job's if empty.
            tags: as the dialog of a partition adds them.
        """
        client = DagsterGraphQLClient(self.url.removeprefix("http://"))
        run_id = ""
        for attempt in stamina.retry_context(
            on=DagsterGraphQLClientError, attempts=None, timeout=_PATIENCE, wait_max=1.0
        ):
            with attempt:  # It may be starting.
                run_id = client.submit_job_execution(
                    job, location, "__repository__", config, dict(tags or {}), asset_selection=assets or None
                )
        until = time.monotonic() + _PATIENCE
        while (run := self.ask(_RUN, id=run_id)["runOrError"])["status"] not in _ENDED:
            assert time.monotonic() < until, run
            time.sleep(1)
        return EndedRun(run_id, run["status"] == "SUCCESS", {tag["key"]: tag["value"] for tag in run["tags"]})

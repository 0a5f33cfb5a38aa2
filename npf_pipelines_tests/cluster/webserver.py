"""Dagster's webserver as its UI uses it: questions and launches by GraphQL, asked until it has come up.

Not here: clicks in a browser (npf_pipelines_tests/ui).
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

_PATIENCE = 300.0
"""Seconds that the processes of a busy machine have to start, and a run to end."""
_LAUNCH = """mutation ($params: ExecutionParams!) { launchRun(executionParams: $params) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
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
        selector = {"repositoryLocationName": location, "repositoryName": "__repository__", "jobName": job}
        if assets:
            selector["assetSelection"] = [{"path": list(path)} for path in assets]  # type: ignore[assignment]
        params = {
            "selector": selector,
            "runConfigData": dict(config or {}),
            "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in (tags or {}).items()]},
        }
        run_id = self._until(
            lambda: self.ask(_LAUNCH, params=params)["launchRun"],
            lambda launched: launched["__typename"] == "LaunchRunSuccess",
        )["run"]["runId"]
        run = self._until(lambda: self.ask(_RUN, id=run_id)["runOrError"], lambda run: run["status"] in _ENDED)
        return EndedRun(run_id, run["status"] == "SUCCESS", {tag["key"]: tag["value"] for tag in run["tags"]})

    def _until(self, ask: Callable[[], Any], holds: Callable[[Any], bool]) -> Any:
        """The answer, as soon as it holds."""
        until, answer = time.monotonic() + _PATIENCE, None
        while time.monotonic() < until:
            try:
                answer = ask()
                if holds(answer):
                    return answer
            except (httpx.HTTPError, ValueError):
                pass  # It is starting.
            time.sleep(1)
        raise AssertionError(f"waited {_PATIENCE:.0f} s; the last answer: {answer}")

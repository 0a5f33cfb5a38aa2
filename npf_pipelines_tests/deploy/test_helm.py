"""The Helm values name only fields that Dagster's chart has, with values of their types.

Here: the part of the chart's values.schema.json that these values use (dagster-io/dagster, helm/dagster).
Not here: what the chart makes of them, which takes helm and a cluster.
"""

from typing import Any

import yaml
from dagster_k8s.job import UserDefinedDagsterK8sConfig

from npf_pipelines_tests.docs.pages import PROJECT

_NAMED = [{"name": str}]
_CHART: dict[str, Any] = {
    "generatePostgresqlPasswordSecret": bool,
    "postgresql": {
        "enabled": bool,
        "postgresqlHost": str,
        "postgresqlUsername": str,
        "postgresqlDatabase": str,
        "postgresqlScheme": str,
        "service": {"port": int},
    },
    "dagster-user-deployments": {
        "enabled": bool,
        "enableSubchart": bool,
        "deployments": [
            {
                "name": str,
                "image": {"repository": str, "tag": str, "pullPolicy": {"Always", "IfNotPresent", "Never"}},
                "dagsterApiGrpcArgs": [str],
                "port": int,
                "envConfigMaps": _NAMED,
                "envSecrets": _NAMED,
                "includeConfigInLaunchedRuns": {"enabled": bool},
            }
        ],
    },
    "computeLogManager": {
        "type": {"NoOpComputeLogManager", "S3ComputeLogManager", "CustomComputeLogManager"},
        "config": {"s3ComputeLogManager": {"bucket": str, "prefix": str, "uploadInterval": int}},
    },
    "dagsterWebserver": {"envSecrets": _NAMED},
    "runLauncher": {
        "type": {"CeleryK8sRunLauncher", "K8sRunLauncher", "CustomRunLauncher"},
        "config": {
            "k8sRunLauncher": {
                "imagePullPolicy": {"Always", "IfNotPresent", "Never"},
                "loadInclusterConfig": bool,
                # Objects of Kubernetes.
                "runK8sConfig": {"jobSpecConfig": dict},
            }
        },
    },
    "dagsterDaemon": {
        "runCoordinator": {
            "enabled": bool,
            "type": {"QueuedRunCoordinator", "CustomRunCoordinator"},
            "config": {
                "queuedRunCoordinator": {
                    "maxConcurrentRuns": int,
                    "tagConcurrencyLimits": [
                        {"key": str, "value": {"applyLimitPerUniqueValue": bool}, "limit": int},
                    ],
                }
            },
        },
        # Any object for the schema; these three are read by the chart's configmap-instance.yaml.
        "runMonitoring": {"enabled": bool, "startTimeoutSeconds": int, "pollIntervalSeconds": int},
        "sensors": {"useThreads": bool, "numWorkers": int},
        "schedules": {"useThreads": bool, "numWorkers": int},
    },
    "telemetry": {"enabled": bool},
}
"""A field's type, its fields, its choices, or the type of its items."""


def problems(value: object, expected: object, path: str = "values") -> list[str]:
    """The parts of a value that the chart would refuse."""
    match expected:
        case dict():
            if not isinstance(value, dict):
                return [f"{path}: no object"]
            fields = sorted(value.keys() & expected.keys())
            unknown = [f"{path}.{name}: unknown" for name in value.keys() - expected.keys()]
            return unknown + [p for name in fields for p in problems(value[name], expected[name], f"{path}.{name}")]
        case [of_each]:
            items = value if isinstance(value, list) else [None]
            return [p for number, item in enumerate(items) for p in problems(item, of_each, f"{path}[{number}]")]
        case set():
            return [] if value in expected else [f"{path}: none of {sorted(expected)}"]
        case type():
            return [] if type(value) is expected else [f"{path}: no {expected.__name__}"]
    raise AssertionError(path)


def values() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((PROJECT / "deploy/helm/values.yaml").read_text(encoding="utf-8"))
    return content


def test_the_chart_has_each_field() -> None:
    assert problems(values(), _CHART) == []


def test_a_wrong_one_is_found() -> None:
    wrong = values()
    wrong["dagsterDaemon"]["runCoordinator"]["config"]["queuedRunCoordinator"] |= {"maxConcurrentRuns": "8", "max": 8}
    assert problems(wrong, _CHART) == [
        "values.dagsterDaemon.runCoordinator.config.queuedRunCoordinator.max: unknown",
        "values.dagsterDaemon.runCoordinator.config.queuedRunCoordinator.maxConcurrentRuns: no int",
    ]


def test_kubernetes_accepts_the_jobs_fields() -> None:
    config = values()["runLauncher"]["config"]["k8sRunLauncher"]["runK8sConfig"]
    read = UserDefinedDagsterK8sConfig.from_dict({"job_spec_config": config["jobSpecConfig"]})  # type: ignore[no-untyped-call]
    assert read.job_spec_config == {"ttl_seconds_after_finished": 3600, "backoff_limit": 0}

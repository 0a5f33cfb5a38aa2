"""Reads a dagster.yaml: whether its PostgreSQL would fail at a run's first event, and where runs are launched.

Not here: the dagster.yaml that a new home gets (cli/instance.py), the pipeline's own databases (databases.py).
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from npf_pipelines.errors import NpfError

_DRIVER = "postgresql+psycopg2"
"""The driver that dagster-postgres needs. SQLAlchemy 2.1 takes psycopg 3 for a bare `postgresql://`: psycopg 3 sends
the value of dagster-postgres' `NOTIFY` apart from it, which PostgreSQL refuses (tried)."""


class WrongStorage(NpfError):
    """Dagster's storage can't be used as it is configured; the text names file and line to write."""


def check_storage(home: Path) -> None:
    """Raise an error if the dagster.yaml of a home names PostgreSQL without the driver that works.

    Raises:
        WrongStorage: it does.
    """
    for fix in _fixes(_content(home)):
        raise WrongStorage(
            f"{home / 'dagster.yaml'}: Dagster's storage needs the driver psycopg2, and fails at its first event: {fix}"
        )


def launches_elsewhere(home: Path) -> bool:
    """Whether the dagster.yaml of a home launches runs on other machines: Celery's workers, or Kubernetes' jobs."""
    content = _content(home)
    launcher = content.get("run_launcher") if isinstance(content, dict) else None
    return isinstance(launcher, dict) and str(launcher.get("module")).startswith(("dagster_celery", "dagster_k8s"))


def _content(home: Path) -> Any:
    try:
        return yaml.safe_load((home / "dagster.yaml").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):  # Dagster itself says what is wrong.
        return None


def _fixes(content: Any) -> Iterator[str]:
    """The line to write for each wrong part of the file."""
    if isinstance(content, list):
        for part in content:
            yield from _fixes(part)
    if not isinstance(content, dict):
        return
    url, database = _text(content.get("postgres_url")), content.get("postgres_db")
    if url.partition("://")[0] in {"postgresql", "postgres", "postgresql+psycopg"}:
        yield f"write postgres_url: {_DRIVER}://… instead of {url.partition('://')[0]}://…"
    if isinstance(database, dict) and _text(database.get("scheme", "postgresql")) not in {_DRIVER, ""}:
        yield f"write scheme: {_DRIVER} below postgres_db"
    for part in content.values():
        yield from _fixes(part)


def _text(written: Any) -> str:
    """A text, or the value of the environment variable that it names; empty if that isn't set here."""
    if isinstance(written, dict):
        return os.environ.get(str(written.get("env", "")), "")
    return str(written or "")

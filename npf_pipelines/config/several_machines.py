"""The settings that machines must share where several run the runs: databases on a server, folders in a bucket.

A run can't notice that it has a database or a folder of its own: a worker would import orders into a platform that
nobody reads, and its leases would keep no other machine away.
Not here: whether two databases may be used together (runs/databases.py).
"""

from collections.abc import Iterator
from pathlib import Path

from npf_pipelines.config.places import place
from npf_pipelines.config.settings import Settings
from npf_pipelines.errors import NpfError


class NotShared(NpfError):
    """A setting names something that is on this machine only; the text names each such setting and what to write."""


def check_shared(settings: Settings) -> None:
    """Raise an error if platform, state, lake or master setups are on this machine only.

    Raises:
        NotShared: they are.
    """
    if private := ", ".join(_private(settings)):
        raise NotShared(
            f"runs are launched on several machines, and these settings name what is on this one only: {private}; give "
            "every machine the same values (docs/deployment.md, Several machines), then start this process again"
        )


def _private(settings: Settings) -> Iterator[str]:
    """Each such setting with what to write."""
    for name in ("platform_url", "state_url"):
        if not getattr(settings, name).get_secret_value().startswith("postgresql"):
            yield _named(settings, name, "postgresql+psycopg://account@host/database")
    for name in ("lake", "clients"):
        if isinstance(place(getattr(settings, name)), Path):
            yield _named(settings, name, f"s3://bucket/{name}")


def _named(settings: Settings, name: str, usual: str) -> str:
    is_set = "" if name in settings.model_fields_set else "not set; "
    return f"NPF_{name.upper()} ({is_set}write {usual})"

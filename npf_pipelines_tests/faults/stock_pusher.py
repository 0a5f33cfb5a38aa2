"""One life of the stock push: the assets' own client run, without Dagster around it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from npf_pipelines.assets.stock import run_stock
from npf_pipelines.cscart.errors import StoreError
from npf_pipelines.runs.failures import ClientFailure
from npf_pipelines.state.lease import LeaseTaken
from npf_pipelines_tests.faults.bare_run import BareRun, end_life, services_of
from npf_pipelines_tests.faults.stock_client import SETUP, WITH_BUFFERS


async def push(
    store_url: str,
    platform_url: str,
    folder: Path,
    timeout: float,  # noqa: ASYNC109
    setup: Mapping[str, Any] = SETUP,
) -> bool:
    """Bring every amount into the store; whether nothing waits. Arguments as for `services_of`, and the master setup.

    Of a few products a usual push changes many: the change limit is overridden.
    """
    services = services_of(store_url, platform_url, folder, timeout)
    try:
        await run_stock(BareRun(services, setup), override_change_limit=True)
    except (ClientFailure, StoreError, LeaseTaken):
        return False
    return True


def live(store_url: str, platform_url: str, folder: str, timeout: str) -> None:
    """One life of a process.

    Raises:
        SystemExit: always, with the life's exit code.
    """
    end_life(push(store_url, platform_url, Path(folder), float(timeout)))


def live_with_buffers(store_url: str, platform_url: str, folder: str, timeout: str) -> None:
    """The same of the client with buffers.

    Raises:
        SystemExit: always, with the life's exit code.
    """
    end_life(push(store_url, platform_url, Path(folder), float(timeout), WITH_BUFFERS))

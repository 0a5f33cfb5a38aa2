"""`npf dev`: sandbox, warehouse floor, reports and Dagster's UI together, until interrupted; no process is left.

Shoppers order, the floor works, and the automation runs: orders flow through without a click.
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime
from typing import Annotated

import typer

from npf_pipelines.cli.instance import DEFAULTS, dagster_home
from npf_pipelines.cli.output import stdout
from npf_pipelines.config.settings import Settings
from npf_pipelines.loopback import LoopbackServer, listen
from npf_pipelines.reports.folder import ReportFolder
from npf_pipelines.reports.live import LivePages
from npf_pipelines.reports.metrics import Metrics
from npf_pipelines.reports.server import PORT as REPORTS_PORT
from npf_pipelines.reports.server import reports_app
from npf_pipelines.runs.services import Services
from npf_pipelines.sandbox.world import PORT, SEED, World, demo_world

_ROUND = 30.0
"""Seconds between two rounds of shoppers and floor."""
_GRACE = 20.0
"""Seconds that Dagster gets to end by itself."""


def dev(
    port: Annotated[int, typer.Option(help="The port of the pretend stores; 0 for any.")] = PORT,
    ui_port: Annotated[int, typer.Option(help="The port of Dagster's UI.")] = 3000,
    reports_port: Annotated[int, typer.Option(help="The port of the reports; 0 for any.")] = REPORTS_PORT,
) -> None:
    """Serve the sandbox, the warehouse floor, the reports and Dagster's UI on 127.0.0.1 until interrupted."""
    settings = Settings()
    over = threading.Event()
    for end in (signal.SIGINT, signal.SIGTERM):
        signal.signal(end, lambda *_: over.set())
    listen(ui_port, option="--ui-port").close()  # Dagster would say so with a traceback.
    folder = ReportFolder(settings.reports, settings.reports_url)
    services = Services(settings)
    pages = LivePages(services, folder)
    with (
        demo_world(settings, port=port) as world,
        LoopbackServer(
            reports_app(pages.page, folder.certificates.read, Metrics(services)),
            port=reports_port,
            option="--reports-port",
        ) as reports,
    ):
        os.environ["NPF_REPORTS_URL"] = reports.url  # For the links in the UI.
        dagster_home(settings)
        os.environ.setdefault("NPF_AUTOMATION", "running")
        floor = threading.Thread(target=_work_until, args=(world, over), name="floor")
        floor.start()
        stdout().print(
            f"Dagster's UI: http://127.0.0.1:{ui_port}, in a moment. Reports: {reports.url}. Ctrl-C ends all.",
            markup=False,
        )
        code = _serve_ui(ui_port, over)
        over.set()
        floor.join()
    raise typer.Exit(code)


def _serve_ui(port: int, over: threading.Event) -> int:
    """Run `dagster dev` in a session of its own until `over` is set or it ends; its exit code if it failed."""
    dagster = [sys.executable, "-m", "dagster", "dev", "--workspace", str(DEFAULTS / "workspace.yaml")]
    process = subprocess.Popen(  # noqa: S603 - our own environment's dagster
        [*dagster, "--host", "127.0.0.1", "--port", str(port)], start_new_session=True
    )
    while not over.wait(0.2):
        if process.poll() is not None:
            return process.returncode or 1
    _signal(process, signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE)
    _signal(process, signal.SIGKILL)  # Its children that are still running.
    process.wait()
    return 0


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _work_until(world: World, over: threading.Event) -> None:
    dice = random.Random(SEED)
    while True:
        world.shop(dice)
        world.work(datetime.now(UTC))
        if over.wait(_ROUND):
            return

"""`npf reports`: the reports' pages on this machine, until interrupted."""

import contextlib
from typing import Annotated

import typer

from npf_pipelines.cli.output import stdout
from npf_pipelines.cli.plain import plain
from npf_pipelines.config.settings import Settings
from npf_pipelines.loopback import serve_forever
from npf_pipelines.reports.folder import ReportFolder
from npf_pipelines.reports.live import LivePages
from npf_pipelines.reports.metrics import Metrics
from npf_pipelines.reports.server import PORT, reports_app
from npf_pipelines.runs.services import Services


def reports(port: Annotated[int, typer.Option(help="The port on 127.0.0.1.")] = PORT) -> None:
    """Serve the reports, the overview and the metrics on 127.0.0.1 until interrupted."""
    settings = Settings()
    folder = ReportFolder(settings.reports, settings.reports_url)

    services = Services(settings)
    pages = LivePages(services, folder)

    def announce() -> None:
        stdout().print(plain(f"http://127.0.0.1:{port} shows {settings.reports}. Ctrl-C ends it."))

    with contextlib.suppress(KeyboardInterrupt):
        serve_forever(reports_app(pages.page, folder.certificates.read, Metrics(services)), port, announce)

"""`npf client certify`: the acceptance test of a client's integration, with a certificate.

Not here: the steps (automation/certification.py), the certificate's form (reports/certificate.py).
"""

import functools
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Annotated, Any

import dagster as dg
import typer

from npf_pipelines.automation.certification import PlaceOrders, Tools
from npf_pipelines.automation.certification import certify as certify_client
from npf_pipelines.automation.launch import launch
from npf_pipelines.cli.instance import open_instance
from npf_pipelines.cli.output import AsJson, json_value, print_json, print_rows, stderr, stdout
from npf_pipelines.cli.plain import plain
from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.config.settings import Settings
from npf_pipelines.definitions import build_defs
from npf_pipelines.reports.certificate import certificate_json, certificate_name, certificate_page
from npf_pipelines.reports.folder import ReportFolder
from npf_pipelines.rules.certificate import Certificate
from npf_pipelines.rules.status_meaning import StatusMeanings
from npf_pipelines.runs.services import Services
from npf_pipelines.sandbox.certification_orders import ask_for_test_orders, is_sandbox


def certify(
    client: Annotated[str, typer.Argument(help="The client's id.")],
    *,
    wait_minutes: Annotated[int, typer.Option(min=0, help="Minutes to wait for the warehouse's lodgement.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Prove a client's integration with the test items Test001 to Test003, and write a certificate.

    It works in trial. It touches test orders and test items only, and puts the amounts of the test items back. Where
    the lodgement is the warehouse's it waits, and can be run again to go on.
    """
    settings = Settings()
    services = Services(settings)
    setup = services.setups()[client]
    with open_instance(settings) as instance:
        certificate = certified(services, instance, setup, timedelta(minutes=wait_minutes), _say)
    page = write_certificate(settings, certificate)
    if as_json:
        print_json(certificate_json(certificate))
    else:
        _show(certificate, page)
    if not certificate.is_certified:
        raise typer.Exit(1)


def certified(
    services: Services,
    instance: dg.DagsterInstance,
    setup: MasterSetup,
    wait: timedelta,
    say: Callable[[str], None],
) -> Certificate:
    """Certify a client over the real jobs; a pretend store gets its test orders."""
    defs = build_defs(services.settings)

    def run(flow: str, config: Mapping[str, Any]) -> str:
        return launch(defs, instance, f"{flow}_job", [setup.id], None, "ERROR", certify=True, **config).failure

    # The embedded platform is the project's own. On any other the lodgements are the warehouse's.
    may_lodge = services.platform_engine.dialect.name == "sqlite"
    return certify_client(Tools(services, run, say, may_lodge, _placing(setup), wait), setup)


def write_certificate(settings: Settings, certificate: Certificate) -> str:
    """Write the certificate's page and JSON; the page's path."""
    folder = ReportFolder(settings.reports, settings.reports_url).certificates
    name = certificate_name(certificate)
    text = json.dumps(certificate_json(certificate), indent=2, ensure_ascii=False, default=json_value)
    folder.write(name, text + "\n", ".json")
    folder.write(name, certificate_page(certificate))
    return str(folder.path(name))


def _placing(setup: MasterSetup) -> "PlaceOrders | None":
    return functools.partial(_place, setup) if is_sandbox(setup.store.url) else None


def _place(setup: MasterSetup, meanings: StatusMeanings) -> None:
    country = min(setup.orders.countries or ["AU"])
    ask_for_test_orders(setup.store.url, status=min(meanings.wanted), country=country)


def _show(certificate: Certificate, page: str) -> None:
    rows = [
        {"requirement": requirement.title, "result": requirement.result, "evidence": " ".join(requirement.evidence)}
        for requirement in certificate.requirements
    ]
    print_rows(rows, ["requirement", "result", "evidence"], title=f"{certificate.setup.id}: {certificate.verdict}")
    for step in certificate.to_place:
        stdout().print(plain(f"To place: {step}"))
    stdout().print(plain(f"The certificate is {page}"))


def _say(sentence: str) -> None:
    stderr().print(plain(sentence), style="dim")

"""`npf demo`: the whole loop once, against the sandbox.

Not here: the pretend stores and clients (sandbox/world.py), the check at the end (sandbox/agreement.py).
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import dagster as dg
import typer
from rich.table import Table

from npf_pipelines.automation.launch import evaluate_checks, launch
from npf_pipelines.cli.client.certify import certified, write_certificate
from npf_pipelines.cli.instance import open_instance
from npf_pipelines.cli.output import fail, print_heading, stdout
from npf_pipelines.cli.program import program
from npf_pipelines.cli.summary import counts, decisions
from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.config.settings import Settings
from npf_pipelines.definitions import build_defs
from npf_pipelines.domain.days import day_of
from npf_pipelines.runs.services import Services
from npf_pipelines.sandbox.agreement import disagreements
from npf_pipelines.sandbox.world import PORT, World, demo_world

_CERTIFIED = "toys"
"""The client that the demo certifies."""


def demo(port: Annotated[int, typer.Option(help="The port of the pretend stores; 0 for any.")] = PORT) -> None:
    """Take three pretend clients through orders, lodgement, tracking, status and stock, and check the result."""
    settings = Settings()
    with demo_world(settings, port=port) as world, open_instance(settings) as instance:
        wrong = _run_loop(settings, world, instance)
    if wrong:
        fail("\n".join(wrong))
    stdout().print("Stores and platform agree.", style="green")
    stdout().print(
        f"The tables are in {settings.lake}: try  {program()} sql 'FROM tracking_push'\n"
        f"The reports are in {settings.reports}: serve them by  {program()} reports\n"
        f"The runs and the lineage are in the UI: {program()} dev, then http://127.0.0.1:3000",
        markup=False,
    )


def _run_loop(settings: Settings, world: World, instance: dg.DagsterInstance) -> list[str]:
    services = Services(settings)
    defs = build_defs(settings)
    setups = services.setups()
    clients = sorted(world.stores)
    wrong = list(setups.errors)
    first = min(setup.orders.start_date for setup in setups.clients.values())
    today = max(day_of(datetime.now(UTC), setup.zone) for setup in setups.clients.values())
    steps = {
        "orders": ("Pulling orders, deciding on each, importing the accepted ones", (first, today)),
        "shipments": ("Pushing tracking and order status to the stores", (first, today)),
        "stock": ("Pushing stock to the stores", None),
        "reports": ("Drawing the reports", None),
    }
    for flow, (what, days) in steps.items():
        print_heading(what)
        # No person reviews the first push of pretend stock.
        config = {"override_change_limit": True} if flow == "stock" else {}
        if failure := launch(defs, instance, f"{flow}_job", clients, days, **config).failure:
            wrong.append(failure)
        if flow == "orders":
            print_heading("The warehouse floor picks, packs and lodges")
            stdout().print(f"{world.work(datetime.now(UTC))} parcels lodged")
    print_heading("Evaluating the checks")
    wrong += _failed_checks(defs, instance)
    for client in clients:
        stdout().print(_client_table(services, setups[client]))
        others = tuple(store for name, store in world.stores.items() if name != client)
        decided = decisions(services.lake, client)
        wrong += disagreements(
            setups[client],
            world.stores[client],
            others,
            services.platform_engine,
            decided,
            sku_map=world.sku_maps.get(client, {}),
        )
    return wrong + _certify(services, instance, setups[_CERTIFIED])


def _certify(services: Services, instance: dg.DagsterInstance, setup: MasterSetup) -> list[str]:
    """Certify a client with its test items; what is not proven."""
    print_heading(f"Proving the integration of {setup.id} with its test items")
    certificate = certified(services, instance, setup, timedelta(0), lambda _: None)
    page = write_certificate(services.settings, certificate)
    stdout().print(f"{setup.id}: {certificate.verdict}. The certificate is {page}", markup=False)
    return [] if certificate.is_certified else [f"{setup.id}: {certificate.verdict}: see {page}"]


def _failed_checks(defs: dg.Definitions, instance: dg.DagsterInstance) -> list[str]:
    """Evaluate all checks, so that the UI shows them from the first day; the failed ones that are no warnings.

    The pretend stores have orders and products that a person would correct: these are warnings.
    """
    evaluations, failure = evaluate_checks(defs, instance)
    for evaluation in evaluations:
        if not evaluation.passed and evaluation.severity is dg.AssetCheckSeverity.WARN:
            found = evaluation.metadata["findings"].value
            stdout().print(f"{evaluation.check_name}: a person would correct {found} things in the stores")
    passed = sum(1 for evaluation in evaluations if evaluation.passed)
    stdout().print(f"{passed} of {len(evaluations)} checks passed")
    failed = [
        f"the check {evaluation.check_name} failed: see it in the UI"
        for evaluation in evaluations
        if not evaluation.passed and evaluation.severity is dg.AssetCheckSeverity.ERROR
    ]
    return [*failed, failure] if failure else failed


_LABELS = {
    ("filtered_orders", "decision"): {"accepted": "accepted"},
    ("platform_orders", "outcome"): {"imported": "imported"},
    ("tracking_push", "outcome"): {"confirmed": "shipments pushed", "already_there": "shipments in the store already"},
    ("tracking_push", "status_outcome"): {"set": "statuses set", "already_set": "statuses set already"},
    ("stock_push", "outcome"): {"confirmed": "SKUs pushed", "already_right": "SKUs right already"},
}
"""Labels of values, by table and column; other values are shown as they are."""


def _client_table(services: Services, setup: MasterSetup) -> Table:
    def counted(table: str, column: str) -> dict[str, int]:
        return {value: rows for _, value, rows in counts(services.lake, table, column, [setup.id], None)}

    shown = Table("what", "how many", title=f"{setup.id}: {setup.name}", title_justify="left", min_width=60)
    shown.add_row("orders seen", str(sum(counted("filtered_orders", "decision").values())))
    for (table, column), names in _LABELS.items():
        values = dict.fromkeys(names, 0) | counted(table, column)
        for value, rows in values.items():
            if table != "filtered_orders" or value in names:
                shown.add_row(names.get(value, f"  {column}: {value}"), str(rows))
        if table == "filtered_orders":
            for rule, rows in counted(table, "rule").items():
                if rule not in {"all_passed", "already_imported"}:
                    shown.add_row(f"  kept out: {rule}", str(rows))
    return shown

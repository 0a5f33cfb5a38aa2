"""`npf client live`: a client ends its trial, after a person has seen what would be imported.

Not here: what trial means (rules/client_mode.py), how the file is changed (config/setup_edit.py).
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from npf_pipelines.cli.output import AsCsv, AsJson, fail, output_format, print_rows, stderr
from npf_pipelines.cli.program import program
from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.config.settings import Settings
from npf_pipelines.config.setup_edit import write_field
from npf_pipelines.config.setup_files import setup_file
from npf_pipelines.domain.days import day_of
from npf_pipelines.domain.text import counted
from npf_pipelines.lake.lake import Lake
from npf_pipelines.lake.planned import Planned, read_planned
from npf_pipelines.lake.tables import RAW_ORDERS
from npf_pipelines.runs.client_mode import in_trial
from npf_pipelines.runs.open_items import recount
from npf_pipelines.runs.services import Services


def live(
    client: Annotated[str, typer.Argument(help="The client's id.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask: for scripts.")] = False,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """End a client's trial: show what would be imported, by day, and set `mode: live` in its master setup."""
    form = output_format(as_json=as_json, as_csv=as_csv)
    services = Services(Settings())
    setup = services.setups()[client]
    if setup.mode == "live":
        stderr().print(f"{client} is live already.", markup=False)
        return
    path = setup_file(services.settings.clients, client)
    planned = read_planned(services.lake, client)
    print_rows(
        [day._asdict() for day in planned.days],
        ["day", "orders", "units"],
        form,
        title=f"{client}: to be imported, by the day on which they were placed",
    )
    if not in_trial(setup, services):
        stderr().print(f"{client} is live, because it was live before: only the line is missing.", markup=False)
    for sentence in _before(planned):
        stderr().print(sentence, markup=False)
    not_pulled = _not_pulled(services.lake, setup)
    if not_pulled:
        advice = f"To see them first: {program()} run orders --client {client} --from {setup.orders.start_date}"
        stderr().print(f"{not_pulled}: more orders may be imported. {advice}", style="yellow", markup=False)
    although = f", although {not_pulled}" if not_pulled else ""
    if not yes and not typer.confirm(f"Set mode: live in {path.name}{although}?", err=True):
        fail(f"{client} stays in trial")
    for flow, days in planned.partitions.items():
        # The runs find planned days by these counts, which are gone if the client was removed and added again.
        for broken in recount(services, flow, client, days):
            stderr().print(str(broken), markup=False)
    write_field(path, "mode", "live")
    for sentence in _after(setup, planned):
        stderr().print(sentence, markup=False)


def _not_pulled(lake: Lake, setup: MasterSetup) -> str:
    """The days since the order start date that no run has pulled, in a clause; empty if there is none."""
    start, today = setup.orders.start_date, day_of(datetime.now(UTC), setup.zone)
    pulled = set(lake.days(RAW_ORDERS, client=setup.id))
    days = [start + timedelta(days=number) for number in range((today - start).days + 1)]
    missing = [day for day in days if day not in pulled]
    if not missing:
        return ""
    if len(missing) == 1:
        return f"the day {missing[0]} is not pulled yet"
    return f"{len(missing)} days from {missing[0]} to {missing[-1]} are not pulled yet"


def _before(planned: Planned) -> list[str]:
    said = [f"{counted(planned.orders, 'order')} would be imported."]
    if planned.changes:
        changed = counted(planned.changes, "order")
        said.append(f"{changed} on the platform would be updated, cancelled or taken up again.")
    if planned.shipments:
        said.append(f"{counted(planned.shipments, 'shipment')} would be pushed to the store.")
    if planned.skus:
        said.append(f"{counted(planned.skus, 'SKU')} of the store would get another amount.")
    return said


def _after(setup: MasterSetup, planned: Planned) -> list[str]:
    client = setup.id
    said = [f"{client} is live."]
    if setup.paused:
        said.append("It is paused in its master setup: nothing runs before that ends.")
    first = min([setup.orders.start_date, *planned.partitions.get("orders", ())])
    said.append(
        "The next sweep imports what was planned. At once, with all other days: "
        f"{program()} run orders --client {client} --from {first}"
    )
    if setup.stock.quantity != "off":
        said.append(
            f"The first push of stock waits for a person at the change limit: {program()} run stock --client "
            f"{client} --dry-run, then --override-change-limit"
        )
    return said

"""`npf run`: the jobs headless, on the same instance as the UI.

Not here: how a run is launched (automation/launch.py), what is printed of it (summary.py), how its progress is shown
(progress.py).
"""

import enum
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated

import typer

from npf_pipelines.automation.launch import Launched, launch
from npf_pipelines.cli.exit_codes import FAILED, LEASE_HELD
from npf_pipelines.cli.instance import open_instance
from npf_pipelines.cli.lease_wait import launch_when_free
from npf_pipelines.cli.named_orders import OrderNames, client_of_orders, print_named
from npf_pipelines.cli.output import AsCsv, AsJson, OutputFormat, fail, output_format, stderr, stdout
from npf_pipelines.cli.plain import plain
from npf_pipelines.cli.progress import progress_shown
from npf_pipelines.cli.summary import print_changes, print_summary
from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.config.settings import Settings
from npf_pipelines.config.setup_files import MasterSetups
from npf_pipelines.definitions import build_defs
from npf_pipelines.domain.days import day_of
from npf_pipelines.rules.day_range import WrongDays, check_order
from npf_pipelines.runs.partitions import first_day
from npf_pipelines.runs.paused import why_paused
from npf_pipelines.runs.services import Services
from npf_pipelines.state.lease import held_now
from npf_pipelines.state.pauses import Pauses, read_pauses


class FlowName(enum.StrEnum):
    """The flows, each with its job."""

    ORDERS = "orders"
    SHIPMENTS = "shipments"
    STOCK = "stock"
    REPORTS = "reports"

    @property
    def has_days(self) -> bool:
        """Whether its partitions are days; the others are what they are now."""
        return self in {FlowName.ORDERS, FlowName.SHIPMENTS}


_Config = dict[str, bool | list[str]]
_Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="In the client's time zone.")]


def run(
    flow: Annotated[FlowName, typer.Argument(help="The flow to run.")],
    *,
    client: Annotated[list[str] | None, typer.Option(help="A client's id; may be repeated. All if none.")] = None,
    day: _Day = None,
    from_: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day of a range.")
    ] = None,
    to: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day of the range; today if left out.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change; write nothing.")] = False,
    override_change_limit: Annotated[
        bool,
        typer.Option(
            "--override-change-limit",
            "--release-brake",
            help="Stock only: push although the change limit is exceeded. --release-brake is its earlier name.",
        ),
    ] = False,
    confirm_held: Annotated[
        bool, typer.Option("--confirm-held", help="Orders only: import and cancel the held orders, on all days.")
    ] = False,
    order: OrderNames = None,
    wait: Annotated[
        int,
        typer.Option(min=0, help="Seconds to wait for another run's work on a client, instead of leaving it alone."),
    ] = 0,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Run a job for clients and days, or for single orders; today, in each client's time zone, if none is named."""
    form = output_format(as_json=as_json, as_csv=as_csv)
    _check_days(flow, day, from_, to)
    config = _config(flow, dry_run=dry_run, override_change_limit=override_change_limit, confirm_held=confirm_held)
    config |= _orders(flow, order, has_days=bool(day or from_))
    settings = Settings()
    services = Services(settings)
    setups = services.setups()
    if order and not client:
        client = [client_of_orders(services.lake, sorted(setups.clients), order)]
    chosen = [setups[name] for name in client or sorted(setups.clients)]
    wrong = setups.errors if not client else ()
    if not chosen and not wrong:
        fail(f"nothing was run: no client, for {settings.clients} has no master setup")
    if first := day or from_:
        _check_first(setups, services, first.date())
        chosen = _begun(chosen, first.date())
    for sentence in wrong:
        stderr().print(plain(sentence), style="red")
    active = _active(chosen, Pauses() if dry_run else read_pauses(services.state))
    ranges = _run(settings, flow, active, (first, day or to), config, wait=wait)
    _print(services, flow, ranges, config, form)
    failed = [ended for of_range in ranges for ended in of_range.launched if ended.failure]
    for ended in failed:
        stderr().print(plain(ended.failure), style="red")
    if wrong or not all(ended.is_only_busy for ended in failed):
        raise typer.Exit(FAILED)
    if failed:
        raise typer.Exit(LEASE_HELD)


def _config(flow: FlowName, **options: bool) -> _Config:
    """The options that are set, as the run's config."""
    if options["override_change_limit"] and flow is not FlowName.STOCK:
        raise typer.BadParameter("only a push of stock has a change limit")
    if options["confirm_held"] and flow is not FlowName.ORDERS:
        raise typer.BadParameter("only orders are held")
    if options["dry_run"] and flow is FlowName.REPORTS:
        raise typer.BadParameter("reports change nothing")
    return {name: is_set for name, is_set in options.items() if is_set}


def _orders(flow: FlowName, orders: list[str] | None, *, has_days: bool) -> _Config:
    """The named orders, as the run's config."""
    if not orders:
        return {}
    if not flow.has_days:
        raise typer.BadParameter("only orders and shipments can be run for single orders")
    if has_days:
        raise typer.BadParameter("give either --order or days: an order has its days")
    return {"orders": list(orders)}


def _check_days(flow: FlowName, day: datetime | None, first: datetime | None, last: datetime | None) -> None:
    if (day and (first or last)) or (last and not first):
        raise typer.BadParameter("give either --day, or --from and perhaps --to")
    if not flow.has_days and (day or first):
        raise typer.BadParameter(f"{flow} has no days: it is what it is now")
    if first and last:
        try:
            check_order(first.date(), last.date())
        except WrongDays as why:
            raise typer.BadParameter(str(why)) from None


def _check_first(setups: MasterSetups, services: Services, first: date) -> None:
    earliest = first_day(setups, services.first_day_with_tables())
    if earliest and first < earliest:
        raise typer.BadParameter(
            f"no client has a day before {earliest}, the earliest order start date or day with tables"
        )


def _begun(setups: list[MasterSetup], first: date) -> list[MasterSetup]:
    """The clients for which the first day has begun; the others are named on the terminal.

    Raises:
        typer.BadParameter: it has begun for none of them.
    """
    now = datetime.now(UTC)
    todays = {setup.id: day_of(now, setup.zone) for setup in setups}
    if todays and first > max(todays.values()):
        raise typer.BadParameter(f"{first} has not begun for any client: it is {max(todays.values())} at the latest")
    for client, today in todays.items():
        if first > today:
            stderr().print(plain(f"{client}: {first} has not begun there: left alone"), style="yellow")
    return [setup for setup in setups if first <= todays[setup.id]]


def _active(setups: list[MasterSetup], pauses: Pauses) -> list[MasterSetup]:
    """The clients that aren't paused; the others are named on the terminal."""
    paused = {setup.id: why for setup in setups if (why := why_paused(setup, pauses))}
    for client, why in paused.items():
        stderr().print(plain(f"{client}: {why}; left alone"), style="yellow")
    return [setup for setup in setups if setup.id not in paused]


@dataclass(frozen=True)
class _Range:
    """The runs of the clients with the same range of days; no days for a flow, or a selection of orders, without."""

    days: tuple[date, date] | None
    clients: Sequence[str]
    launched: Sequence[Launched]


def _run(
    settings: Settings,
    flow: FlowName,
    setups: list[MasterSetup],
    days: tuple[datetime | None, datetime | None],
    config: _Config,
    *,
    wait: float,
) -> list[_Range]:
    """One launch for each range of days: the clients' todays can be two."""
    first, last = days
    by_days: defaultdict[tuple[date, date] | None, list[str]] = defaultdict(list)
    for setup in setups:
        today = day_of(datetime.now(UTC), setup.zone)
        span = (first.date() if first else today, last.date() if last else today)
        by_days[span if flow.has_days and "orders" not in config else None].append(setup.id)
    ranges = []
    with open_instance(settings) as instance:
        for of_days, of_clients in by_days.items():

            def start(clients: Sequence[str], days: tuple[date, date] | None = of_days) -> Launched:
                with progress_shown():
                    return launch(build_defs(settings), instance, f"{flow}_job", clients, days, **config)

            launched = launch_when_free(start, of_clients, lambda: held_now(Services(settings).state, str(flow)), wait)
            ranges.append(_Range(of_days, of_clients, launched))
    return ranges


def _print(services: Services, flow: FlowName, ranges: Sequence[_Range], config: _Config, form: OutputFormat) -> None:
    """Print what the runs changed, or would have changed."""
    if flow is FlowName.REPORTS:
        if ranges:
            stdout().print(plain(f"The overview is {services.settings.reports}/index.html"))
    elif "dry_run" in config:
        print_changes([ended for of_range in ranges for ended in of_range.launched], form)
    elif isinstance(orders := config.get("orders"), list):
        print_named(services, flow, [client for of_range in ranges for client in of_range.clients], orders, form)
    else:
        print_summary(services.lake, flow, [(of_range.clients, of_range.days) for of_range in ranges], form)

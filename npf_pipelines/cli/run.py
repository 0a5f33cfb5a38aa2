"""`npf run`: the jobs headless, on the same instance as the UI.

Not here: how a run is launched (automation/launch.py).
"""

import enum
from collections import defaultdict
from datetime import UTC, date, datetime
from typing import Annotated

import typer
from rich.console import Console

from npf_pipelines.automation.launch import Launched, launch
from npf_pipelines.cli.instance import open_instance
from npf_pipelines.cli.plain import plain
from npf_pipelines.cli.summary import changes_tables, run_summary
from npf_pipelines.config.master_setup import MasterSetup, SetupError
from npf_pipelines.config.settings import Settings
from npf_pipelines.definitions import build_defs
from npf_pipelines.domain.days import day_of
from npf_pipelines.rules.day_range import WrongDays, check_order
from npf_pipelines.runs.partitions import first_day
from npf_pipelines.runs.paused import why_paused
from npf_pipelines.runs.services import Services
from npf_pipelines.state.pauses import Pauses, read_pauses

_CONSOLE = Console()


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
) -> None:
    """Run a job for clients and days; today, in each client's time zone, if no day is named."""
    if (day and (from_ or to)) or (to and not from_):
        raise typer.BadParameter("give either --day, or --from and perhaps --to")
    if not flow.has_days and (day or from_):
        raise typer.BadParameter(f"{flow} has no days: it is what it is now")
    _check_order(from_, to)
    config = _config(flow, dry_run=dry_run, override_change_limit=override_change_limit, confirm_held=confirm_held)
    settings = Settings()
    try:
        services = Services(settings)
        setups = services.setups()
        chosen = [setups[name] for name in client or sorted(setups.clients)]
    except SetupError as error:
        _CONSOLE.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from None
    wrong = setups.errors if not client else ()
    earliest = first_day(setups, services.first_day_with_tables())
    first = day or from_
    if earliest and first and first.date() < earliest:
        raise typer.BadParameter(
            f"no client has a day before {earliest}, the earliest order start date or day with tables"
        )
    if flow.has_days and first:
        chosen = _begun(chosen, first.date())
    for sentence in wrong:
        _CONSOLE.print(sentence, style="red", markup=False)
    active = _active(chosen, Pauses() if dry_run else read_pauses(services.state))
    launched = _run(settings, flow, active, (first, day or to), config)
    for ended in launched:
        if ended.failure:
            _CONSOLE.print(plain(ended.failure), style="red")
    if wrong or (active and not launched) or not chosen or any(ended.failure for ended in launched):
        raise typer.Exit(1)


def _config(flow: FlowName, **options: bool) -> dict[str, bool]:
    """The options that are set, as the run's config."""
    if options["override_change_limit"] and flow is not FlowName.STOCK:
        raise typer.BadParameter("only a push of stock has a change limit")
    if options["confirm_held"] and flow is not FlowName.ORDERS:
        raise typer.BadParameter("only orders are held")
    if options["dry_run"] and flow is FlowName.REPORTS:
        raise typer.BadParameter("reports change nothing")
    return {name: is_set for name, is_set in options.items() if is_set}


def _check_order(first: datetime | None, last: datetime | None) -> None:
    if first and last:
        try:
            check_order(first.date(), last.date())
        except WrongDays as why:
            raise typer.BadParameter(str(why)) from None


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
            _CONSOLE.print(f"{client}: {first} has not begun there: left alone", style="yellow", markup=False)
    return [setup for setup in setups if first <= todays[setup.id]]


def _active(setups: list[MasterSetup], pauses: Pauses) -> list[MasterSetup]:
    """The clients that aren't paused; the others are named on the terminal."""
    paused = {setup.id: why for setup in setups if (why := why_paused(setup, pauses))}
    for client, why in paused.items():
        _CONSOLE.print(f"{client}: {why}; left alone", style="yellow", markup=False)
    return [setup for setup in setups if setup.id not in paused]


def _run(
    settings: Settings,
    flow: FlowName,
    setups: list[MasterSetup],
    days: tuple[datetime | None, datetime | None],
    config: dict[str, bool],
) -> list[Launched]:
    """One launch for each range of days: the clients' todays can be two."""
    first, last = days
    by_days: defaultdict[tuple[date, date] | None, list[str]] = defaultdict(list)
    for setup in setups:
        today = day_of(datetime.now(UTC), setup.zone)
        span = (first.date() if first else today, last.date() if last else today)
        by_days[span if flow.has_days else None].append(setup.id)
    launched: list[Launched] = []
    with open_instance(settings) as instance:
        for days_of_run, clients in by_days.items():
            done = launch(build_defs(settings), instance, f"{flow}_job", clients, days_of_run, **config)
            launched.append(done)
            if flow is FlowName.REPORTS:
                _CONSOLE.print(f"The overview is {settings.reports}/index.html", highlight=False, soft_wrap=True)
            elif "dry_run" in config:
                _CONSOLE.print(*changes_tables([done]))
            else:
                _CONSOLE.print(run_summary(Services(settings).lake, flow, clients, days_of_run))
    return launched

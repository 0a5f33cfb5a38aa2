"""`python -m npf_pipelines_tests.faults`: the long form of both campaigns, with progress and a table of each.

Ends with 1 unless our pushes came through without a wrong, and the naive pushers did not.
"""

import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Protocol, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from npf_pipelines_tests.faults import stock_campaign, tracking_campaign
from npf_pipelines_tests.faults.lives import Lives, OnProgress

_CONSOLE = Console()
_MANY = 0.03
"""The share of all units sold that a naive pusher oversells, at least."""
_STOCK = {
    "through_the_gap": "oversold units, sold again between reading and writing",
    "between_pushes": "oversold units of a part that another product sold since the last push",
    "sold_twice": "units of parts sold twice for that reason",
    "sold_twice_per_thousand": "such units for each 1,000 orders",
    "most_at_once": "such units of one part at once, at most",
    "orders": "orders",
    "given_back": "units sold between reading and writing, and offered again",
    "sold": "units sold",
    "amounts": "writes of amounts",
}


class _Result(Protocol):
    @property
    def wrongs(self) -> dict[str, int]: ...
    @property
    def lives(self) -> Lives: ...


R = TypeVar("R", bound=_Result)


def main(
    seed: Annotated[int, typer.Option(help="Of the worlds, the faults and the kills.")] = 1,
    shipments: Annotated[int, typer.Option(help="Lodged shipments, at least.")] = 2000,
    receipts: Annotated[int, typer.Option(help="Times that the warehouse receives a product.")] = 6000,
    kills: Annotated[int, typer.Option(help="Processes that end by SIGKILL, in each campaign.")] = 200,
) -> None:
    """Push thousands of shipments and amounts into stores that break, by processes that are killed; check the end."""
    tracking = {
        name: _run(name, kills, partial(tracking_campaign.run_campaign, seed, shipments, kills, pusher))
        for name, pusher in (
            ("tracking push", tracking_campaign.TRACKING_PUSH),
            ("naive pusher", tracking_campaign.NAIVE),
        )
    }
    _CONSOLE.print(_table(f"Tracking, seed {seed}", tracking, "shipments", "changes"))
    stock = {
        name: _run(name, kills, partial(stock_campaign.run_campaign, seed, receipts, kills, pusher))
        for name, pusher in (
            ("stock push", stock_campaign.STOCK_PUSH),
            ("with buffers", stock_campaign.PUSH_WITH_BUFFERS),
            ("naive pusher", stock_campaign.NAIVE),
        )
    }
    _CONSOLE.print(_table(f"Stock, seed {seed}", stock, *_STOCK))
    ours = (tracking["tracking push"], stock["stock push"], stock["with buffers"])
    came_through = not any(wrong for result in ours for wrong in result.wrongs.values())
    oversells = stock["naive pusher"].oversold > stock["naive pusher"].sold * _MANY
    they_bite = tracking["naive pusher"].duplicates and oversells
    sys.exit(0 if came_through and they_bite else 1)


def _run(name: str, kills: int, run: Callable[[OnProgress], R]) -> R:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("kills"))
    with Progress(*columns, TimeElapsedColumn(), console=_CONSOLE) as progress:
        task = progress.add_task(name, total=kills)

        def on_progress(killed: int, writes: int) -> None:
            progress.update(task, completed=killed, description=f"{name}, {writes} writes at the store")

        return run(on_progress)


def _table(title: str, results: Mapping[str, _Result], *sizes: str) -> Table:
    table = Table(title=f"The fault campaign: {title}")
    table.add_column("")
    for name in results:
        table.add_column(name, justify="right")
    for wrong in next(iter(results.values())).wrongs:
        table.add_row(wrong, *(str(result.wrongs[wrong]) for result in results.values()))
    table.add_section()
    for name in sizes:
        table.add_row(_STOCK.get(name, name), *(str(getattr(result, name)) for result in results.values()))
    for name in ("kills", "lives", "requests"):
        table.add_row(name, *(str(getattr(result.lives, name)) for result in results.values()))
    table.add_row("faults", *(str(sum(result.lives.faults.values())) for result in results.values()))
    return table


if __name__ == "__main__":
    typer.run(main)

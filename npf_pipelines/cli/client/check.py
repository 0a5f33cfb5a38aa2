"""`npf client check`: all that has to be right about a client's store, line by line."""

import asyncio
from typing import Annotated

import typer
from rich.text import Text

from npf_pipelines.cli.output import AsJson, print_json, stdout
from npf_pipelines.cli.plain import plain
from npf_pipelines.config.settings import Settings
from npf_pipelines.domain.store_check import Level, StoreCheck
from npf_pipelines.runs.services import Services
from npf_pipelines.runs.store_check import check_store

_STYLES = {Level.OK: "green", Level.WARNING: "yellow", Level.ERROR: "red", Level.UNKNOWN: "cyan"}


def check(
    client: Annotated[str, typer.Argument(help="The client's id.")],
    as_json: AsJson = False,
) -> None:
    """Check a client's store: access, rights, statuses, orders, products. Write nothing to it.

    Exit code 1 if there is an error among the findings.
    """
    services = Services(Settings())
    found = asyncio.run(check_store(services, services.setups()[client]))
    if as_json:
        print_json(_content(found))
    else:
        _print(found)
    if found.count(Level.ERROR):
        raise typer.Exit(1)


def _print(found: StoreCheck) -> None:
    console = stdout()
    for finding in found.findings:
        level = Text(f"{finding.level.value:8}", _STYLES[finding.level])
        console.print(Text.assemble(level, f"{finding.topic}: ", plain(finding.sentence)))
        if finding.what_to_do:
            console.print(Text.assemble(f"{'':8}  ", plain(finding.what_to_do)))
    counts = ", ".join(f"{found.count(level)} {level.value}" for level in Level)
    console.print(plain(f"{found.client}: {counts}. {found.requests} requests, nothing written."))


def _content(found: StoreCheck) -> dict[str, object]:
    return {
        "client": found.client,
        "checked_at": found.checked_at,
        "requests": found.requests,
        "findings": [
            {
                "level": finding.level.value,
                "topic": finding.topic,
                "finding": finding.sentence,
                "what_to_do": finding.what_to_do,
            }
            for finding in found.findings
        ],
    }

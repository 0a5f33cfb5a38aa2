"""`npf client add`: a new client's master setup, from questions or flags.

Not here: the questions (questions.py), the file's text (templates/setup.yaml).
"""

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from npf_pipelines.cli.client.questions import (
    QUESTIONS,
    Answers,
    Question,
    as_answer,
    content_of,
    default_answer,
    key_variable,
    problems_with,
)
from npf_pipelines.cli.client.rendering import render
from npf_pipelines.cli.output import fail, stdout
from npf_pipelines.cli.plain import plain
from npf_pipelines.cli.program import program
from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.config.settings import Settings
from npf_pipelines.config.setup_files import MasterSetups, any_setup_file, load_master_setups, parse_setup
from npf_pipelines.sandbox.world import is_demo

_FLAGS = {question.field: question.flag for question in QUESTIONS} | {"id": "the client's id"}


def _refuse_key(given: str | None) -> None:
    if given is not None:
        raise typer.BadParameter(
            "the API key is not taken here, where it stays in the shell's history: have the merchant make a new one, "
            "and put that into the environment variable that this command names at its end"
        )


def add(
    client: Annotated[str | None, typer.Argument(help="The new client's id: a-z, 0-9, - and _.")] = None,
    *,
    name: Annotated[str | None, typer.Option(help="The client's name.")] = None,
    store_url: Annotated[str | None, typer.Option(help="The store's address.")] = None,
    api_user: Annotated[str | None, typer.Option(help="The administrator's e-mail address.")] = None,
    user_id: Annotated[str | None, typer.Option(help="The administrator's user ID.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="Such as Australia/Sydney.")] = None,
    start_date: Annotated[str | None, typer.Option(help="The order start date, such as 2026-11-30.")] = None,
    prefix: Annotated[str | None, typer.Option(help="The order prefix.")] = None,
    status: Annotated[list[str] | None, typer.Option(help="A status in which orders are imported; repeatable.")] = None,
    country: Annotated[list[str] | None, typer.Option(help="A country to ship to; repeatable. All if none.")] = None,
    cut_off: Annotated[str | None, typer.Option(help="The same-day cut-off, such as 14:00.")] = None,
    shipped_status: Annotated[str | None, typer.Option(help="The status of an order that has shipped in full.")] = None,
    partially_shipped_status: Annotated[
        str | None, typer.Option(help="The status of an order whose rest is on back order.")
    ] = None,
    stock: Annotated[str | None, typer.Option(help="on_hand, available or off.")] = None,
    negative_as_zero: Annotated[
        bool | None, typer.Option(help="Whether the store gets 0 for a negative figure; it does by default.")
    ] = None,
    api_key: Annotated[str | None, typer.Option(hidden=True)] = None,
) -> None:
    """Write a new client's master setup. It asks for the rest, unless the flags give all that is required.

    The API key is neither asked nor taken: the command says which environment variable it belongs in.
    """
    _refuse_key(api_key)
    settings = Settings()
    if is_demo(settings):
        fail(f"{settings.data} is the demo's folder: give the client a folder of its own by NPF_DATA")
    folder = settings.clients
    if not isinstance(folder, Path):
        fail(
            f"the master setups are read from {folder}: write the file into a folder of this machine, with NPF_CLIENTS "
            "set to it, and copy it there"
        )
    folder.mkdir(parents=True, exist_ok=True)
    setups = load_master_setups(folder)
    given = {
        "name": name,
        "store.url": store_url,
        "store.api_user": api_user,
        "store.user_id": user_id,
        "store.time_zone": time_zone,
        "orders.start_date": start_date,
        "orders.prefix": prefix,
        "orders.statuses": status,
        "orders.countries": country,
        "orders.cut_off": cut_off,
        "tracking.shipped_status": shipped_status,
        "tracking.partially_shipped_status": partially_shipped_status,
        "stock.quantity": stock,
        "stock.negative_as_zero": None if negative_as_zero is None else str(negative_as_zero).lower(),
    }
    answers = _given(given)
    if client is not None:
        answers["id"] = client
    _refuse_wrong(answers, setups, folder)
    try:
        _complete(answers, setups, folder)
    except typer.Abort:
        if sys.stdin.isatty():
            raise
        fail(f"the input ended, and nothing is written. Still missing: {_missing(answers)}")
    answers |= {"mode": "trial", "store.api_key_env": key_variable(str(answers["id"]), setups)}
    setup = MasterSetup.model_validate(content_of(answers))
    path = _write(folder, setup, answers)
    _say_what_is_next(setup, path)


def _given(flags: Mapping[str, Any]) -> Answers:
    by_field = {question.field: question for question in QUESTIONS}
    return {field: as_answer(by_field[field], written) for field, written in flags.items() if written is not None}


def _refuse_wrong(answers: Answers, setups: MasterSetups, folder: Path) -> None:
    """End the command if flags are wrong, with everything that is wrong."""
    found = problems_with(answers, setups)
    if "id" in answers and "id" not in found and (taken := _why_taken(str(answers["id"]), folder)):
        found["id"] = taken
    if found:
        fail("\n".join(f"{_FLAGS[field]}: {problem}" for field, problem in found.items()))


def _why_taken(client: str, folder: Path) -> str:
    """Why the id can't be a new client's; empty if it can."""
    present = any_setup_file(folder, client) or next((path for path in folder.glob(f"{client}.y*ml")), None)
    return f"{present} exists already, and is not overwritten" if present else ""


def _complete(answers: Answers, setups: MasterSetups, folder: Path) -> None:
    """Ask for what is missing; nothing if all that is required is there."""
    if "id" not in answers:
        answers["id"] = _ask_id(setups, folder)
    if all(question.field in answers for question in QUESTIONS if question.is_required):
        for question in QUESTIONS:
            answers.setdefault(
                question.field, as_answer(question, default_answer(question, answers, datetime.now(UTC)))
            )
    else:
        for question in QUESTIONS:
            if question.field not in answers:
                _ask(question, answers, setups)
    for field in [field for field, answer in answers.items() if not answer]:
        del answers[field]  # Left out.


def _missing(answers: Answers) -> str:
    """The flags of what is required and has no answer; of everything else where all that is required has one."""
    missing = [question for question in QUESTIONS if question.field not in answers]
    flags = [question.flag for question in missing if question.is_required] or [question.flag for question in missing]
    return ", ".join(flags if "id" in answers else [_FLAGS["id"], *flags])


def _ask_id(setups: MasterSetups, folder: Path) -> str:
    stdout().print("The client's id names its file, its partitions and its tables. It stays: a-z, 0-9, - and _.")
    while True:
        client = typer.prompt("Id").strip()
        problem = problems_with({"id": client}, setups).get("id") or _why_taken(client, folder)
        if not problem:
            return str(client)
        stdout().print(plain(problem), style="red")


def _ask(question: Question, answers: Answers, setups: MasterSetups) -> None:
    """Ask until the answer is right."""
    default = default_answer(question, answers, datetime.now(UTC))
    shown = default or ("" if question.is_required else question.if_none)
    while True:
        stdout().print(plain(question.purpose), style="dim")
        label = f"{question.label} [{shown}]" if shown else question.label
        written = typer.prompt(
            label, default=None if question.is_required and not default else default, show_default=False
        )
        answer = as_answer(question, written)
        if not answer and not question.is_required:
            return
        answers[question.field] = answer
        problem = problems_with(answers, setups).get(question.field)
        if not problem:
            return
        stdout().print(plain(problem), style="red")
        del answers[question.field]


def _write(folder: Path, setup: MasterSetup, answers: Answers) -> Path:
    path = folder / f"{setup.id}.yaml"
    text = render("setup.yaml", setup=setup, countries=answers.get("orders.countries"))
    parse_setup(path.name, text)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        fail(f"{path} exists already, and is not overwritten")
    return path


def _say_what_is_next(setup: MasterSetup, path: Path) -> None:
    variable = setup.store.api_key_env
    start = setup.orders.start_date
    since = f" --from {start}" if start <= datetime.now(setup.zone).date() else ""
    is_set = variable in os.environ
    where = " It is set here already." if is_set else ""
    export = "" if is_set else f"export {variable}='the key'\n"
    stdout().print(
        plain(
            f"{path} is written. The API key belongs in the environment variable {variable} of the machine that runs "
            f"the code location, never in the file.{where} The client is in trial: its orders are pulled and decided, "
            f"and nothing is imported or pushed. Next:\n\n"
            f"{export}"
            f"{program()} client check {setup.id}\n"
            f"{program()} client certify {setup.id}\n"
            f"{program()} run orders --client {setup.id}{since}"
        )
    )
